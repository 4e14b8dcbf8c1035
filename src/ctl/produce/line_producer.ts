import type { DataPart, Producer, PushOptions } from "../../../mod.ts";
import type { Done } from "../console/progress.ts";
import { oneLine } from "../report.ts";
import type { LineEvent } from "./line_format.ts";

/** Events, and bytes, after which what was pushed is checked to be stored. */
const WINDOW_EVENTS = 8192;
const WINDOW_BYTES = 4 * 1024 * 1024;

type PushFuture = ReturnType<Producer["push"]>;

/** A line that is no event, or could not be stored. */
export class LineError extends Error {
  override readonly name = "LineError";
  /** Stable code of the cause, which decides the exit code. */
  readonly code: unknown;

  constructor(readonly line: number, cause: unknown) {
    // The library's advice is for programs.
    const why = oneLine(cause).replace(
      "use Metadata.text() to push a JSON string",
      'use "--format raw" for text',
    );
    super(`Line ${line}: ${why}; the lines before it are stored`, { cause });
    this.code = (cause as { code?: unknown }).code === "ERR_INVALID_OPTION"
      ? "ERR_INVALID_METADATA"
      : undefined;
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
  #window: { line: number; future: PushFuture }[] = [];
  #windowBytes = 0;
  #sinceReady = 0;

  constructor(producer: Producer, options: { done: Done; batchSize?: number }) {
    this.#producer = producer;
    this.#done = options.done;
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
    // Completed at once is a batch that has just been stored, or a line that is no event.
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
          throw new LineError(line, error);
        }
      }
      throw flushError;
    }
  }

  async #check(line: number, future: PushFuture): Promise<void> {
    try {
      await future;
    } catch (error) {
      this.#window.pop();
      await this.settle();
      throw new LineError(line, error);
    }
  }
}
