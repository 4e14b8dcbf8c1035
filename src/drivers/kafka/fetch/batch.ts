import type { Buffer } from "node:buffer";
import type { DataRange, IncomingBatch } from "../../../contract.ts";
import { scatter } from "../../../contract/scatter.ts";
import type { RecordFormat, RecordParts } from "../format/record.ts";

/** An event's record, and the position of its parts in it. */
export interface LocatedRecord {
  value: Buffer;
  parts: RecordParts;
}

/** Consecutive offsets of a partition, stored at the same time. */
interface KafkaRun {
  partition: number;
  /** The first offset. */
  baseId: number;
  /** Milliseconds since 1970. */
  timestamp: number;
  records: readonly LocatedRecord[];
  format: RecordFormat;
}

/** Events with consecutive offsets, stored at the same time. */
export class KafkaBatch implements IncomingBatch {
  readonly partition: number;
  readonly baseId: number;
  readonly timestamp: number;
  readonly count: number;
  joinedText?(): string;
  metadataText?(index: number): string;

  constructor(protected readonly run: KafkaRun) {
    this.partition = run.partition;
    this.baseId = run.baseId;
    this.timestamp = run.timestamp;
    this.count = run.records.length;
  }

  /** A range of its events. */
  slice(first: number, count: number): KafkaBatch {
    if (first === 0 && count === this.count) return this;
    const { run } = this;
    return kafkaBatch({
      ...run,
      baseId: run.baseId + first,
      records: run.records.slice(first, first + count),
    });
  }

  metadataBytes(index: number): Uint8Array {
    const { value, parts: { metadataOffset, dataOffset } } = this.run.records[index]!;
    return Uint8Array.prototype.slice.call(value, metadataOffset, dataOffset);
  }

  dataSize(index: number): number {
    const { value, parts: { dataOffset } } = this.run.records[index]!;
    return value.byteLength - dataOffset;
  }

  readData(index: number, ranges: readonly DataRange[], into: readonly Uint8Array[]): void {
    const { value, parts: { dataOffset } } = this.run.records[index]!;
    scatter(ranges, into, (offset, target) => {
      const from = dataOffset + offset;
      target.set(value.subarray(from, from + target.byteLength));
    });
  }

  viewData(index: number, { offset, size }: DataRange): Uint8Array {
    const { value, parts: { dataOffset } } = this.run.records[index]!;
    return new Uint8Array(value.buffer, value.byteOffset + dataOffset + offset, size);
  }

  protected textOf(index: number): string {
    const { value, parts: { metadataOffset, dataOffset } } = this.run.records[index]!;
    return value.toString("utf8", metadataOffset, dataOffset);
  }
}

/** Events with metadata stored as text. */
class KafkaTextBatch extends KafkaBatch {
  override joinedText(): string {
    return this.run.records.map((_, index) => this.textOf(index)).join(",");
  }

  override metadataText(index: number): string {
    return this.textOf(index);
  }
}

/** Events with consecutive offsets, in the topic's format. */
export function kafkaBatch(run: KafkaRun): KafkaBatch {
  return run.format.hasTextLength ? new KafkaTextBatch(run) : new KafkaBatch(run);
}
