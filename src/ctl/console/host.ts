import process from "node:process";
import type { Readable, Writable } from "node:stream";
import type { Environment } from "../args/environment.ts";
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
  get output() {
    return process.stdout;
  },
  error: new StandardError(() => process.stderr),
  get environment() {
    return process.env;
  },
  watchSignals,
};
