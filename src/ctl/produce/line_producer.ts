import type { DataPart, Producer, PushOptions } from "../../../mod.ts";
import type { Done } from "../console/progress.ts";
import { oneLineWith } from "../report.ts";
import type { LineEvent } from "./line_format.ts";

/** Number of events, and bytes, after which pushes are checked. */
const WINDOW_EVENTS = 8192;
const WINDOW_BYTES = 4 * 1024 * 1024;

type PushFuture = ReturnType<Producer["push"]>;

/** A line that is not a valid event, or could not be stored. */
export class LineError extends Error {
  override readonly name = "LineError";
  /** What is wrong, without the line. */
  readonly why: string;

  /** `aftermath` says what happened to the preceding lines. */
  constructor(
    readonly line: number,
    cause: unknown,
    private readonly unit = "Line",
    aftermath = line === 1 ? "" : `the ${unit.toLowerCase()}s before it are stored`,
  ) {
    // The events of an archive are not text that someone wrote.
    const why = oneLineWith(unit === "Line" ? 'use "--format raw" for text' : "", cause);
    super(`${unit} ${line}: ${why}${aftermath === "" ? "" : `; ${aftermath}`}`, { cause });
    this.why = why;
  }

  /** The same error with another aftermath. */
  with(aftermath: string): LineError {
    return new LineError(this.line, this.cause, this.unit, aftermath);
  }
}

/**
 * Pushes lines without waiting for each, but still knows which one failed: pushes since the last check are
 * remembered with their line numbers.
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

  /** Pushes one event. Returns a promise only if there is something to wait for. */
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
    // A push that completes at once has just been stored with its batch, or is not a valid event.
    if (future.completed) return this.#check(line, future);
    if (this.#window.length >= WINDOW_EVENTS || this.#windowBytes >= WINDOW_BYTES) return this.settle();
    if (++this.#sinceReady >= this.#readyEvery) {
      this.#sinceReady = 0;
      return this.#producer.ready();
    }
  }

  /**
   * Resolves when everything pushed is stored; rejects with {@linkcode LineError} for the first line that failed.
   */
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

  /** Attributes an error to a line. */
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
