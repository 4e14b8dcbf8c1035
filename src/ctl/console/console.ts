import process from "node:process";
import type { Readable } from "node:stream";
import { UsageError } from "../usage_error.ts";
import { type Painter, painterFor } from "./colour.ts";
import { Log, type LogLevel } from "./log.ts";
import { Output } from "./output.ts";
import { type Done, Progress } from "./progress.ts";

/** What every command takes. */
export interface ConsoleOptions {
  level: LogLevel;
  /** `--color` or `--no-color`; undefined lets the terminal decide. */
  colour?: boolean;
  /** False with `--no-progress`. */
  progress: boolean;
}

/** Standard input, output and error as commands use them: output for data, error for everything else. */
export class Console {
  readonly out: Output;
  readonly log: Log;
  /** Paints what goes to standard output. */
  readonly paint: Painter;
  readonly #progressWanted: boolean;
  #progress: Progress | undefined;

  constructor(options: ConsoleOptions) {
    this.out = new Output(process.stdout);
    this.paint = painterFor(process.stdout, process.env, options.colour);
    this.log = new Log({
      write: (text) => this.#error(text),
      paint: painterFor(process.stderr, process.env, options.colour),
      level: options.level,
    });
    this.#progressWanted = options.progress && process.stderr.isTTY === true && this.log.shows("info");
  }

  /** Standard input, in chunks as large as the system gives them. */
  get input(): Readable {
    return process.stdin;
  }

  /** The variables of the environment. */
  get environment(): Readonly<Record<string, string | undefined>> {
    return process.env;
  }

  /** Counts work; shown only on a terminal. */
  startProgress(label: string, total?: Partial<Done>): { done: Done; stop(): void } {
    if (!this.#progressWanted) return { done: { events: 0, bytes: 0 }, stop: () => {} };
    const progress = new Progress({ write: (text) => process.stderr.write(text), label, total });
    this.#progress = progress;
    return {
      done: progress.done,
      stop: () => {
        progress.stop();
        this.#progress = undefined;
      },
    };
  }

  /**
   * Asks before something is destroyed. Without a terminal to ask on, `--yes` must have been given.
   */
  async confirm(question: string, options: { yes: boolean }): Promise<boolean> {
    if (options.yes) return true;
    if (process.stdin.isTTY !== true || process.stderr.isTTY !== true) {
      throw new UsageError(
        `${question} Nobody can be asked here: add "--yes", or see what would happen with "--dry-run"`,
      );
    }
    const { createInterface } = await import("node:readline/promises");
    const lines = createInterface({ input: process.stdin, output: process.stderr });
    try {
      const answer = await lines.question(`${question} [y/N] `);
      return /^y(es)?$/i.test(answer.trim());
    } finally {
      lines.close();
    }
  }

  #error(text: string): void {
    this.#progress?.clear();
    process.stderr.write(text);
  }
}
