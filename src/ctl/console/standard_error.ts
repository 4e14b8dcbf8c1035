import type { Writable } from "node:stream";

/** Standard error, opened on first use: under Deno opening it takes a third of the time of `--help`. */
export class StandardError {
  readonly #open: () => Writable & { isTTY?: boolean };
  #stream: Writable & { isTTY?: boolean } | undefined;
  #failed = false;

  constructor(open: () => Writable & { isTTY?: boolean }) {
    this.#open = open;
  }

  /** The stream itself. */
  get stream(): Writable & { isTTY?: boolean } {
    if (this.#stream === undefined) {
      this.#stream = this.#open();
      // What cannot be said there, because its reader is gone or its disk is full, cannot be said at all.
      this.#stream.on("error", () => this.#failed = true);
    }
    return this.#stream;
  }

  /** Writes text, if that is possible. */
  write(text: string): void {
    try {
      this.stream.write(text);
    } catch {
      // Deno throws what the other runtimes report by an event, and writes nothing more.
      this.#failed = true;
    }
  }

  /** Resolves when everything has been passed to the system: exiting earlier could cut off the last line. */
  async written(): Promise<void> {
    const stream = this.#stream;
    if (stream !== undefined && !this.#failed) {
      await new Promise<void>((resolve) => stream.write("", () => resolve()));
    }
  }
}
