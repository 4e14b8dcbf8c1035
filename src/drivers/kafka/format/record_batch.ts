import { Buffer } from "node:buffer";
import { crc32c } from "../../../log/mod.ts";
import { type Checksum, checksumOfPieces } from "./checksum.ts";

/*
 * A Kafka batch, sizes big-endian; the checksum (CRC-32C) is of everything after it:
 *
 *   0 i64 first offset   8 i32 length of what follows   12 i32 epoch   16 i8 format   17 u32 checksum
 *   21 i16 attributes   23 i32 last offset - first   27 i64 first time   35 i64 last time
 *   43 i64 producer   51 i16 its epoch   53 i32 its first number   57 i32 number of records   61 records
 *
 * A record, all numbers as zigzag varints:
 *
 *   length of what follows, i8 attributes, time - first time, offset - first offset, length of the key (-1: none),
 *   length of the value, value, number of headers
 */
export const LENGTH_AT = 8;
/** What the length does not count. */
export const LENGTH_ENDS = 12;
const EPOCH_AT = 12;
export const FORMAT_AT = 16;
export const CHECKSUM_AT = 17;
export const ATTRIBUTES_AT = 21;
/** How the records are compressed, in the attributes. */
export const COMPRESSION = 0b111;
export const LAST_DELTA_AT = 23;
const FIRST_TIME_AT = 27;
const LAST_TIME_AT = 35;
const PRODUCER_AT = 43;
const PRODUCER_EPOCH_AT = 51;
const SEQUENCE_AT = 53;
export const COUNT_AT = 57;
/** Size of the header. */
export const BATCH_HEAD_BYTES = 61;
/** The batch format with this checksum. */
export const FORMAT = 2;

/** Set by the leader; some brokers reject any other value. */
const EPOCH_UNKNOWN = -1;
/** The varint of -1. */
const NO_KEY = 1;
/** Maximum overhead of a record besides its value. */
export const FRAMING_BYTES_MAX = 26;

/** Values of records, which are written on demand. */
export interface Records {
  /** The size of each. */
  readonly sizes: readonly number[];
  /** Writes one of them. */
  write(index: number, memory: Buffer, at: number): void;
}

/** Consecutive ones. */
export interface RecordRange {
  records: Records;
  first: number;
  count: number;
}

/** What the leader of a partition knows a batch by, and when its events were pushed. */
interface BatchOrigin {
  producerId: bigint;
  producerEpoch: number;
  sequence: number;
  /** In milliseconds since 1970. */
  time: number;
}

/** How records are compressed. */
interface Compressor {
  compress?(records: Buffer): Promise<Buffer>;
  compressSync(records: Buffer): Buffer;
  /** In the attributes of a batch. */
  readonly bitmask: number;
}

/** Zeros after each batch, for the end of a request. */
const ZEROS = 4;

/** Records as a Kafka batch. */
export class RecordBatch {
  /** How often it was made ready to be sent. */
  sendings = 0;
  /** The checksum of the records. */
  #recordsSum: number | undefined;

  private constructor(readonly count: number, readonly bytes: Buffer) {}

  /** Memory for a batch and the zeros after it. */
  static #allocate(size: number, memory?: BatchMemory): Buffer {
    const bytes = memory?.take(size + ZEROS) ?? Buffer.allocUnsafe(size + ZEROS);
    return bytes.fill(0, size, size + ZEROS).subarray(0, size);
  }

  /** The batch and some zeros. */
  followedBy(zeros: number): Buffer {
    const { buffer, byteOffset, byteLength } = this.bytes;
    return Buffer.from(buffer, byteOffset, byteLength + zeros);
  }

  /** Its origin is still missing. */
  static encode(ranges: readonly RecordRange[], memory?: BatchMemory): RecordBatch {
    const size = batchBytes(ranges);
    const bytes = RecordBatch.#allocate(size, memory);
    const count = countOf(ranges);
    writeHead(bytes, count, 0);
    let at = BATCH_HEAD_BYTES;
    let delta = 0;
    for (const { records, first, count } of ranges) {
      for (let index = first; index < first + count; index++, delta++) {
        const size = records.sizes[index]!;
        at = writeVarint(bytes, at, bodyBytes(delta, size));
        bytes[at++] = 0;
        bytes[at++] = 0;
        at = writeVarint(bytes, at, delta);
        bytes[at++] = NO_KEY;
        at = writeVarint(bytes, at, size);
        records.write(index, bytes, at);
        at += size;
        bytes[at++] = 0;
      }
    }
    return new RecordBatch(count, bytes);
  }

  /** The same with its records compressed. */
  async compressed(compressor: Compressor): Promise<RecordBatch> {
    const records = this.bytes.subarray(BATCH_HEAD_BYTES);
    const small = await (compressor.compress?.(records) ?? compressor.compressSync(records));
    const bytes = RecordBatch.#allocate(BATCH_HEAD_BYTES + small.byteLength);
    writeHead(bytes, this.count, compressor.bitmask);
    bytes.set(small, BATCH_HEAD_BYTES);
    return new RecordBatch(this.count, bytes);
  }

  /** Computes the checksum of its records, so that it can be sealed at once. */
  sum(checksumOf: Checksum = crc32c): number {
    return this.#recordsSum ??= checksumOf(this.bytes.subarray(BATCH_HEAD_BYTES));
  }

  /** Adds what it is known by, and its checksum. */
  seal({ producerId, producerEpoch, sequence, time }: BatchOrigin, checksumOf: Checksum = crc32c): void {
    const { bytes } = this;
    this.sendings++;
    bytes.writeBigInt64BE(BigInt(time), FIRST_TIME_AT);
    bytes.writeBigInt64BE(BigInt(time), LAST_TIME_AT);
    bytes.writeBigInt64BE(producerId, PRODUCER_AT);
    bytes.writeInt16BE(producerEpoch, PRODUCER_EPOCH_AT);
    bytes.writeInt32BE(sequence, SEQUENCE_AT);
    const head = bytes.subarray(ATTRIBUTES_AT, BATCH_HEAD_BYTES);
    const sum = checksumOfPieces(
      [head, bytes.subarray(BATCH_HEAD_BYTES)],
      (piece) => piece === head ? checksumOf(head) : this.sum(checksumOf),
    );
    bytes.writeUInt32BE(sum, CHECKSUM_AT);
  }
}

/** Values that exist already. */
export function recordsOf(values: readonly Uint8Array[]): RecordRange {
  const records: Records = {
    sizes: values.map(({ byteLength }) => byteLength),
    write: (index, memory, at) => memory.set(values[index]!, at),
  };
  return { records, first: 0, count: values.length };
}

/** Their number. */
export function countOf(ranges: readonly RecordRange[]): number {
  return ranges.reduce((sum, { count }) => sum + count, 0);
}

/** Those from one on. */
export function sliceRanges(ranges: readonly RecordRange[], from: number, count: number): RecordRange[] {
  const slices: RecordRange[] = [];
  let skipped = from;
  let left = count;
  for (const range of ranges) {
    const taken = Math.min(range.count - skipped, left);
    if (taken > 0) slices.push({ ...range, first: range.first + skipped, count: taken });
    left -= Math.max(0, taken);
    skipped = Math.max(0, skipped - range.count);
  }
  return slices;
}

/** Size of a batch of them, without compression. */
export function batchBytes(ranges: readonly RecordRange[]): number {
  let bytes = BATCH_HEAD_BYTES;
  let delta = 0;
  for (const { records: { sizes }, first, count } of ranges) {
    for (let index = first; index < first + count; index++, delta++) {
      const body = bodyBytes(delta, sizes[index]!);
      bytes += varintBytes(body) + body;
    }
  }
  return bytes;
}

function bodyBytes(delta: number, size: number): number {
  // Attributes, time, key and number of headers take a byte each.
  return 4 + varintBytes(delta) + varintBytes(size) + size;
}

function writeHead(bytes: Buffer, count: number, attributes: number): void {
  bytes.fill(0, 0, BATCH_HEAD_BYTES);
  bytes.writeInt32BE(bytes.byteLength - LENGTH_ENDS, LENGTH_AT);
  bytes.writeInt32BE(EPOCH_UNKNOWN, EPOCH_AT);
  bytes.writeInt8(FORMAT, FORMAT_AT);
  bytes.writeInt16BE(attributes, ATTRIBUTES_AT);
  bytes.writeInt32BE(count - 1, LAST_DELTA_AT);
  bytes.writeInt32BE(count, COUNT_AT);
}

/** Size of a varint: seven bits per byte, zigzag-encoded. */
function varintBytes(number: number): number {
  let bytes = 1;
  for (let rest = number * 2; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes++;
  return bytes;
}

/** Writes a number of at least 0, and returns where it ends. */
function writeVarint(bytes: Buffer, at: number, number: number): number {
  let rest = number * 2;
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes[at++] = (rest & 0x7f) | 0x80;
  bytes[at++] = rest;
  return at;
}

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
