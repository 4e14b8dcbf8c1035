import type { DataRange, IncomingBatch } from "../../contract.ts";
import type { KeptBatch } from "./partition.ts";

const encoder = new TextEncoder();
const NO_DATA = new Uint8Array(0);

/** Some consecutive events of a stored batch. */
export class MemoryBatch implements IncomingBatch {
  readonly baseId: number;
  readonly timestamp: number;
  joinedText?(): string;
  metadataText?(index: number): string;

  constructor(
    readonly partition: number,
    protected readonly stored: KeptBatch,
    protected readonly first: number,
    readonly count: number,
  ) {
    this.baseId = stored.baseId + first;
    this.timestamp = stored.timestamp;
  }

  metadataBytes(index: number): Uint8Array {
    const metadata = this.stored.metadata[this.first + index];
    // A copy, because the bytes belong to the caller.
    return typeof metadata === "string" ? encoder.encode(metadata) : metadata.slice();
  }

  dataSize(index: number): number {
    return this.#data(index).byteLength;
  }

  readData(index: number, ranges: readonly DataRange[], into: readonly Uint8Array[]): void {
    const data = this.#data(index);
    let buffer = 0;
    let filled = 0;
    for (const { offset, size } of ranges) {
      let from = offset;
      while (from < offset + size) {
        const room = into[buffer].byteLength - filled;
        const taken = Math.min(room, offset + size - from);
        into[buffer].set(data.subarray(from, from + taken), filled);
        from += taken;
        filled += taken;
        if (filled === into[buffer].byteLength) {
          buffer++;
          filled = 0;
        }
      }
    }
  }

  #data(index: number): Uint8Array {
    return this.stored.data?.[this.first + index] ?? NO_DATA;
  }
}

/** Events whose metadata are JSON texts. */
export class MemoryTextBatch extends MemoryBatch {
  override joinedText(): string {
    return this.stored.metadata.slice(this.first, this.first + this.count).join(",");
  }

  override metadataText(index: number): string {
    return this.stored.metadata[this.first + index] as string;
  }
}
