/**
 * What a command is: a row of the table from which help, documentation and completions are generated, and a module
 * that is loaded only when the command runs.
 *
 * @module
 */
import type { ParsedArguments } from "./args/parsed.ts";
import type { Console } from "./console/console.ts";

/** The kind of value an option takes. */
type OptionKind =
  /** None: the option is given or not. */
  | "flag"
  | "text"
  /** A whole number, zero or more. */
  | "count"
  | "number"
  /** One of `choices`. */
  | "choice"
  /** Path of a file or folder. */
  | "file"
  /** A name with a configuration document: `--X NAME`, `--X.KEY VALUE`, `--X-config FILE`. */
  | "document"
  /** A configuration document without a name: `--X.KEY VALUE`, `--X-config FILE`. */
  | "keys";

/** One option of a command. */
export interface OptionSpec {
  /** Long name without the dashes. */
  name: string;
  /** One-letter form without the dash. */
  short?: string;
  /** The short form of `--NAME-config`, if there is such an option. */
  configShort?: string;
  kind: OptionKind;
  /** How help shows the value, e.g. `FILE`. */
  value?: string;
  /** Description: one sentence without a full stop. */
  describe: string;
  /** The allowed values of a `choice`, and the names completed for a `document`. */
  choices?: readonly string[];
  /** The keys completed after the dot of a `document` or `keys` option. */
  keys?: readonly string[];
  /** What the value names, for completion. */
  names?: "topic" | "consumer" | "context";
  /** The command requires it. */
  required?: boolean;
  /** Also accepted as `--no-NAME`. */
  negatable?: boolean;
  /** May be given several times. */
  repeat?: boolean;
  /** Accepted, but not documented. */
  hidden?: boolean;
}

/** A shell example. Those without `run: false` are run by a test in the given order. */
interface Example {
  /** What it shows. */
  title: string;
  /** Shell lines. */
  shell: string;
  /** False for examples that need more than a folder: a broker, a terminal, another machine. */
  run?: false;
}

/** One command. */
export interface CommandSpec {
  /** The words of its name, e.g. `["topic", "create"]`. */
  path: readonly [word: string, ...words: string[]];
  /** One line for the list of commands. */
  summary: string;
  /** Further paragraphs. */
  details?: string;
  /** Positional arguments, as shown in help, e.g. `["[TOPIC]"]`. */
  positional?: readonly string[];
  /** An alternative last word, e.g. `ls`. */
  alias?: string;
  /** Set if the command creates a store, or inspects where one would be, and so does not require one. */
  makesStore?: true;
  options: readonly OptionSpec[];
  examples: readonly Example[];
  /** Loads the module that runs it. */
  load: () => Promise<CommandModule>;
}

/** One-letter names of groups of commands. */
export const GROUP_ALIASES: Readonly<Record<string, string>> = { t: "topic", c: "consumer" };

/** The exports of a command's module. */
interface CommandModule {
  /** Runs the command and returns the exit code, by default 0. */
  run(invocation: Invocation): Promise<number | void>;
}

/** One invocation of a command. */
export interface Invocation {
  readonly args: ParsedArguments;
  /** Every command of the program, for completion scripts. */
  readonly commands: readonly CommandSpec[];
  readonly console: Console;
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  /** Whether the command works without an existing store. */
  readonly storeMayBeMissing: boolean;
}
