import { Buffer } from "node:buffer";

/** Smaller batches are made in new memory, which costs no pages of its own. */
const KEPT_BYTES_MIN = 64 * 1024;
/** Memory is made in multiples of this, so that it fits other batches, too. */
const UNIT_BYTES = 256 * 1024;
/** The most that is kept for later. */
const KEPT_BYTES_MAX = 8 * 1024 * 1024;

/**
 * The memory of a producer's batches, which is used again: large buffers take new pages from the system each time,
 * which costs more than to write into them.
 */
export class BatchMemory {
  readonly #free: Buffer[] = [];
  #freeBytes = 0;

  /** At least that much. */
  take(bytes: number): Buffer {
    if (bytes < KEPT_BYTES_MIN) return Buffer.allocUnsafe(bytes);
    const index = this.#free.findIndex(({ byteLength }) => byteLength >= bytes);
    const [found] = index < 0 ? [] : this.#free.splice(index, 1);
    if (found === undefined) return Buffer.allocUnsafeSlow(Math.ceil(bytes / UNIT_BYTES) * UNIT_BYTES);
    this.#freeBytes -= found.byteLength;
    return found;
  }

  /** Gives back what was taken, or the beginning of it, once nothing reads it any more. */
  give({ buffer }: Buffer): void {
    const { byteLength } = buffer;
    if (byteLength % UNIT_BYTES !== 0 || this.#freeBytes + byteLength > KEPT_BYTES_MAX) return;
    this.#free.push(Buffer.from(buffer as ArrayBuffer));
    this.#freeBytes += byteLength;
  }
}
