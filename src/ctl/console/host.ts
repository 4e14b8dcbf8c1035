import { fstatSync } from "node:fs";
import process from "node:process";
import type { Readable, Writable } from "node:stream";
import type { Environment } from "../args/environment.ts";
import { UsageError } from "../usage_error.ts";
import { watchSignals } from "./signals.ts";
import { StandardError } from "./standard_error.ts";

/** A stream that may be a terminal. */
interface MaybeTerminal {
  isTTY?: boolean;
}

/** What a command uses of the program that runs it. */
export interface Host {
  /** Standard input. */
  readonly input: Readable & MaybeTerminal;
  /** Throws if standard input cannot be read: Node and Deno take a folder for an empty input. */
  checkInput?(): void;
  /** Standard output. A `fd` is that of a pipe whose reader may go while there is nothing to write. */
  readonly output: Writable & MaybeTerminal & { fd?: number };
  readonly error: StandardError;
  /** The environment variables. */
  readonly environment: Environment;
  /** A signal that is aborted when the command is to end; until disposed of. */
  watchSignals(): { signal: AbortSignal; dispose(): void };
}

/** This process; its streams are opened on first use. */
export const processHost: Host = {
  get input() {
    return process.stdin;
  },
  checkInput() {
    if (isInputFolder()) {
      throw new UsageError(
        "Cannot read standard input: it is a folder; give a file, or pipe the output of a command",
      );
    }
  },
  get output() {
    return process.stdout;
  },
  error: new StandardError(() => process.stderr),
  get environment() {
    return process.env;
  },
  watchSignals,
};

function isInputFolder(): boolean {
  try {
    return fstatSync(0).isDirectory();
  } catch {
    // Not every system says what a pipe, a console or a closed input is: reading it shows.
    return false;
  }
}
