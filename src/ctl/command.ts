/**
 * What a command is: a row of the table from which help, documentation and completions are made, and a module
 * loaded only when the command runs.
 *
 * @module
 */
import type { ParsedArguments } from "./args/parsed.ts";
import type { Console } from "./console/console.ts";

/** What an option takes. */
export type OptionKind =
  /** Nothing: it is there or not. */
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
  /** The same of `--NAME-config`, where there is such an option. */
  configShort?: string;
  kind: OptionKind;
  /** How help shows the value, e.g. `FILE`. */
  value?: string;
  /** What it does; one sentence without a full stop. */
  describe: string;
  /** What a `choice` may be, and what completion offers for a `document`'s name. */
  choices?: readonly string[];
  /** What may follow the dot of a `document` or of `keys`, for completion. */
  keys?: readonly string[];
  /** What the value names, for completion. */
  names?: "topic" | "consumer" | "context";
  /** The command does not run without it. */
  required?: boolean;
  /** Also accepted as `--no-NAME`. */
  negatable?: boolean;
  /** May be given several times. */
  repeat?: boolean;
  /** Accepted, but shown nowhere. */
  hidden?: boolean;
}

/** Something to paste into a shell. Those that are not `run: false` are run by a test in the order they stand. */
export interface Example {
  /** What it shows. */
  title: string;
  /** Shell lines. */
  shell: string;
  /** False for what needs more than a folder: a broker, a terminal, another machine. */
  run?: false;
}

/** One command. */
export interface CommandSpec {
  /** The words that name it, e.g. `["topic", "create"]`. */
  path: readonly [word: string, ...words: string[]];
  /** One line for the list of commands. */
  summary: string;
  /** More, in paragraphs. */
  details?: string;
  /** Words it takes beside options, as help shows them, e.g. `["[TOPIC]"]`. */
  positional?: readonly string[];
  /** Another last word that means the same, e.g. `ls`. */
  alias?: string;
  /** Whether it makes a store, or looks at the place of one, and so need not find any. */
  makesStore?: true;
  options: readonly OptionSpec[];
  examples: readonly Example[];
  /** Loads the module that runs it. */
  load: () => Promise<CommandModule>;
}

/** What the module of a command exports. */
export interface CommandModule {
  /** Runs the command and gives the exit code; nothing stands for 0. */
  run(invocation: Invocation): Promise<number | void>;
}

/** One run of a command. */
export interface Invocation {
  readonly args: ParsedArguments;
  /** Every command of the program, which completion scripts list. */
  readonly commands: readonly CommandSpec[];
  readonly console: Console;
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  /** Whether the command goes ahead where there is no store yet. */
  readonly storeMayBeMissing: boolean;
}
