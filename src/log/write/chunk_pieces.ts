/**
 * Cuts large data parts into pieces of the size of a chunk.
 *
 * @module
 */
import { InvalidDataError } from "../../errors.ts";
import { counted } from "../../counted.ts";

/** The buffers of a data part in memory, cut without being copied. */
export class ChunkPieces {
  readonly #pieces: { bytes: Uint8Array; from: number; end: number }[] = [];
  bytes = 0;

  /** Adds a buffer, which counts with the size it has now. */
  add(piece: Uint8Array): void {
    this.#pieces.push({ bytes: piece, from: 0, end: piece.byteLength });
    this.bytes += piece.byteLength;
  }

  /** The next bytes; throws `InvalidDataError` when a buffer has lost some of them since it was added. */
  take(size: number): Uint8Array[] {
    const taken: Uint8Array[] = [];
    let [missing, used] = [size, 0];
    while (missing > 0) {
      const piece = this.#pieces[used]!;
      const { bytes, from } = piece;
      if (bytes.byteLength < piece.end) {
        throw new InvalidDataError(
          `Cannot store a data part: a piece of ${counted(piece.end, "byte")} has ${bytes.byteLength} now; ` +
            `do not change it until the push future completes`,
        );
      }
      const end = Math.min(piece.end, from + missing);
      taken.push(bytes.subarray(from, end));
      missing -= end - from;
      piece.from = end;
      if (end === piece.end) used++;
    }
    this.#pieces.splice(0, used);
    this.bytes -= size;
    return taken;
  }
}

/** A small stream does not take the memory of a whole chunk. */
const BUFFER_BYTES_MIN = 64 * 1024;

/**
 * The pieces of a stream, copied as they come: a stream may use its memory again, and a great many small pieces
 * would take far more memory than their bytes.
 */
export class ChunkBuffer {
  #buffer: Uint8Array;
  #bytes = 0;

  constructor(private readonly chunkBytes: number) {
    this.#buffer = new Uint8Array(Math.min(chunkBytes, BUFFER_BYTES_MIN));
  }

  get isEmpty(): boolean {
    return this.#bytes === 0;
  }

  get isFull(): boolean {
    return this.#bytes === this.chunkBytes;
  }

  /** Copies a piece from an offset on, as far as there is room; gives how many bytes that were. */
  fill(piece: Uint8Array, from: number): number {
    const size = Math.min(piece.byteLength - from, this.chunkBytes - this.#bytes);
    const end = this.#bytes + size;
    if (end > this.#buffer.byteLength) {
      const larger = new Uint8Array(Math.min(Math.max(end, 2 * this.#buffer.byteLength), this.chunkBytes));
      larger.set(this.#buffer.subarray(0, this.#bytes));
      this.#buffer = larger;
    }
    this.#buffer.set(piece.subarray(from, from + size), this.#bytes);
    this.#bytes = end;
    return size;
  }

  /** What was copied: a view that is good until the next piece is. */
  take(): Uint8Array {
    const taken = this.#buffer.subarray(0, this.#bytes);
    this.#bytes = 0;
    return taken;
  }
}
