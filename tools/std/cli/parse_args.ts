/**
 * Stand-in for `@std/cli/parse-args` where JSR cannot be reached: what the tools use of it, over minimist, which it
 * comes from. What both must do is stated in `tests/tools/std/cli_test.ts`.
 *
 * @module
 */
import minimist from "minimist";

/** How {@linkcode parseArgs} reads a command line. */
export interface ParseOptions {
  /** Options without a value. */
  boolean?: string | readonly string[];
  /** Options whose value stays text, also when it looks like a number; `"_"` means the arguments. */
  string?: string | readonly string[];
  /** Options that may be repeated and give a list; an empty one if they are `string` or `boolean` too. */
  collect?: string | readonly string[];
  /** Options that `--no-NAME` sets to false. */
  negatable?: string | readonly string[];
  /** Other names of an option; whichever is given, all are set. */
  alias?: Record<string, string | readonly string[]>;
  /** Values of options that were not given. */
  default?: Record<string, unknown>;
}

/** What {@linkcode parseArgs} gives: arguments under `_`, options under their names, dotted ones nested. */
export interface Args {
  /** Arguments that are not options. */
  _: (string | number)[];
  [name: string]: unknown;
}

/** Stands before names that begin with `no-`, which minimist would take for negations. */
const LITERAL = "\0";

function listOf(names: string | readonly string[] = []): string[] {
  return typeof names === "string" ? [names] : [...names];
}

/** What counts of an option that was repeated: minimist gathers all of it. */
function lastOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.at(-1);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, lastOf(inner)]));
}

/** Reads a command line. */
export function parseArgs(args: readonly string[], options: ParseOptions = {}): Args {
  const { alias, default: defaults } = options;
  const [boolean, string, collect, negatable] = [
    listOf(options.boolean),
    listOf(options.string),
    listOf(options.collect),
    listOf(options.negatable),
  ];
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  const read = args.map((arg, at) => {
    const name = /^--no-([^=]+)/.exec(arg)?.[1];
    return name === undefined || at > end || negatable.includes(name) ? arg : `--${LITERAL}${arg.slice(2)}`;
  });
  const aliases = Object.fromEntries(
    Object.entries(alias ?? {}).map(([name, others]) => [name, listOf(others)]),
  );
  const parsed: Args = minimist(read, { boolean, string, alias: aliases, default: { ...defaults } });
  for (const [name, value] of Object.entries(parsed)) {
    if (name === "_") continue;
    delete parsed[name];
    parsed[name.replace(LITERAL, "")] = collect.includes(name) ? [value].flat() : lastOf(value);
  }
  for (const name of [...boolean, ...string]) if (collect.includes(name)) parsed[name] ??= [];
  return parsed;
}
