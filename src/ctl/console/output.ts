import type { Writable } from "node:stream";
import { watchReaderOfPipe } from "./reader_of_pipe.ts";
import { visible } from "./visible.ts";

/** Text is buffered up to this many characters before it is written. */
const CHUNK_CHARACTERS = 1 << 16;
/** How long a reader may take once the program was asked to stop. */
const LAST_WRITE_MS_MAX = 1000;

/** The reader of the output has gone (`| head`). This is not an error: the command ends quietly. */
export class BrokenPipeError extends Error {
  override readonly name = "BrokenPipeError";
}

/** What a failed write of output is reported as. */
export function outputError(name: string, error: Error): Error {
  const { code } = error as { code?: string };
  return code === "EPIPE" || code === "ECONNRESET"
    ? new BrokenPipeError("Standard output is closed")
    : new Error(`Cannot write ${name}: ${error.message}`, { cause: error });
}

/**
 * Standard output, for data only. It buffers and applies backpressure, so that a command that prints millions of
 * lines needs neither a system call per line nor memory for all of them.
 */
export class Output {
  /** Where everything goes. */
  readonly stream: Writable;
  #text = "";
  #failed: Error | undefined;
  readonly #fail: (error: Error) => void;
  #giveUp: (() => void) | undefined;
  /** Whether it is a terminal: then control characters in stored text are escaped. */
  readonly isTerminal: boolean;
  /** Aborted when the reader has gone. */
  readonly broken: AbortSignal;

  /** `name` is what errors call this stream. */
  constructor(stream: Writable, name = "standard output") {
    this.stream = stream;
    this.isTerminal = (stream as { isTTY?: boolean }).isTTY === true;
    const controller = new AbortController();
    this.broken = controller.signal;
    this.#fail = (error) => {
      this.#failed ??= outputError(name, error);
      controller.abort(this.#failed);
    };
    stream.on("error", this.#fail);
  }

  /** The width of the terminal; Infinity if there is none. */
  get columns(): number {
    return this.isTerminal ? (this.stream as { columns?: number }).columns || Infinity : Infinity;
  }

  /** Detects that the reader has gone even while there is nothing to write. Until disposed of. */
  async watchReader(): Promise<Disposable> {
    const { fd: descriptor } = this.stream as { fd?: number };
    if (descriptor === undefined) return { [Symbol.dispose]: () => {} };
    const stop = await watchReaderOfPipe(
      descriptor,
      () => this.#fail(Object.assign(new Error("the reader is gone"), { code: "EPIPE" })),
    );
    return { [Symbol.dispose]: stop };
  }

  /** Limits the wait for a reader that reads nothing once the signal is aborted; until disposed of. */
  stopWith(signal: AbortSignal): Disposable {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const limit = (): void => {
      timer = setTimeout(() => {
        this.#failed ??= new BrokenPipeError("Standard output is not read");
        this.#giveUp?.();
      }, LAST_WRITE_MS_MAX);
      timer.unref?.();
    };
    signal.addEventListener("abort", limit);
    return {
      [Symbol.dispose]: () => {
        signal.removeEventListener("abort", limit);
        clearTimeout(timer);
      },
    };
  }

  /** Writes text. Returns a promise only if it must be awaited before writing more. */
  text(text: string): void | Promise<void> {
    return this.painted(this.isTerminal ? visible(text) : text);
  }

  /** Writes the program's own text, which may have colours. Stored text in it must be escaped already. */
  painted(text: string): void | Promise<void> {
    this.#text += text;
    if (this.#text.length >= CHUNK_CHARACTERS) return this.flush();
  }

  /** Writes one line. Returns a promise only if it must be awaited before writing more. */
  line(text: string): void | Promise<void> {
    // Two appends avoid an intermediate string.
    this.#text += this.isTerminal ? visible(text) : text;
    this.#text += "\n";
    if (this.#text.length >= CHUNK_CHARACTERS) return this.flush();
  }

  /** Writes one value as a line of JSON. */
  json(value: unknown): void | Promise<void> {
    return this.line(JSON.stringify(value));
  }

  /** Writes raw bytes; to a terminal they are written as text. */
  async bytes(bytes: Uint8Array): Promise<void> {
    if (this.isTerminal) return await this.text(new TextDecoder().decode(bytes));
    await this.flush();
    await this.#write(bytes);
  }

  /** Passes everything to the operating system; rejects with {@linkcode BrokenPipeError}. */
  async flush(): Promise<void> {
    if (this.#failed !== undefined) throw this.#failed;
    if (this.#text === "") return;
    const text = this.#text;
    this.#text = "";
    await this.#write(text);
  }

  async #write(chunk: string | Uint8Array): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#giveUp = resolve;
      // Some runtimes report errors here first, others by the event, and Deno throws some.
      const written = (error?: Error | null): void => {
        if (error) this.#fail(error);
        resolve();
      };
      try {
        this.stream.write(chunk, written);
      } catch (error) {
        written(error as Error);
      }
    });
    // The error event may follow the callback.
    if (this.#failed === undefined && this.stream.errored) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (this.#failed !== undefined) throw this.#failed;
  }
}
