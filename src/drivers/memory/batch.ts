import type { DataRange, IncomingBatch } from "../../contract.ts";
import { scatter } from "../../contract/scatter.ts";
import type { KeptBatch } from "./partition.ts";

const encoder = new TextEncoder();
const NO_DATA = new Uint8Array(0);

/** A range of consecutive events of a stored batch. */
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
    const metadata = this.stored.metadata[this.first + index]!;
    // A copy, because the bytes belong to the caller.
    return typeof metadata === "string" ? encoder.encode(metadata) : metadata.slice();
  }

  dataSize(index: number): number {
    return this.#data(index).byteLength;
  }

  readData(index: number, ranges: readonly DataRange[], into: readonly Uint8Array[]): void {
    const data = this.#data(index);
    scatter(ranges, into, (offset, target) => target.set(data.subarray(offset, offset + target.byteLength)));
  }

  #data(index: number): Uint8Array {
    return this.stored.data?.[this.first + index] ?? NO_DATA;
  }
}

/** Events with metadata stored as JSON text. */
export class MemoryTextBatch extends MemoryBatch {
  override joinedText(): string {
    return this.stored.metadata.slice(this.first, this.first + this.count).join(",");
  }

  override metadataText(index: number): string {
    return this.stored.metadata[this.first + index] as string;
  }
}
