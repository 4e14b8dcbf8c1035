import { ArgumentTable } from "./_argument_table.ts";

/** How {@linkcode parseArgs} reads a command line. */
export interface ParseOptions {
  /** Gather what follows `--` in a list of its own, under the key `"--"`. */
  "--"?: boolean;
  /** Other names of an option; whichever is given, all are set. */
  alias?: Record<string, string | readonly string[]>;
  /** Options without a value; `true` makes every double-dash option without `=` one. */
  boolean?: boolean | string | readonly string[];
  /** Values of options that were not given. */
  default?: Record<string, unknown>;
  /** Leave everything after the first argument that is no option as it is. */
  stopEarly?: boolean;
  /** Options whose value stays text, also when it looks like a number; `"_"` means the arguments. */
  string?: string | readonly string[];
  /** Options that may be repeated and give a list; also an empty one, if they are `string` or `boolean` too. */
  collect?: string | readonly string[];
  /** Options that `--no-NAME` sets to false. */
  negatable?: string | readonly string[];
  /** Asked about whatever no other list names; `false` drops it. */
  unknown?: (argument: string, key?: string, value?: unknown) => unknown;
}

/** What {@linkcode parseArgs} gives: arguments under `_`, options under their names, dotted ones nested. */
export interface Args {
  [key: string]: unknown;
  /** Arguments that are no options. */
  _: (string | number)[];
}

const LONG = /^--(?<key>[^=]+)(?:=(?<value>.*))?$/s;
const NUMBER = /^(?:0x[0-9a-f]+|[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?)$/i;

/** Whether the argument after a long option can be its value. */
function canFollowLong(argument: string): boolean {
  return argument !== "" && !argument.startsWith("-");
}

/** Whether the argument after a letter can be its value: `-` alone can, e.g. for standard input. */
function canFollowShort(argument: string): boolean {
  return argument !== "" && !/^--?[^-]/.test(argument);
}

function isBooleanText(argument: string | undefined): argument is "true" | "false" {
  return argument === "true" || argument === "false";
}

/** Reads one long option and says how many of the following arguments it took. */
function readLong(table: ArgumentTable, argument: string, following: string | undefined): number {
  const { key = "", value } = LONG.exec(argument)?.groups ?? {};
  if (value) {
    table.set(key, table.isBoolean(key) ? value === "true" : value, argument);
    return 0;
  }
  const positive = key.replace(/^no-/, "");
  if (positive !== key && table.isNegatable(positive)) {
    table.set(positive, false, argument, "replace");
    return 0;
  }
  return readFollowing(table, key, argument, following, table.allBoolean ? () => false : canFollowLong);
}

function readFollowing(
  table: ArgumentTable,
  key: string,
  argument: string,
  following: string | undefined,
  canFollow: (argument: string) => boolean,
): number {
  if (following !== undefined && canFollow(following) && !table.isBoolean(key)) {
    table.set(key, following, argument);
    return 1;
  }
  if (isBooleanText(following)) {
    table.set(key, following === "true", argument);
    return 1;
  }
  table.set(key, table.isString(key) ? "" : true, argument);
  return 0;
}

/** Reads a group of one-letter options, e.g. `-xzf NAME`, `-n5` or `-o=out`. */
function readShort(table: ArgumentTable, argument: string, following: string | undefined): number {
  const letters = argument.slice(1);
  for (let at = 0; at < letters.length - 1; at++) {
    const letter = letters[at];
    const rest = letters.slice(at + 1);
    const attached = /[A-Za-z]/.test(letter) && rest.startsWith("=") ? rest.slice(1) : rest;
    if (attached !== rest || NUMBER.test(rest) || /^\W/.test(rest)) {
      table.set(letter, attached, argument);
      return 0;
    }
    table.set(letter, table.isString(letter) ? "" : true, argument);
  }
  return readFollowing(table, letters.slice(-1), argument, following, canFollowShort);
}

/**
 * Reads a command line.
 *
 * @example
 * ```ts
 * parseArgs(["create", "--driver.root_path", "/data", "-v"], { boolean: ["v"] });
 * // { _: ["create"], driver: { root_path: "/data" }, v: true }
 * ```
 */
export function parseArgs(args: readonly string[], options: ParseOptions = {}): Args {
  const end = args.indexOf("--");
  const before = end < 0 ? args : args.slice(0, end);
  const after = end < 0 ? [] : args.slice(end + 1);
  const table = new ArgumentTable(options, (text) => NUMBER.test(text));
  for (let at = 0; at < before.length; at++) {
    const argument = before[at];
    if (LONG.test(argument)) at += readLong(table, argument, before[at + 1]);
    else if (/^-[^-]/.test(argument)) at += readShort(table, argument, before[at + 1]);
    else {
      table.addPositional(argument);
      if (!options.stopEarly) continue;
      table.values._.push(...before.slice(at + 1));
      break;
    }
  }
  table.fillDefaults();
  if (options["--"]) table.values["--"] = [...after];
  else table.values._.push(...after);
  return table.values;
}
