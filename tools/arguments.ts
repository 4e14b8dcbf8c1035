import { parseArgs } from "@std/cli/parse-args";
import process from "node:process";

/** The options of a task. */
export interface TaskOptions {
  /** Options with a text. */
  string?: readonly string[];
  /** Options with a number that is not negative. */
  number?: readonly string[];
  /** Options without a value. */
  boolean?: readonly string[];
  /** Those of them that `--no-NAME` sets to false, and that are true by default. */
  negatable?: readonly string[];
  /** Whether it takes arguments that are not options, such as paths. */
  words?: boolean;
}

/** What a command line says: arguments under `words`, options under their names. */
export interface TaskArguments {
  words: string[];
  texts: Record<string, string | undefined>;
  numbers: Record<string, number | undefined>;
  flags: Record<string, boolean>;
}

/** Reads a command line; text that says what is wrong with it, if something is. */
export function readArguments(
  argv: readonly string[],
  { string = [], number = [], boolean = [], negatable = [], words: takesWords = false }: TaskOptions,
): TaskArguments | string {
  // The names are not known to the compiler, nor are the types of their values.
  const given: Record<string, unknown> & { _: (string | number)[] } = parseArgs(argv, {
    string: ["_", ...string, ...number],
    boolean: [...boolean, ...negatable],
    negatable: [...negatable],
    default: Object.fromEntries(negatable.map((name) => [name, true])),
  });
  const { _: words, ...named } = given;
  const shown = [...string, ...number, ...boolean, ...negatable.map((name) => `no-${name}`)].map((name) =>
    `--${name}`
  );
  const known = shown.length === 0 ? "it has no options" : `known options are ${shown.join(", ")}`;
  const all = [...string, ...number, ...boolean, ...negatable];
  const unknown = Object.keys(named).find((name) => !all.includes(name));
  if (unknown !== undefined) {
    return `Unknown option "${unknown.length === 1 ? "-" : "--"}${unknown}": ${known}`;
  }
  if (!takesWords && words.length > 0) return `Unknown argument "${words[0]}": ${known}`;
  // A name with a dot puts an object there.
  const empty = [...string, ...number].find((name) =>
    named[name] === "" || !["string", "undefined"].includes(typeof named[name])
  );
  if (empty !== undefined) return `Option "--${empty}" lacks its value`;
  const wrong = number.find((name) => named[name] !== undefined && !(Number(named[name]) >= 0));
  if (wrong !== undefined) return `Option "--${wrong}" takes a number, found "${named[wrong]}"`;

  const pick = <T>(names: readonly string[], value: (name: string) => T): Record<string, T> =>
    Object.fromEntries(names.map((name) => [name, value(name)]));
  return {
    words: words.map(String),
    texts: pick(string, (name) => named[name] as string | undefined),
    numbers: pick(number, (name) => named[name] === undefined ? undefined : Number(named[name])),
    flags: pick([...boolean, ...negatable], (name) => named[name] === true),
  };
}

/** The arguments of this process; ends it with a message if they are wrong. */
export function taskArguments(options: TaskOptions): TaskArguments {
  const given = readArguments(process.argv.slice(2), options);
  if (typeof given !== "string") return given;
  console.error(given);
  process.exit(2);
}
