import { LimitExceededError } from "../../errors.ts";
import { counted } from "../../text/counted.ts";

const NEWLINE = 0x0a;
/** Maximum length of a line; a file without line ends must not exhaust the memory. */
const LINE_BYTES_MAX = 256 * 1024 * 1024;

const ROOM_BYTES_MIN = 4096;
/** A larger buffer is not kept for the next line. */
const ROOM_BYTES_KEPT = 1024 * 1024;

/** How to treat lines that are too long. */
export interface LineLimit {
  /** Maximum bytes of a line. */
  bytesMax: number;
  /** Called once for each longer line, which is then skipped; without it, an error is thrown. */
  onTooLong?: () => void;
}

/**
 * Splits a stream of bytes after the last line end of each chunk, so that lines are decoded in blocks as large as
 * the chunks, and a line is scanned only once however many chunks it spans.
 */
export class LineSplitter {
  readonly #limit: LineLimit;
  /** The incomplete line so far, in a growing buffer: chunks may be a single byte. */
  #rest: Uint8Array = new Uint8Array(0);
  #restBytes = 0;
  #isSkipping = false;
  #fault: LimitExceededError | undefined;

  constructor(limit: LineLimit = { bytesMax: LINE_BYTES_MAX }) {
    this.#limit = limit;
  }

  /**
   * Adds a chunk and returns every line completed by it, with line ends, as one block; undefined if there is none.
   * The chunk may be overwritten afterwards; the block is valid only until then. Throws `LimitExceededError` for a
   * line that is too long, once every line before it has been returned.
   */
  push(chunk: Uint8Array): Uint8Array | undefined {
    if (this.#fault !== undefined) throw this.#fault;
    if (this.#isSkipping) {
      const end = chunk.indexOf(NEWLINE) + 1;
      if (end === 0) return undefined;
      this.#isSkipping = false;
      return this.push(chunk.subarray(end));
    }
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    if (end === 0) {
      this.#keep(chunk);
      return undefined;
    }
    const complete = chunk.subarray(0, end);
    const block = this.#restBytes === 0 ? complete : this.#join(complete);
    if (end < chunk.length) {
      try {
        this.#keep(chunk.subarray(end));
      } catch (error) {
        // The lines completed by this chunk come before it.
        this.#fault = error as LimitExceededError;
      }
    }
    return block;
  }

  /** Returns the incomplete line, if any: the stream ended without a line end. */
  end(): Uint8Array | undefined {
    if (this.#fault !== undefined) throw this.#fault;
    this.#isSkipping = false;
    return this.#restBytes === 0 ? undefined : this.#join(new Uint8Array(0));
  }

  #keep(part: Uint8Array): void {
    const end = this.#restBytes + part.length;
    if (end > this.#limit.bytesMax) {
      this.#drop();
      this.#skip();
      return;
    }
    if (end > this.#rest.length) {
      const larger = new Uint8Array(Math.max(ROOM_BYTES_MIN, end, 2 * this.#rest.length));
      larger.set(this.#rest.subarray(0, this.#restBytes));
      this.#rest = larger;
    }
    this.#rest.set(part, this.#restBytes);
    this.#restBytes = end;
  }

  #skip(): void {
    const { bytesMax, onTooLong } = this.#limit;
    if (onTooLong === undefined) {
      throw new LimitExceededError(
        `Cannot read a line of more than ${
          counted(bytesMax, "byte")
        }: give large content as data, or check that lines end`,
      );
    }
    this.#isSkipping = true;
    onTooLong();
  }

  #join(last: Uint8Array): Uint8Array {
    const joined = new Uint8Array(this.#restBytes + last.length);
    joined.set(this.#rest.subarray(0, this.#restBytes));
    joined.set(last, this.#restBytes);
    this.#drop();
    return joined;
  }

  #drop(): void {
    this.#restBytes = 0;
    if (this.#rest.length > ROOM_BYTES_KEPT) this.#rest = new Uint8Array(0);
  }
}
