import type { JsonObject } from "../../../mod.ts";
import { absoluteReference } from "../../components/modules.ts";
import { absolutePath } from "../../drivers/files/root_path.ts";
import type { Invocation } from "../command.ts";
import { checkContextName, requiredContextNameOf } from "../contexts/context_name.ts";
import { ContextFile } from "../contexts/file.ts";
import { ownDriver } from "../contexts/resolve.ts";
import { UsageError } from "../usage_error.ts";

/** Adds a context. */
export async function run({ args, console }: Invocation): Promise<void> {
  const name = requiredContextNameOf(args);
  checkContextName(name);
  const file = new ContextFile(console.environment);
  const { name: driver, document } = ownDriver(args, file);
  if (driver === undefined) throw new UsageError('Missing option: add "--store PATH" or "--driver NAME"');
  const context = { driver: absoluteReference(driver), options: withAbsolutePath(document) };
  await file.change((contexts) => {
    if (contexts.byName.has(name) && !args.flag("replace")) {
      throw new UsageError(`Context "${name}" already exists: add "--replace", or choose another name`);
    }
    contexts.byName.set(name, context);
    if (args.flag("use")) contexts.current = name;
  });
  const remedy = args.flag("use")
    ? ""
    : `: use it with "--context ${name}", or "diaspora-ctl context use ${name}"`;
  console.log.info(`Context '${name}' saved in "${file.path}"${remedy}`);
}

/** A context must mean the same folder from every working directory. */
function withAbsolutePath(options: JsonObject): JsonObject {
  const { root_path: path } = options;
  return typeof path === "string" && path !== "" ? { ...options, root_path: absolutePath(path) } : options;
}
