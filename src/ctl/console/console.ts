import type { Readable } from "node:stream";
import type { Environment } from "../args/environment.ts";
import { UsageError } from "../usage_error.ts";
import { type Painter, painterFor } from "./colour.ts";
import type { Host } from "./host.ts";
import { Log, type LogLevel } from "./log.ts";
import { Output } from "./output.ts";
import { type Done, Progress } from "./progress.ts";
import { visible } from "./visible.ts";

/** Console options of every command. */
interface ConsoleOptions {
  level: LogLevel;
  /** `--color` or `--no-color`; undefined lets the terminal decide. */
  colour?: boolean | undefined;
  /** False with `--no-progress`. */
  progress: boolean;
  /** With `--json`, log lines are JSON as well. */
  json?: boolean;
}

/** Standard input, output and error as commands use them: output for data, error for everything else. */
export class Console {
  readonly out: Output;
  /** Styles text for standard output. */
  readonly paint: Painter;
  readonly #host: Host;
  readonly #options: ConsoleOptions;
  #log: Log | undefined;
  #progress: Progress | undefined;

  constructor(host: Host, options: ConsoleOptions) {
    this.out = new Output(host.output);
    this.paint = painterFor(host.output, host.environment, options.colour);
    this.#host = host;
    this.#options = options;
  }

  /** Log lines, on standard error. */
  get log(): Log {
    return this.#log ??= new Log({
      write: (text) => this.#error(text),
      paint: painterFor(this.#host.error.stream, this.environment, this.#options.colour),
      level: this.#options.level,
      json: this.#options.json ?? false,
    });
  }

  /** Standard input, in chunks as large as the system delivers them. Throws if it cannot be read. */
  get input(): Readable & { isTTY?: boolean } {
    this.#host.checkInput?.();
    return this.#host.input;
  }

  /** The environment variables. */
  get environment(): Environment {
    return this.#host.environment;
  }

  /** Starts a progress counter; shown only on a terminal, unless events are typed or printed there. */
  startProgress(
    label: string,
    total?: Partial<Done>,
    { besideEvents = false } = {},
  ): { done: Done; stop(): void } {
    const wanted = this.#options.progress && this.log.shows("info") && !besideEvents &&
      this.#host.error.stream.isTTY === true;
    if (!wanted) return { done: { events: 0, bytes: 0 }, stop: () => {} };
    const { error } = this.#host;
    const progress = new Progress({
      write: (text) => error.write(text),
      columns: () => (error.stream as { columns?: number }).columns || Infinity,
      label,
      total,
    });
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
    return this.#host.input.isTTY === true && this.#host.error.stream.isTTY === true;
  }

  /** Asks before a destructive action. Without a terminal, `--yes` is required. */
  async confirm(question: string, { yes, signal }: { yes: boolean; signal: AbortSignal }): Promise<boolean> {
    if (yes) return true;
    if (!this.canAsk) {
      throw new UsageError(
        `${question} There is no terminal to ask on: add "--yes", or see what would happen with "--dry-run"`,
      );
    }
    const { createInterface } = await import("node:readline");
    this.#host.error.write(`${visible(question)} [y/N] `);
    // Without an output, the terminal stays in its line mode, in which Ctrl+C is a signal and Ctrl+D ends the input.
    for await (const answer of createInterface({ input: this.input, signal })) {
      return /^y(es)?$/i.test(answer.trim());
    }
    this.#host.error.write("\n");
    signal.throwIfAborted();
    return false;
  }

  #error(text: string): void {
    this.#progress?.clear();
    this.#host.error.write(text);
  }
}
