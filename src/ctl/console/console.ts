import process from "node:process";
import type { Readable } from "node:stream";
import { UsageError } from "../usage_error.ts";
import { type Painter, painterFor } from "./colour.ts";
import { Log, type LogLevel } from "./log.ts";
import { Output } from "./output.ts";
import { type Done, Progress } from "./progress.ts";
import { standardError, writeError } from "./standard_error.ts";
import { visible } from "./visible.ts";

/** Console options of every command. */
export interface ConsoleOptions {
  level: LogLevel;
  /** `--color` or `--no-color`; undefined lets the terminal decide. */
  colour?: boolean | undefined;
  /** False with `--no-progress`. */
  progress: boolean;
}

/** Standard input, output and error as commands use them: output for data, error for everything else. */
export class Console {
  readonly out: Output;
  /** Styles text for standard output. */
  readonly paint: Painter;
  readonly #options: ConsoleOptions;
  #log: Log | undefined;
  #progress: Progress | undefined;

  constructor(options: ConsoleOptions) {
    this.out = new Output(process.stdout);
    this.paint = painterFor(process.stdout, process.env, options.colour);
    this.#options = options;
  }

  /** Log lines, on standard error. */
  get log(): Log {
    return this.#log ??= new Log({
      write: (text) => this.#error(text),
      paint: painterFor(standardError(), process.env, this.#options.colour),
      level: this.#options.level,
    });
  }

  /** Standard input, in chunks as large as the system delivers them. */
  get input(): Readable {
    return process.stdin;
  }

  /** The environment variables. */
  get environment(): Readonly<Record<string, string | undefined>> {
    return process.env;
  }

  /** Starts a progress counter; shown only on a terminal. */
  startProgress(label: string, total?: Partial<Done>): { done: Done; stop(): void } {
    const wanted = this.#options.progress && this.log.shows("info") && standardError().isTTY === true;
    if (!wanted) return { done: { events: 0, bytes: 0 }, stop: () => {} };
    const progress = new Progress({ write: writeError, label, total });
    this.#progress = progress;
    return {
      done: progress.done,
      stop: () => {
        progress.stop();
        this.#progress = undefined;
      },
    };
  }

  /** Whether there is a terminal for questions. */
  get canAsk(): boolean {
    return process.stdin.isTTY === true && standardError().isTTY === true;
  }

  /** Asks before a destructive action. Without a terminal, `--yes` is required. */
  async confirm(question: string, options: { yes: boolean }): Promise<boolean> {
    if (options.yes) return true;
    if (!this.canAsk) {
      throw new UsageError(
        `${question} There is no terminal to ask on: add "--yes", or see what would happen with "--dry-run"`,
      );
    }
    const { createInterface } = await import("node:readline/promises");
    const lines = createInterface({ input: process.stdin, output: standardError() });
    try {
      const answer = await lines.question(`${visible(question)} [y/N] `);
      return /^y(es)?$/i.test(answer.trim());
    } finally {
      lines.close();
    }
  }

  #error(text: string): void {
    this.#progress?.clear();
    writeError(text);
  }
}
