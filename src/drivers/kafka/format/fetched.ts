import { Buffer } from "node:buffer";
import type { ClientConsumer } from "../client.ts";
import { LENGTH_ENDS } from "./record_batch.ts";

const IS_LOG_APPEND_TIME = 1 << 3;
const IS_CONTROL = 1 << 5;

const NO_BYTES = Buffer.alloc(0);

type ClientPartition = Awaited<
  ReturnType<ClientConsumer["fetch"]>
>["responses"][number]["partitions"][number];
type ClientBatch = NonNullable<ClientPartition["records"]>[number];

/** A record in a batch. */
export interface StoredRecord {
  offsetDelta: number;
  /** The client has big integers. */
  timestampDelta: number | bigint;
  key?: Buffer | null | undefined;
  value: Buffer | null | undefined;
}

/** What a batch contains. */
export interface BatchContent {
  /** The size of all of it, after the field that has it. */
  length: number;
  records: StoredRecord[];
  /** Why nothing of it can be read, if so; then it has no records. */
  fault?: string;
  /** How it is compressed, if this runtime does not know that; then it has no records. */
  unknownCodec?: string;
}

type FetchedBatch = Omit<ClientBatch, "records" | "length"> & BatchContent;
/** The part of a fetch response for one partition. */
export type FetchedPartition = Omit<ClientPartition, "records"> & { records?: FetchedBatch[] | null };

/** One stored record. */
export interface FetchedRecord {
  offset: number;
  /** In milliseconds since 1970. */
  timestamp: number;
  value: Buffer | null | undefined;
}

/** The client's error for one partition in a response. */
interface PartitionFault {
  /** Where in the response it is. */
  path?: string;
  apiId?: string;
}

/** The relevant content of a batch. */
interface FetchedRecords {
  records: FetchedRecord[];
  /** The first offset of the following batch. */
  nextOffset: number;
  /** Why nothing of it can be read, if so; then it has no records. */
  fault: string | undefined;
}

/**
 * Reads that many records from the pieces in which they came. They are not copied, unless they are in several pieces.
 * Throws if they do not fit.
 */
export function readRecords(pieces: readonly Buffer[], count: number): StoredRecord[] {
  const batch = new PiecesReader(pieces);
  const record = new RecordReader();
  const records: StoredRecord[] = [];
  while (records.length < count) {
    batch.locate(record, batch.varint());
    records.push(record.read());
  }
  return records;
}

/** Reads numbers with seven bits per byte, the lowest first, the highest of which says whether there is another. */
abstract class VarintReader {
  protected abstract byte(): number;

  /** The sign is the lowest bit. */
  varint(): number {
    let byte = this.byte();
    let number = byte & 0x7f;
    for (let factor = 0x80; byte >= 0x80; factor *= 0x80) {
      byte = this.byte();
      number += (byte & 0x7f) * factor;
    }
    return number % 2 === 0 ? number / 2 : -(number + 1) / 2;
  }
}

/** Reads a record, which is in one piece. */
class RecordReader extends VarintReader {
  #bytes: Buffer = NO_BYTES;
  #at = 0;
  #end = 0;

  moveTo(bytes: Buffer, at: number, end: number): void {
    this.#bytes = bytes;
    this.#at = at;
    this.#end = end;
  }

  read(): StoredRecord {
    // The attributes; none are in use.
    this.byte();
    const timestampDelta = this.varint();
    const offsetDelta = this.varint();
    const key = this.#part();
    // What follows are headers.
    return { offsetDelta, timestampDelta, key, value: this.#part() };
  }

  /** A key or a value. */
  #part(): Buffer | null {
    const size = this.varint();
    if (size < 0) return null;
    const at = this.#at;
    this.#at += size;
    if (this.#at > this.#end) throw new RangeError("a part of a record is longer than the record");
    return this.#bytes.subarray(at, this.#at);
  }

  protected override byte(): number {
    if (this.#at >= this.#end) throw new RangeError("a record is too short");
    return this.#bytes[this.#at++]!;
  }
}

/** Finds the records of a batch in its pieces. */
class PiecesReader extends VarintReader {
  #index = 0;
  #piece: Buffer;
  #at = 0;

  constructor(private readonly pieces: readonly Buffer[]) {
    super();
    this.#piece = pieces[0] ?? NO_BYTES;
  }

  /** The next bytes become those of a record. */
  locate(record: RecordReader, size: number): void {
    const end = this.#at + size;
    if (size >= 0 && end <= this.#piece.byteLength) {
      record.moveTo(this.#piece, this.#at, end);
      this.#at = end;
    } else record.moveTo(this.#join(size), 0, size);
  }

  /** The next bytes, of several pieces. */
  #join(size: number): Buffer {
    if (size < 0) throw new RangeError("a record has a negative size");
    const parts: Buffer[] = [];
    for (let left = size; left !== 0;) {
      if (this.#at === this.#piece.byteLength) this.#nextPiece();
      const part = this.#piece.subarray(this.#at, this.#at + left);
      parts.push(part);
      this.#at += part.byteLength;
      left -= part.byteLength;
    }
    return Buffer.concat(parts, size);
  }

  protected override byte(): number {
    if (this.#at === this.#piece.byteLength) this.#nextPiece();
    return this.#piece[this.#at++]!;
  }

  #nextPiece(): void {
    const next = this.pieces[++this.#index];
    if (next === undefined) throw new RangeError("a batch is too short");
    this.#piece = next;
    this.#at = 0;
  }
}

/** The records of a batch from an offset on: brokers return whole batches. */
export function recordsOf(batch: FetchedBatch, from: number): FetchedRecords {
  const first = Number(batch.firstOffset);
  const nextOffset = Math.max(from, first + batch.lastOffsetDelta + 1);
  const records: FetchedRecord[] = [];
  // Transaction markers have offsets, but are not events.
  if (batch.attributes & IS_CONTROL) return { records, nextOffset, fault: undefined };
  const firstTimestamp = Number(batch.firstTimestamp);
  const ownTime = batch.attributes & IS_LOG_APPEND_TIME ? Number(batch.maxTimestamp) : undefined;
  for (const { offsetDelta, timestampDelta, value } of batch.records) {
    const offset = first + offsetDelta;
    if (offset < from) continue;
    records.push({ offset, timestamp: ownTime ?? firstTimestamp + Number(timestampDelta), value });
  }
  return { records, nextOffset, fault: batch.fault };
}

/** Size of the largest batch, as transmitted; undefined if there is none. */
export function largestBatch({ records }: FetchedPartition): number | undefined {
  const sizes = (records ?? []).map(({ length }) => length + LENGTH_ENDS);
  return sizes.length === 0 ? undefined : sizes.reduce((one, other) => Math.max(one, other));
}

/** Whether the broker's log has other events below the fetch offset than were fetched. */
export function isDiverging({ divergingEpoch }: FetchedPartition): boolean {
  // Requests before version 12 do not have it.
  return divergingEpoch !== undefined && divergingEpoch.endOffset >= 0n;
}

/** Errors of individual partitions; undefined if the error is about something else. */
export function partitionFaults(error: unknown): Map<number, PartitionFault> | undefined {
  const { errors, response } = error as {
    errors?: PartitionFault[];
    response?: { responses?: { partitions: { partitionIndex: number }[] }[] };
  };
  if (!Array.isArray(errors) || errors.length === 0 || !Array.isArray(response?.responses)) return undefined;
  const faults = new Map<number, PartitionFault>();
  for (const fault of errors) {
    const [, topic, partition] = /^\/responses\/(\d+)\/partitions\/(\d+)/.exec(fault.path ?? "") ?? [];
    const found = response.responses[Number(topic)]?.partitions[Number(partition)]?.partitionIndex;
    if (found === undefined) return undefined;
    faults.set(found, fault);
  }
  return faults;
}
