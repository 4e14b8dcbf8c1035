import type { Random } from "./simulated.ts";

const PAGE_BYTES = 512;

/** A file's content, as processes see it and as the disk would have it after a power cut. */
export class Inode {
  size = 0;
  #bytes = new Uint8Array(1024);
  #durable = new Uint8Array(0);
  #dirtyPages = new Set<number>();

  read(offset: number, bytes: number): Uint8Array {
    return this.#bytes.slice(offset, Math.max(offset, Math.min(this.size, offset + bytes)));
  }

  append(bytes: Uint8Array): void {
    this.write(this.size, bytes);
  }

  write(offset: number, bytes: Uint8Array): void {
    if (bytes.byteLength === 0) return;
    const end = offset + bytes.byteLength;
    if (end > this.#bytes.byteLength) {
      const grown = new Uint8Array(end * 2);
      grown.set(this.#bytes.subarray(0, this.size));
      this.#bytes = grown;
    }
    this.#bytes.set(bytes, offset);
    this.size = Math.max(this.size, end);
    for (let page = Math.floor(offset / PAGE_BYTES); page * PAGE_BYTES < end; page++) {
      this.#dirtyPages.add(page);
    }
  }

  /** Flips one bit, at rest: on the disk and in memory. */
  flip(offset: number, bit: number): void {
    this.#bytes[offset] ^= 1 << bit;
    if (offset < this.#durable.byteLength) this.#durable[offset] ^= 1 << bit;
  }

  sync(): void {
    this.#durable = this.#bytes.slice(0, this.size);
    this.#dirtyPages.clear();
  }

  /**
   * What was synced stays. Behind it the file is cut anywhere, and each page not synced is there, is as it was
   * (zeros where it is new), or is there in part.
   */
  powerCut(random: Random): void {
    const durable = this.#durable;
    const size = Math.max(
      durable.byteLength,
      durable.byteLength + random.below(this.size - durable.byteLength + 1),
    );
    const after = new Uint8Array(size);
    after.set(durable);
    for (const page of this.#dirtyPages) {
      const from = page * PAGE_BYTES;
      if (from >= size) continue;
      const fate = random.below(4);
      const bytes = fate === 0 ? 0 : fate === 1 ? random.below(PAGE_BYTES) : PAGE_BYTES;
      after.set(this.#bytes.subarray(from, Math.min(from + bytes, size, this.size)), from);
    }
    this.#bytes = after;
    this.size = size;
    this.sync();
  }
}
