const NEWLINE = 0x0a;
/** No line may be longer; a file without line ends must not fill the memory. */
export const LINE_BYTES_MAX = 256 * 1024 * 1024;

/**
 * Cuts a stream of bytes after its last line end, so that what is decoded and split together is as large as
 * the chunks are, and a line is never searched twice however many chunks it spans.
 */
export class LineSplitter {
  #rest: Uint8Array[] = [];
  #restBytes = 0;

  /** Whether a line has begun that has no end yet. */
  get pending(): boolean {
    return this.#restBytes > 0;
  }

  /**
   * Takes a chunk and gives every line completed by it, with line ends, as one block; undefined when none is.
   * The chunk may be overwritten afterwards; a block stays as it is only until then.
   */
  push(chunk: Uint8Array): Uint8Array | undefined {
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    if (end === 0) {
      this.#keep(chunk);
      return undefined;
    }
    const complete = chunk.subarray(0, end);
    const block = this.#restBytes === 0 ? complete : this.#join(complete);
    this.#rest = [];
    this.#restBytes = 0;
    if (end < chunk.length) this.#keep(chunk.subarray(end));
    return block;
  }

  /** Gives the line that was begun, if any: the stream ended without a line end. */
  end(): Uint8Array | undefined {
    if (this.#restBytes === 0) return undefined;
    const line = this.#join(new Uint8Array(0));
    this.#rest = [];
    this.#restBytes = 0;
    return line;
  }

  #keep(part: Uint8Array): void {
    this.#restBytes += part.length;
    if (this.#restBytes > LINE_BYTES_MAX) {
      throw new RangeError(`Cannot read a line of more than ${LINE_BYTES_MAX} bytes`);
    }
    this.#rest.push(part.slice());
  }

  #join(last: Uint8Array): Uint8Array {
    const joined = new Uint8Array(this.#restBytes + last.length);
    let at = 0;
    for (const part of this.#rest) {
      joined.set(part, at);
      at += part.length;
    }
    joined.set(last, at);
    return joined;
  }
}
