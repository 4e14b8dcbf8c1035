import type { Random } from "./random.ts";

export const PAGE_BYTES = 512;

/** Pages being written to the disk, as they were when the sync began. */
export interface Writeback {
  size: number;
  pages: Map<number, { bytes: Uint8Array; version: number }>;
}

/** An append whose bytes arrive piece by piece; it holds the file's lock until it is complete or cut off. */
interface SlowAppend {
  bytes: Uint8Array;
  done: number;
  /** Where it ends: before its last byte if its process was killed. */
  end: number;
}

/** A file's content, as processes see it and as the disk would have it after a power cut. */
export class Inode {
  size = 0;
  /** When it was last changed, by the clock. */
  modified = 0;
  /** Number of names; without one, what is written to it is lost. */
  links = 0;
  /** Syncs of it that failed. */
  failures = 0;
  /** Whether no open file has reported the last failure yet. */
  isFailureUnreported = false;
  #bytes = new Uint8Array(1024);
  #durable = new Uint8Array(0);
  /** Pages that the disk does not have, each with a number that changes when it does. */
  #dirty = new Map<number, number>();
  #versions = 0;
  /** Which version of a page the disk has, so that a sync that ends late does not restore an older one. */
  #stored = new Map<number, number>();
  #slow: SlowAppend | undefined;

  read(offset: number, bytes: number): Uint8Array {
    return this.view(offset, bytes).slice();
  }

  /** The same without a copy: valid until the file changes. */
  view(offset: number, bytes: number): Uint8Array {
    return this.#bytes.subarray(offset, Math.max(offset, Math.min(this.size, offset + bytes)));
  }

  /** What the disk has. */
  get durableBytes(): Uint8Array {
    return this.#durable;
  }

  append(bytes: Uint8Array): void {
    this.write(this.size, bytes);
  }

  write(offset: number, bytes: Uint8Array): void {
    if (bytes.byteLength === 0) return;
    const end = offset + bytes.byteLength;
    if (end > this.#bytes.byteLength) this.#grow(end * 2);
    this.#bytes.set(bytes, offset);
    this.size = Math.max(this.size, end);
    for (let page = Math.floor(offset / PAGE_BYTES); page * PAGE_BYTES < end; page++) {
      this.#dirty.set(page, ++this.#versions);
    }
  }

  /** Whether an append is in progress. */
  get isAppending(): boolean {
    return this.#slow !== undefined;
  }

  /** Begins an append whose bytes arrive later, up to `end`. */
  beginAppend(bytes: Uint8Array, end = bytes.byteLength): void {
    this.finishAppend();
    this.#slow = { bytes, done: 0, end };
  }

  /** Some more bytes of the append in progress arrive. */
  continueAppend(random: Random): void {
    const slow = this.#slow;
    if (slow === undefined) return;
    const upTo = slow.done + 1 + random.below(Math.max(1, slow.end - slow.done));
    this.#arrive(slow, Math.min(upTo, slow.end));
  }

  /** Its process was killed: the append ends somewhere. */
  cutAppend(random: Random): void {
    const slow = this.#slow;
    if (slow !== undefined) slow.end = slow.done + random.below(slow.end - slow.done + 1);
  }

  /** The append that holds the lock has to finish before another one begins. */
  finishAppend(): void {
    if (this.#slow !== undefined) this.#arrive(this.#slow, this.#slow.end);
  }

  /** Flips one bit at rest: on disk and in memory. */
  flip(offset: number, bit: number): void {
    this.#bytes[offset] ^= 1 << bit;
    if (offset < this.#durable.byteLength) this.#durable[offset] ^= 1 << bit;
  }

  /** Truncates the file. */
  truncate(size: number): void {
    this.#bytes.fill(0, size, this.size);
    this.size = size;
  }

  /** Begins to write dirty pages. */
  beginSync(): Writeback {
    const pages = new Map<number, { bytes: Uint8Array; version: number }>();
    for (const [page, version] of this.#dirty) {
      pages.set(page, { bytes: this.read(page * PAGE_BYTES, PAGE_BYTES), version });
    }
    return { size: this.size, pages };
  }

  /** The disk has them. */
  finishSync({ size, pages }: Writeback): void {
    if (size > this.#durable.byteLength) {
      const grown = new Uint8Array(size);
      grown.set(this.#durable);
      this.#durable = grown;
    }
    for (const [page, { bytes, version }] of pages) {
      if ((this.#stored.get(page) ?? 0) > version) continue;
      this.#stored.set(page, version);
      this.#durable.set(bytes, page * PAGE_BYTES);
      if (this.#dirty.get(page) === version) this.#dirty.delete(page);
    }
  }

  /**
   * The disk refused them. The system drops the pages, and perhaps those that became dirty in the meantime:
   * they are read as before, and no later sync writes them unless they change again.
   */
  failSync({ pages }: Writeback, random: Random): void {
    this.failures++;
    this.isFailureUnreported = true;
    for (const page of [...this.#dirty.keys()]) {
      if (pages.has(page) || random.chance(0.7)) this.#dirty.delete(page);
    }
  }

  sync(): void {
    this.finishSync(this.beginSync());
  }

  /**
   * What was synced remains. After that, the file is cut off anywhere, and each unsynced page is there, is as
   * it was before (zeros if it is new), or is partly there.
   */
  powerCut(random: Random): void {
    this.cutAppend(random);
    this.finishAppend();
    const durable = this.#durable;
    const grown = this.size - durable.byteLength;
    const size = durable.byteLength + (random.chance(0.3) ? grown : random.below(grown + 1));
    const after = new Uint8Array(size);
    after.set(durable);
    for (const page of this.#dirty.keys()) {
      const from = page * PAGE_BYTES;
      if (from >= size) continue;
      const fate = random.below(4);
      const bytes = fate === 0 ? 0 : fate === 1 ? random.below(PAGE_BYTES) : PAGE_BYTES;
      after.set(this.#bytes.subarray(from, Math.min(from + bytes, size, this.size)), from);
    }
    this.#bytes = after;
    this.size = size;
    this.#dirty.clear();
    this.#durable = after.slice();
    this.isFailureUnreported = false;
  }

  #arrive(slow: SlowAppend, upTo: number): void {
    this.append(slow.bytes.subarray(slow.done, upTo));
    slow.done = upTo;
    if (slow.done >= slow.end) this.#slow = undefined;
  }

  #grow(bytes: number): void {
    const grown = new Uint8Array(bytes);
    grown.set(this.#bytes.subarray(0, this.size));
    this.#bytes = grown;
  }
}
