import type { JsonObject } from "../../json.ts";
import { unitRemark } from "../../options/unit_remark.ts";
import { maskedText } from "../../secrets.ts";
import type { CommandSpec, OptionSpec } from "../command.ts";
import { UsageError } from "../usage_error.ts";
import { mergeDeep, readDocument, setNested } from "./document.ts";
import { type NamedDocument, ParsedArguments } from "./parsed.ts";
import { acceptedOptions, tokenize, type Tokens } from "./tokens.ts";
import { parseValue } from "./value.ts";

/**
 * Parses the arguments after a command's name; throws {@linkcode UsageError}. Reads the configuration files they
 * name.
 */
export function parseCommandLine(argv: readonly string[], command: CommandSpec): ParsedArguments {
  const tokens = tokenize(argv, command.options);
  const texts = new Map<string, readonly string[]>();
  const flags = new Map<string, boolean>();
  for (const spec of acceptedOptions(command.options)) {
    const values = tokens.options.filter(({ name }) => name === spec.name).map(({ value }) => value);
    if (values.length === 0) continue;
    if (spec.kind === "flag") flags.set(spec.name, values.at(-1) === true);
    else texts.set(spec.name, checkValues(spec, values.map(String)));
  }
  checkPositional(tokens.positional, command);
  const documents = makeDocuments(command.options, texts, tokens);
  return new ParsedArguments({ texts, flags, documents, positional: tokens.positional });
}

/** Throws for the first required option that is missing. */
export function checkRequired(args: ParsedArguments, command: CommandSpec): void {
  for (const spec of command.options) {
    if (spec.required !== true || args.text(spec.name) !== undefined) continue;
    if (spec.name === "driver" && args.document("driver").name !== undefined) continue;
    const others = spec.name === "driver"
      ? ', or set DIASPORA_DRIVER; or add "--store PATH", or choose a context with "diaspora-ctl context use NAME"'
      : "";
    throw new UsageError(`Missing option: add "--${spec.name} ${spec.value ?? "NAME"}"${others}`);
  }
}

function checkValues(spec: OptionSpec, values: readonly string[]): readonly string[] {
  if (values.length > 1 && spec.repeat !== true) values = values.slice(-1);
  for (const value of values) {
    const found = `found ${JSON.stringify(value)}${unitRemark(value, spec.name)}`;
    // Hexadecimal numbers are more often mistakes.
    const number = value.trim() === "" || /^[+-]?0[xob]/i.test(value.trim()) ? NaN : Number(value);
    if (
      spec.kind === "count" && !(Number.isSafeInteger(number) && number >= 0)
    ) {
      throw new UsageError(`Option "--${spec.name}" takes a whole number, zero or more; ${found}`);
    }
    if (spec.kind === "number" && !Number.isFinite(number)) {
      throw new UsageError(`Option "--${spec.name}" takes a number; ${found}`);
    }
    if (spec.kind === "choice" && !spec.choices!.includes(value)) {
      throw new UsageError(`Option "--${spec.name}" takes one of ${spec.choices!.join(", ")}; ${found}`);
    }
    if (value === "" && spec.kind !== "text") throw new UsageError(`Option "--${spec.name}" is empty`);
  }
  return values;
}

function checkPositional(words: readonly string[], command: CommandSpec): void {
  const most = command.positional?.length ?? 0;
  if (words.length <= most) return;
  const name = command.path.join(" ");
  throw new UsageError(
    // It may be an option without its dashes.
    `Unexpected argument ${JSON.stringify(maskedText(words[most]!))}: see "diaspora-ctl ${name} --help"`,
  );
}

/** Configuration files first, overridden by the command line. */
function makeDocuments(
  specs: readonly OptionSpec[],
  texts: ReadonlyMap<string, readonly string[]>,
  tokens: Tokens,
): Map<string, NamedDocument> {
  const documents = new Map<string, NamedDocument>();
  for (const spec of specs) {
    if (spec.kind !== "document" && spec.kind !== "keys") continue;
    const given: JsonObject = {};
    for (const { option, prefix, key, value } of tokens.keys) {
      if (prefix === spec.name) setNested(given, option, key, parseValue(option, value));
    }
    const file = texts.get(`${spec.name}-config`)?.at(-1);
    const base = file === undefined ? {} : readDocument(`--${spec.name}-config`, file);
    documents.set(spec.name, { name: texts.get(spec.name)?.at(-1), document: mergeDeep(base, given) });
  }
  return documents;
}
