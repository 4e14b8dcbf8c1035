import type { DataPart, Producer, PushOptions } from "../../../mod.ts";
import type { Done } from "../console/progress.ts";
import { oneLine } from "../report.ts";
import type { LineEvent } from "./line_format.ts";

/** Events, and bytes, after which what was pushed is checked to be stored. */
const WINDOW_EVENTS = 8192;
const WINDOW_BYTES = 4 * 1024 * 1024;

type PushFuture = ReturnType<Producer["push"]>;

/** A line that is not an event, or could not be stored. */
export class LineError extends Error {
  override readonly name = "LineError";
  /** `aftermath` says what became of the lines before. */
  constructor(
    readonly line: number,
    cause: unknown,
    private readonly unit = "Line",
    aftermath = `the ${unit.toLowerCase()}s before it are stored`,
  ) {
    // The library's advice is for programs.
    const why = oneLine(cause).replace(
      "use Metadata.text() to push a JSON string",
      'use "--format raw" for text',
    );
    super(`${unit} ${line}: ${why}; ${aftermath}`, { cause });
  }

  /** The same error where other things became of the lines before. */
  with(aftermath: string): LineError {
    return new LineError(this.line, this.cause, this.unit, aftermath);
  }
}

/**
 * Pushes lines without waiting for each, and still knows which one failed: those pushed since the last check
 * are remembered with their line numbers.
 */
export class LineProducer {
  readonly #producer: Producer;
  readonly #done: Done;
  readonly #readyEvery: number;
  readonly #unit: string;
  #window: { line: number; future: PushFuture }[] = [];
  #windowBytes = 0;
  #sinceReady = 0;

  constructor(
    producer: Producer,
    options: { done: Done; batchSize?: number | undefined; unit?: string },
  ) {
    this.#producer = producer;
    this.#done = options.done;
    this.#unit = options.unit ?? "Line";
    this.#readyEvery = Math.min(options.batchSize ?? 1024, 1024);
  }

  /** Pushes one event. A promise is returned only where there is something to wait for. */
  push(
    line: number,
    event: LineEvent | string,
    data?: DataPart,
    options?: PushOptions,
  ): void | Promise<void> {
    const document = typeof event === "string" ? event : event.document;
    const part = typeof event === "string" ? data : event.data ?? data;
    const bytes = document.length + (part instanceof Uint8Array ? part.length : 0);
    const future = this.#producer.push(document, part, options);
    this.#window.push({ line, future });
    this.#windowBytes += bytes;
    this.#done.events++;
    this.#done.bytes += bytes;
    // Completed at once is a batch that has just been stored, or a line that is not an event.
    if (future.completed) return this.#check(line, future);
    if (this.#window.length >= WINDOW_EVENTS || this.#windowBytes >= WINDOW_BYTES) return this.settle();
    if (++this.#sinceReady >= this.#readyEvery) {
      this.#sinceReady = 0;
      return this.#producer.ready();
    }
  }

  /** Resolves when everything pushed is stored; rejects with {@linkcode LineError} for the first that is not. */
  async settle(): Promise<void> {
    const window = this.#window;
    this.#window = [];
    this.#windowBytes = 0;
    this.#sinceReady = 0;
    try {
      await this.#producer.flush();
    } catch (flushError) {
      for (const { line, future } of window) {
        try {
          await future;
        } catch (error) {
          throw this.blame(line, error);
        }
      }
      throw flushError;
    }
  }

  /** The error that says at which line another one happened. */
  blame(line: number, error: unknown): LineError {
    return new LineError(line, error, this.#unit);
  }

  async #check(line: number, future: PushFuture): Promise<void> {
    try {
      await future;
    } catch (error) {
      this.#window.pop();
      await this.settle();
      throw this.blame(line, error);
    }
  }
}
