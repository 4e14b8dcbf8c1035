// Cuts large data parts into pieces of the size of a chunk.

/** The buffers of a data part in memory, as lists of pieces of a chunk each, without a copy. */
export function* chunksOf(parts: Iterable<Uint8Array>, chunkBytes: number): Generator<Uint8Array[]> {
  let chunk: Uint8Array[] = [];
  let room = chunkBytes;
  for (const part of parts) {
    for (let from = 0; from < part.byteLength;) {
      const piece = part.subarray(from, from + room);
      chunk.push(piece);
      from += piece.byteLength;
      room -= piece.byteLength;
      if (room > 0) continue;
      yield chunk;
      [chunk, room] = [[], chunkBytes];
    }
  }
  if (chunk.length > 0) yield chunk;
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

  /** Copies a piece from an offset on, as far as there is room; returns how many bytes it copied. */
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

  /** What was copied: a view that is valid until the next piece is copied. */
  take(): Uint8Array {
    const taken = this.#buffer.subarray(0, this.#bytes);
    this.#bytes = 0;
    return taken;
  }
}
