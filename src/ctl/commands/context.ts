import { absoluteEntries } from "../../components/allowed_modules.ts";
import { absoluteReference } from "../../components/modules.ts";
import { withAbsolutePath } from "../../drivers/files/root_path.ts";
import type { JsonObject } from "../../json.ts";
import { withoutSecrets } from "../../secrets.ts";
import type { ParsedArguments } from "../args/parsed.ts";
import type { Invocation } from "../command.ts";
import { onlyOne } from "../connect.ts";
import { formatTable } from "../console/table.ts";
import { ContextFile, storeLocation } from "../contexts/file.ts";
import { ownDriver } from "../contexts/resolve.ts";
import { EXIT } from "../exit_codes.ts";
import { checkDriver, shownOptions } from "../open_driver.ts";
import { UsageError } from "../usage_error.ts";

/** Adds a context. */
export async function add({ args, console }: Invocation): Promise<void> {
  const name = requiredContextNameOf(args);
  checkContextName(name);
  const file = new ContextFile(console.environment);
  const { name: driver, document } = ownDriver(args, file);
  if (driver === undefined) throw new UsageError('Missing option: add "--store PATH" or "--driver NAME"');
  const context = { driver: absoluteReference(driver), options: withAbsolutePaths(document) };
  await checkDriver(context.driver, context.options);
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

/** Sets the current context. */
export async function use({ args, console }: Invocation): Promise<void> {
  const file = new ContextFile(console.environment);
  if (args.flag("none")) {
    if (contextNameOf(args) !== undefined) throw new UsageError('"--none" and a NAME exclude each other');
    await file.change((contexts) => delete contexts.current);
    console.log.info("No context is used");
    return;
  }
  const name = requiredContextNameOf(args);
  file.get(name);
  await file.change((contexts) => contexts.current = name);
  console.log.info(`Context '${name}' is used when nothing else names a driver`);
}

/** Lists contexts. */
export async function list({ args, console }: Invocation): Promise<void> {
  const { byName, current } = new ContextFile(console.environment).read();
  const used = console.environment.DIASPORA_CONTEXT || current;
  const rows: string[][] = [];
  for (const [name, { driver, options }] of [...byName].sort(([one], [other]) => one < other ? -1 : 1)) {
    const place = storeLocation(options);
    if (args.flag("json")) await console.out.json({ name, current: name === used, driver, place });
    rows.push([name === used ? "*" : "", name, driver, place]);
  }
  if (args.flag("json") || rows.length === 0) return;
  for (const line of formatTable(["", "name", "driver", "place"], rows, console.out.columns)) {
    await console.out.line(line);
  }
}

/** Shows a context. */
export async function show({ args, console }: Invocation): Promise<void> {
  const file = new ContextFile(console.environment);
  const used = console.environment.DIASPORA_CONTEXT || file.read().current;
  const name = contextNameOf(args) ?? used;
  if (name === undefined) {
    throw new UsageError('No context is used: choose one with "diaspora-ctl context use NAME"');
  }
  const { driver, options } = file.get(name);
  const shown = await shownOptions(driver, options);
  if (args.flag("json")) {
    const isShown = shown.startsWith("{");
    await console.out.json({
      name,
      current: name === used,
      driver,
      options: isShown ? JSON.parse(shown) : withoutSecrets(options),
    });
    return;
  }
  for (const [key, value] of Object.entries({ name, driver, options: shown, file: file.path })) {
    await console.out.line(`${key.padEnd(10)}${value}`);
  }
}

/** Removes a context. */
export async function remove({ args, console, signal }: Invocation): Promise<number | void> {
  const name = requiredContextNameOf(args);
  const file = new ContextFile(console.environment);
  file.get(name);
  const asks = console.canAsk && !args.flag("yes");
  if (asks && !await console.confirm(`Forget context "${name}"?`, { yes: false, signal })) {
    return EXIT.failure;
  }
  await file.change((contexts) => {
    contexts.byName.delete(name);
    if (contexts.current === name) delete contexts.current;
  });
  console.log.info(`Context '${name}' removed`);
}

/** The options mean the same files in every working directory. */
function withAbsolutePaths(options: JsonObject): JsonObject {
  const { load_modules: modules } = options;
  return withAbsolutePath(
    modules === undefined ? options : { ...options, load_modules: absoluteEntries(modules) },
  );
}

/** The context given on a command line, if any. */
function contextNameOf(args: ParsedArguments): string | undefined {
  return onlyOne("context", [args.text("name"), args.positional[0]]);
}

/** The same, if it is required. */
function requiredContextNameOf(args: ParsedArguments): string {
  const name = contextNameOf(args);
  if (name === undefined) throw new UsageError("Missing context: add its NAME");
  return name;
}

/** Rejects names that would be hard to type or to display. */
function checkContextName(name: string): void {
  if (/^[\p{L}\p{N}_][\p{L}\p{N}_.@:/-]{0,99}$/u.test(name)) return;
  throw new UsageError(
    `Cannot use ${JSON.stringify(name)} as the name of a context: expected letters, digits and _ . @ : / -`,
  );
}
