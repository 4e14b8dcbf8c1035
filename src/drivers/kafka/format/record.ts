import { Buffer, isUtf8 } from "node:buffer";
import type { OutgoingBatch, OutgoingData } from "../../../contract.ts";
import { counted } from "../../../text/counted.ts";
import { FRAMING_BYTES_MAX, type Records } from "./record_batch.ts";

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

/** Maximum overhead of an event in a Kafka batch besides its metadata and data. */
export const EVENT_OVERHEAD_BYTES: number = HEADER_BYTES + TEXT_LENGTH_BYTES + FRAMING_BYTES_MAX;

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
interface RecordFault {
  /** What is wrong. */
  reason: string;
  /** Byte offset in the value. */
  offset: number;
}

/** The serializers of the C++ library write text preceded by its length. */
export function formatOf(serializerType: string): RecordFormat {
  return { hasTextLength: serializerType === "default" || serializerType === "schema" };
}

/** The records of a batch's events; a data stream was read before. */
export class EventRecords implements Records {
  readonly sizes: readonly number[];
  /** Size of each event's metadata, without the length of a text. */
  readonly #metadataSizes: readonly number[];

  constructor(
    private readonly batch: OutgoingBatch,
    private readonly format: RecordFormat,
    private readonly streamed?: Uint8Array,
  ) {
    const { count, metadata, data } = batch;
    const prefix = HEADER_BYTES + (format.hasTextLength ? TEXT_LENGTH_BYTES : 0);
    const sizes: number[] = this.sizes = new Array(count);
    const metadataSizes: number[] = this.#metadataSizes = new Array(count);
    for (let index = 0; index < count; index++) {
      const one = metadata[index]!;
      const size = metadataSizes[index] = typeof one === "string" ? Buffer.byteLength(one) : one.byteLength;
      sizes[index] = prefix + size + (streamed?.byteLength ?? dataSize(data?.[index]));
    }
  }

  write(index: number, memory: Buffer, at: number): void {
    const { batch: { metadata, data }, format: { hasTextLength }, streamed } = this;
    const size = this.#metadataSizes[index]!;
    const textAt = at + HEADER_BYTES + (hasTextLength ? TEXT_LENGTH_BYTES : 0);
    const dataAt = textAt + size;
    const end = at + this.sizes[index]!;
    writeSize(memory, at, dataAt - at - HEADER_BYTES);
    writeSize(memory, at + 8, end - dataAt);
    if (hasTextLength) writeSize(memory, at + HEADER_BYTES, size);
    const one = metadata[index]!;
    if (typeof one === "string") memory.write(one, textAt, "utf8");
    else memory.set(one, textAt);
    const written = writeData(memory, dataAt, streamed ?? data?.[index]);
    if (written === end) return;
    throw new Error(
      `Cannot encode a record: it has ${counted(written - at, "byte")}, its sizes say ${end - at}`,
    );
  }
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
