import { Buffer, isUtf8 } from "node:buffer";
import type { OutgoingBatch, OutgoingData } from "../../contract.ts";
import { counted } from "../../counted.ts";

/*
 * The value of a record; sizes are little-endian, and there is neither a key nor a header:
 *
 *   u64  size of the metadata
 *   u64  size of the data part
 *   ...  metadata, as the topic's serializer wrote it
 *   ...  data part
 *
 * The serializers that write JSON text put its length before it as another u64. A record with both sizes
 * 0xFFFFFFFFFFFFFFFF is not an event: it marks the end of the topic.
 */

const HEADER_BYTES = 16;
const TEXT_LENGTH_BYTES = 8;
const TWO_TO_32 = 0x1_0000_0000;
const ALL_ONES = 0xffff_ffff;

/**
 * Maximum overhead of a record in a Kafka batch besides its value: length, attributes, times, the lengths of key
 * and value, and the number of headers.
 */
const FRAMING_BYTES_MAX = 26;
/** Size of a Kafka batch's header. */
export const BATCH_HEAD_BYTES = 61;
/** Maximum overhead of an event in a Kafka batch besides its metadata and data. */
export const EVENT_OVERHEAD_BYTES: number = HEADER_BYTES + TEXT_LENGTH_BYTES + FRAMING_BYTES_MAX;

/** Size of a Kafka varint: seven bits per byte, zigzag-encoded. */
function varintBytes(number: number): number {
  let bytes = 1;
  for (let rest = number * 2; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes++;
  return bytes;
}

/**
 * Encoded size of a batch with values of these sizes, without compression, with a single timestamp and no keys.
 */
export function batchBytes(values: readonly number[]): number {
  let bytes = BATCH_HEAD_BYTES;
  for (const [index, byteLength] of values.entries()) {
    // Attributes, timestamp, key and number of headers take a byte each.
    const record = 4 + varintBytes(index) + varintBytes(byteLength) + byteLength;
    bytes += varintBytes(record) + record;
  }
  return bytes;
}

/** How a topic's metadata is encoded in its records. */
export interface RecordFormat {
  /** Whether the metadata is text preceded by its length. */
  hasTextLength: boolean;
}

/** The positions of an event's parts in a record's value. */
export interface RecordParts {
  /** First byte of the metadata, after the length of a text. */
  metadataOffset: number;
  /** One past its last byte, which is the first byte of the data part; that extends to the end. */
  dataOffset: number;
}

/** Why a value is not an event. */
export interface RecordFault {
  /** What is wrong. */
  reason: string;
  /** Byte offset in the value. */
  offset: number;
}

/** The serializers of the C++ library write text preceded by its length. */
export function formatOf(serializerType: string): RecordFormat {
  return { hasTextLength: serializerType === "default" || serializerType === "schema" };
}

/** Sizes of a batch's records, known before any memory is allocated for them. */
export interface RecordSizes {
  /** Size of each event's metadata, without the length of a text. */
  metadata: number[];
  /** Size of each record's value. */
  values: number[];
  /** Total size of all values. */
  total: number;
}

/** The sizes of a batch's records; `streamedBytes` is the size of a data stream that was read before. */
export function recordSizes(batch: OutgoingBatch, format: RecordFormat, streamedBytes?: number): RecordSizes {
  const { count, metadata, data } = batch;
  const prefix = HEADER_BYTES + (format.hasTextLength ? TEXT_LENGTH_BYTES : 0);
  const sizes: RecordSizes = { metadata: new Array(count), values: new Array(count), total: 0 };
  for (let index = 0; index < count; index++) {
    const one = metadata[index]!;
    const size = typeof one === "string" ? Buffer.byteLength(one) : one.byteLength;
    sizes.metadata[index] = size;
    sizes.total += sizes.values[index] = prefix + size + (streamedBytes ?? dataSize(data?.[index]));
  }
  return sizes;
}

/** The values of a batch's records, in one buffer. A data stream must have been read before. */
export function encodeBatch(
  batch: OutgoingBatch,
  format: RecordFormat,
  streamed?: Uint8Array,
  sizes: RecordSizes = recordSizes(batch, format, streamed?.byteLength),
): Buffer[] {
  const { count, metadata } = batch;
  const prefix = HEADER_BYTES + (format.hasTextLength ? TEXT_LENGTH_BYTES : 0);
  const memory = Buffer.allocUnsafe(sizes.total);
  const values: Buffer[] = new Array(count);
  let position = 0;
  for (let index = 0; index < count; index++) {
    const start = position;
    const size = sizes.metadata[index]!;
    writeSize(memory, start, size + prefix - HEADER_BYTES);
    if (format.hasTextLength) writeSize(memory, start + HEADER_BYTES, size);
    position += prefix;
    const one = metadata[index]!;
    if (typeof one === "string") memory.write(one, position, "utf8");
    else memory.set(one, position);
    position += size;
    const dataStart = position;
    position = writeData(memory, position, streamed ?? batch.data?.[index]);
    writeSize(memory, start + 8, position - dataStart);
    if (position - start !== sizes.values[index]) {
      throw new Error(
        `Cannot encode a record: it has ${counted(position - start, "byte")}, its sizes say ${
          sizes.values[index]
        }`,
      );
    }
    values[index] = memory.subarray(start, position);
  }
  return values;
}

/** Finds the parts of an event; `undefined` for the marker at the end of a topic. */
export function decodeRecord(
  value: Buffer | null | undefined,
  format: RecordFormat,
): RecordParts | RecordFault | undefined {
  if (value === null || value === undefined) return { reason: "the record has no value", offset: 0 };
  const size = value.byteLength;
  if (size < HEADER_BYTES) {
    return {
      reason: `the record has ${counted(size, "byte")}, an event has at least ${HEADER_BYTES}`,
      offset: size,
    };
  }
  if (isEndMark(value)) return undefined;
  const metadataSize = readSize(value, 0);
  const dataSize = readSize(value, 8);
  if (HEADER_BYTES + metadataSize + dataSize !== size) {
    return misfit(size, `${counted(metadataSize, "byte")} of metadata and ${dataSize} of data`);
  }
  const dataOffset = HEADER_BYTES + metadataSize;
  if (!format.hasTextLength) return { metadataOffset: HEADER_BYTES, dataOffset };
  if (
    metadataSize < TEXT_LENGTH_BYTES || readSize(value, HEADER_BYTES) !== metadataSize - TEXT_LENGTH_BYTES
  ) {
    return { reason: "the length before the JSON text does not match the text", offset: HEADER_BYTES };
  }
  const metadataOffset = HEADER_BYTES + TEXT_LENGTH_BYTES;
  if (!isUtf8(value.subarray(metadataOffset, dataOffset))) {
    return { reason: "the JSON text is not UTF-8", offset: metadataOffset };
  }
  return { metadataOffset, dataOffset };
}

function misfit(size: number, claimed: string): RecordFault {
  return { reason: `the record has ${counted(size, "byte")}, its header says ${claimed}`, offset: 0 };
}

/** Whether it is the marker at the end of a topic. */
export function isEndMark(value: Buffer | null | undefined): boolean {
  if (value?.byteLength !== HEADER_BYTES) return false;
  for (let offset = 0; offset < HEADER_BYTES; offset += 4) {
    if (value.readUInt32LE(offset) !== ALL_ONES) return false;
  }
  return true;
}

function readSize(value: Buffer, offset: number): number {
  return value.readUInt32LE(offset) + value.readUInt32LE(offset + 4) * TWO_TO_32;
}

function writeSize(memory: Buffer, offset: number, size: number): void {
  memory.writeUInt32LE(size, offset);
  memory.writeUInt32LE(0, offset + 4);
}

function dataSize(data: OutgoingData): number {
  if (data === undefined) return 0;
  return data instanceof Uint8Array
    ? data.byteLength
    : data.reduce((sum, piece) => sum + piece.byteLength, 0);
}

function writeData(memory: Buffer, position: number, data: OutgoingData): number {
  if (data === undefined) return position;
  const pieces = data instanceof Uint8Array ? [data] : data;
  for (const piece of pieces) {
    memory.set(piece, position);
    position += piece.byteLength;
  }
  return position;
}
