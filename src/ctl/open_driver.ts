import { Driver, type JsonObject } from "../../mod.ts";
import { absoluteReference } from "../components/modules.ts";
import { secretOptionsOf } from "../drivers/registry.ts";
import { withoutSecrets } from "../secrets.ts";

/** Drivers that are imported on their own, so that a program without them downloads nothing of theirs. */
const OPTIONAL = ["kafka", "octopus"];
/** Their entry point, for the command run from JSR; named where nothing looks before it is wanted. */
const KAFKA = new URL("../kafka/mod.ts", import.meta.url).href;

/** The options of a driver as they may be shown; its module is loaded, since it says what else is a secret. */
export async function shownOptions(name: string, options: JsonObject): Promise<string> {
  try {
    return JSON.stringify(withoutSecrets(options, await secretOptionsOf(absoluteReference(name))));
  } catch {
    return "options that are not shown, since the driver does not load";
  }
}

/** Opens a driver by its name; what the command does not have with it, it fetches now. */
export async function openNamedDriver(name: string, options: JsonObject): Promise<Driver> {
  if (OPTIONAL.includes(name) && !import.meta.url.startsWith("file:")) await import(KAFKA);
  return await Driver.open(absoluteReference(name), options);
}
