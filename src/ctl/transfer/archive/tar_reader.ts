import { Buffer } from "node:buffer";
import { createHash, type Hash } from "node:crypto";

const BLOCK_BYTES = 512;

/** The file is no tar file, damaged or cut off. */
export class TarError extends Error {
  override readonly name = "TarError";
}

/** An entry's head. */
export interface TarEntry {
  name: string;
  size: number;
}

/** Reads the entries of a tar file one after the other, and keeps the SHA-256 of each. */
export class TarReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array(0);
  #entry: TarEntry | undefined;
  #left = 0;
  #hash: Hash | undefined;
  /** SHA-256 in hex by entry name, of those read to their end. */
  readonly sums: Record<string, string> = {};

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** The next entry, what is left of the one before passed over; undefined at the end. */
  async next(): Promise<TarEntry | undefined> {
    if (this.#entry !== undefined) await this.#finish(this.#entry);
    const header = await this.#take(BLOCK_BYTES);
    if (header.every((byte) => byte === 0)) return undefined;
    const text = Buffer.from(header.buffer, header.byteOffset, header.byteLength);
    const field = (from: number, to: number): string => text.toString("utf8", from, to).replace(/\0.*$/s, "");
    const sum = header.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0);
    if (parseInt(field(148, 156), 8) !== sum || field(257, 262) !== "ustar") {
      throw new TarError("it is no tar file, or damaged");
    }
    this.#entry = { name: field(0, 100), size: parseInt(field(124, 136), 8) };
    this.#left = this.#entry.size;
    this.#hash = createHash("sha256");
    return this.#entry;
  }

  /** The next bytes of the entry. */
  async read(size: number): Promise<Uint8Array> {
    if (size > this.#left) throw new TarError(`entry "${this.#entry?.name}" is too short`);
    const bytes = await this.#take(size);
    this.#hash!.update(bytes);
    this.#left -= size;
    return bytes;
  }

  async #finish(entry: TarEntry): Promise<void> {
    while (this.#left > 0) await this.read(Math.min(this.#left, 1 << 20));
    this.sums[entry.name] = this.#hash!.digest("hex");
    await this.#take((BLOCK_BYTES - entry.size % BLOCK_BYTES) % BLOCK_BYTES);
    this.#entry = undefined;
  }

  async #take(size: number): Promise<Uint8Array> {
    if (size <= this.#chunk.length && size > 0) {
      const bytes = this.#chunk.slice(0, size);
      this.#chunk = this.#chunk.subarray(size);
      return bytes;
    }
    const bytes = new Uint8Array(size);
    for (let at = 0; at < size;) {
      if (this.#chunk.length === 0) {
        const { done, value } = await this.#chunks.next();
        if (done) throw new TarError("it is cut off");
        this.#chunk = value;
        continue;
      }
      const part = this.#chunk.subarray(0, size - at);
      bytes.set(part, at);
      at += part.length;
      this.#chunk = this.#chunk.subarray(part.length);
    }
    return bytes;
  }
}
