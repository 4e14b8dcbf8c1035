/**
 * Stand-in for `@std/cli/parse-args` when JSR cannot be reached: the functions that the tools use, over
 * minimist, from which the original is derived. `tests/tools/std/cli_test.ts` states what both must do.
 *
 * @module
 */
import minimist from "minimist";

/** How {@linkcode parseArgs} reads a command line. */
export interface ParseOptions {
  /** Options without a value. */
  boolean?: string | readonly string[];
  /** Options whose value stays a string even if it looks like a number; `"_"` means the arguments. */
  string?: string | readonly string[];
  /**
   * Options that may be repeated and return a list; it is empty by default if they are `string` or `boolean`
   * too.
   */
  collect?: string | readonly string[];
  /** Options that `--no-NAME` sets to false. */
  negatable?: string | readonly string[];
  /** Other names of an option; all of them are set. */
  alias?: Record<string, string | readonly string[]>;
  /** Defaults of options that were not given. */
  default?: Record<string, unknown>;
}

/** Result of {@linkcode parseArgs}: arguments under `_`, options under their names, dotted ones nested. */
export interface Args {
  /** Arguments that are not options. */
  _: (string | number)[];
  [name: string]: unknown;
}

/** Prefix for names that begin with `no-`, which minimist would treat as negations. */
const LITERAL = "\0";

function listOf(names: string | readonly string[] = []): string[] {
  return typeof names === "string" ? [names] : [...names];
}

/** The value of a repeated option: minimist collects all of them. */
function lastOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.at(-1);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, lastOf(inner)]));
}

/** Parses a command line. */
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
