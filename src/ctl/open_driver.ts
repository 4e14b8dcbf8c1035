import { Driver, type JsonObject } from "../../mod.ts";
import { absoluteReference, checkFile, parseNameAndModule } from "../components/modules.ts";
import { secretOptionsOf } from "../drivers/registry.ts";
import { withoutSecrets } from "../secrets.ts";

/** Drivers that are imported separately, so that programs without them download none of their packages. */
const OPTIONAL = ["kafka", "octopus"];
/** Their entry point, for the command run from JSR; a computed URL, so that tools do not follow the import. */
const KAFKA = new URL("../kafka/mod.ts", import.meta.url).href;

/** The options of a driver without secrets; loads its module, which declares further secrets. */
export async function shownOptions(name: string, options: JsonObject): Promise<string> {
  try {
    return JSON.stringify(withoutSecrets(options, await secretOptionsOf(absoluteReference(name))));
  } catch {
    return "options that are not shown, since the driver does not load";
  }
}

/** Opens a driver by name; parts that are not installed with the command are fetched now. */
export async function openNamedDriver(name: string, options: JsonObject): Promise<Driver> {
  if (OPTIONAL.includes(name) && !import.meta.url.startsWith("file:")) await import(KAFKA);
  return await Driver.open(absoluteReference(name), options);
}

/**
 * Throws what opening a driver would throw at any later time, without running the code of a module or connecting to
 * a broker; their options are checked when they are opened.
 */
export async function checkDriver(name: string, options: JsonObject): Promise<void> {
  const reference = parseNameAndModule(name);
  if (reference.module) checkFile(`driver "${reference.name}"`, reference.module);
  else if (!OPTIONAL.includes(name)) await (await Driver.open(name, options)).close();
}
