import { mergeDeep } from "../args/document.ts";
import { driverWithEnvironment, type Environment } from "../args/environment.ts";
import type { NamedDocument, ParsedArguments } from "../args/parsed.ts";
import { UsageError } from "../usage_error.ts";
import { ContextFile } from "./file.ts";

/**
 * The driver to use: the command line (`--driver`, `--store`, `--context`) overrides the environment, which
 * overrides the current context; the latter is used only if no driver is given. `fromVariable` is the content of
 * `DIASPORA_CTL_DRIVER_OPTIONS`. Options for one driver are not passed to another.
 */
export function resolveDriver(
  args: ParsedArguments,
  fromVariable: ParsedArguments,
  environment: Environment,
): NamedDocument {
  const contexts = new ContextFile(environment);
  const own = ownDriver(args, contexts);
  if (args.text("context") !== undefined) return own;
  const inherited = driverWithEnvironment(ownDriver(fromVariable, contexts), environment);
  const named = mergedOver(own, inherited);
  if (named.name !== undefined) return named;
  const context = environment.DIASPORA_CONTEXT || contexts.read().current;
  if (context === undefined) return named;
  const { driver, options } = contexts.get(context);
  return { name: driver, document: mergeDeep(options, named.document) };
}

/** The driver given by one command line. */
export function ownDriver(args: ParsedArguments, contexts: ContextFile): NamedDocument {
  const given = args.document("driver");
  const store = args.text("store");
  const context = args.text("context");
  if (store !== undefined) {
    const root = given.document.root_path;
    if (given.name !== undefined && given.name !== "files") {
      throw new UsageError(`"--store" is for the files driver: leave out "--driver ${given.name}"`);
    }
    if (context !== undefined) throw new UsageError('"--store" and "--context" exclude each other');
    if (root !== undefined && root !== store) {
      throw new UsageError(`Two stores are named, "${store}" and "${String(root)}": leave one out`);
    }
    return { name: "files", document: { ...given.document, root_path: store } };
  }
  if (context === undefined) return given;
  const { driver, options } = contexts.get(context);
  if (given.name !== undefined && given.name !== driver) {
    throw new UsageError(
      `Context "${context}" is for driver "${driver}": leave out "--driver ${given.name}"`,
    );
  }
  return { name: driver, document: mergeDeep(options, given.document) };
}

/** Merges one over the other, if both are for the same driver. */
function mergedOver(over: NamedDocument, under: NamedDocument): NamedDocument {
  const applies = over.name === undefined || under.name === undefined || over.name === under.name;
  return {
    name: over.name ?? under.name,
    document: applies ? mergeDeep(under.document, over.document) : over.document,
  };
}
