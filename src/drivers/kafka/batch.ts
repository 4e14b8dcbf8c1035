import type { Buffer } from "node:buffer";
import type { DataRange, IncomingBatch } from "../../contract.ts";
import { scatter } from "../../contract/scatter.ts";
import type { RecordFormat, RecordParts } from "./record.ts";

/** An event's record, and the position of its parts in it. */
export interface LocatedRecord {
  value: Buffer;
  parts: RecordParts;
}

/** Events with consecutive offsets, stored at the same time. */
export class KafkaBatch implements IncomingBatch {
  joinedText?(): string;
  metadataText?(index: number): string;

  constructor(
    readonly partition: number,
    readonly baseId: number,
    readonly timestamp: number,
    protected readonly records: readonly LocatedRecord[],
    private readonly format: RecordFormat,
  ) {}

  get count(): number {
    return this.records.length;
  }

  /** A range of its events. */
  slice(first: number, count: number): KafkaBatch {
    if (first === 0 && count === this.count) return this;
    const { partition, baseId, timestamp, records, format } = this;
    return kafkaBatch(partition, baseId + first, timestamp, records.slice(first, first + count), format);
  }

  metadataBytes(index: number): Uint8Array {
    const { value, parts: { metadataOffset, dataOffset } } = this.records[index]!;
    return Uint8Array.prototype.slice.call(value, metadataOffset, dataOffset);
  }

  dataSize(index: number): number {
    const { value, parts: { dataOffset } } = this.records[index]!;
    return value.byteLength - dataOffset;
  }

  readData(index: number, ranges: readonly DataRange[], into: readonly Uint8Array[]): void {
    const { value, parts: { dataOffset } } = this.records[index]!;
    scatter(ranges, into, (offset, target) => {
      const from = dataOffset + offset;
      target.set(value.subarray(from, from + target.byteLength));
    });
  }

  viewData(index: number, { offset, size }: DataRange): Uint8Array {
    const { value, parts: { dataOffset } } = this.records[index]!;
    return new Uint8Array(value.buffer, value.byteOffset + dataOffset + offset, size);
  }

  protected textOf(index: number): string {
    const { value, parts: { metadataOffset, dataOffset } } = this.records[index]!;
    return value.toString("utf8", metadataOffset, dataOffset);
  }
}

/** Events with metadata stored as text. */
class KafkaTextBatch extends KafkaBatch {
  override joinedText(): string {
    return this.records.map((_, index) => this.textOf(index)).join(",");
  }

  override metadataText(index: number): string {
    return this.textOf(index);
  }
}

/** Events with consecutive offsets, in the topic's format. */
export function kafkaBatch(
  partition: number,
  baseId: number,
  timestamp: number,
  records: readonly LocatedRecord[],
  format: RecordFormat,
): KafkaBatch {
  const Batch = format.hasTextLength ? KafkaTextBatch : KafkaBatch;
  return new Batch(partition, baseId, timestamp, records, format);
}
