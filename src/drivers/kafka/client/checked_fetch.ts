import { Buffer } from "node:buffer";
import { crc32c } from "../../../log/mod.ts";
import type { ClientConsumer, ClientModule } from "../client.ts";
import { type Api, type Send, sendingWith, wrapApi } from "./client_internals.ts";
import { type BatchContent, readRecords, type StoredRecord } from "../format/fetched.ts";
import {
  ATTRIBUTES_AT,
  BATCH_HEAD_BYTES,
  CHECKSUM_AT,
  COMPRESSION,
  COUNT_AT,
  FORMAT,
  FORMAT_AT,
  LAST_DELTA_AT,
  LENGTH_AT,
  LENGTH_ENDS,
} from "../format/record_batch.ts";

/** Bytes in several pieces, the client's representation. */
interface Pieces {
  readonly length: number;
  readonly buffers: readonly Buffer[];
  /** All of them in one piece. */
  readonly buffer: Buffer;
  subarray(start?: number, end?: number): Pieces;
  readInt8(offset: number): number;
  readInt16BE(offset: number): number;
  readInt32BE(offset: number): number;
  readUInt32BE(offset: number): number;
  readBigInt64BE(offset: number): bigint;
}

/** A batch: its header, without records, and what it contains. */
interface ReadBatch {
  head: Buffer;
  content: BatchContent;
}

type Parse = (id: number, key: number, version: number, reader: { buffer: Pieces }) => unknown;

interface FetchAnswer {
  responses: { partitions: { records?: object[] | null }[] }[];
}

/**
 * Reads the records of fetched batches, instead of the client: it creates several objects and big integers for each,
 * copies large ones, and does not verify checksums.
 */
export function readFetches(client: ClientConsumer, module: ClientModule, isChecking: boolean): void {
  wrapApi(client, module, "Fetch", (api) => readingApi(api, module, isChecking));
}

function readingApi(api: Api, module: ClientModule, isChecking: boolean): Send {
  return (connection, ...parameters) => {
    const send = (
      key: unknown,
      version: unknown,
      request: unknown,
      parse: unknown,
      ...rest: unknown[]
    ): void => {
      const readingParse: Parse = (id, key, version, reader) => {
        const { buffer } = reader;
        const subarray = buffer.subarray.bind(buffer);
        const batches: ReadBatch[] = [];
        // The client uses this method of a response only for the batches of a partition: it gets their headers.
        const value = (start: number, end: number) => {
          const read = readBatches(subarray(start, end), module, isChecking);
          batches.push(...read);
          return piecesLike(buffer, read.map(({ head }) => head));
        };
        Object.defineProperty(buffer, "subarray", { value });
        try {
          return complete((parse as Parse)(id, key, version, reader) as FetchAnswer, batches);
        } catch (error) {
          const { response } = error as { response?: FetchAnswer };
          if (response !== undefined) complete(response, batches);
          throw error;
        }
      };
      connection.send(key, version, request, readingParse, ...rest);
    };
    api(sendingWith(connection, send), ...parameters);
  };
}

/** Adds to the batches in a response what they contain. */
function complete(answer: FetchAnswer, batches: readonly ReadBatch[]): FetchAnswer {
  const heads = answer.responses.flatMap(({ partitions }) =>
    partitions.flatMap(({ records }) => records ?? [])
  );
  for (const [index, { content }] of batches.entries()) Object.assign(heads[index]!, content);
  return answer;
}

function piecesLike(pieces: Pieces, buffers: Buffer[]): Pieces {
  return new (pieces.constructor as new (buffers: Buffer[]) => Pieces)(buffers);
}

/** What becomes of the pieces of batches of large records. */
export type LargeBatches = "joined" | "in pieces";

/**
 * In Deno and Node one copy of such a batch costs half of what copies of single records do. In Bun a large buffer takes
 * new pages from the system each time, which costs several times the copy, and most records are in one piece.
 */
const LARGE_BATCHES: LargeBatches = "Bun" in globalThis ? "in pieces" : "joined";

/** By their number in the attributes. */
const CODECS = ["none", "gzip", "snappy", "lz4", "zstd"];

/** Smaller records are in one piece mostly. */
const LARGE_RECORD_BYTES = 16 * 1024;

/** Reads batches, one after the other; the last one may be incomplete, and is left out. */
export function readBatches(
  pieces: Pieces,
  module: ClientModule,
  isChecking: boolean,
  large: LargeBatches = LARGE_BATCHES,
): ReadBatch[] {
  const batches: ReadBatch[] = [];
  for (let at = 0, end; at + ATTRIBUTES_AT <= pieces.length; at = end) {
    end = at + LENGTH_ENDS + pieces.readInt32BE(at + LENGTH_AT);
    if (end > pieces.length) break;
    if (end < at + ATTRIBUTES_AT) {
      // Where the next one begins is unknown.
      batches.push(damaged(pieces.subarray(at), undefined, "its length is wrong"));
      break;
    }
    const found = pieces.subarray(at, end);
    const isJoined = large === "joined" && found.length >= BATCH_HEAD_BYTES &&
      found.length >= found.readInt32BE(COUNT_AT) * LARGE_RECORD_BYTES;
    const batch = isJoined ? piecesLike(pieces, [found.buffer]) : found;
    const next = end + BATCH_HEAD_BYTES <= pieces.length ? pieces.readBigInt64BE(end) : undefined;
    const fault = faultOf(batch, isChecking);
    batches.push(fault === undefined ? readBatch(batch, next, module) : damaged(batch, next, fault));
  }
  return batches;
}

/** What is wrong with a batch as a whole. */
function faultOf(batch: Pieces, isChecking: boolean): string | undefined {
  const format = batch.readInt8(FORMAT_AT);
  if (format !== FORMAT) {
    return `it has format ${format}, and only ${FORMAT} is known, which Kafka has since 0.11`;
  }
  if (batch.length < BATCH_HEAD_BYTES) return "its length is wrong";
  if (!isChecking) return undefined;
  const { buffers } = batch.subarray(ATTRIBUTES_AT);
  const sum = buffers.reduce((before, piece) => crc32c(piece, before), 0);
  return sum === batch.readUInt32BE(CHECKSUM_AT) ? undefined : "its checksum is wrong";
}

function readBatch(batch: Pieces, next: bigint | undefined, module: ClientModule): ReadBatch {
  const { buffers } = batch.subarray(BATCH_HEAD_BYTES);
  const compression = batch.readInt16BE(ATTRIBUTES_AT) & COMPRESSION;
  const count = batch.readInt32BE(COUNT_AT);
  let records: StoredRecord[];
  try {
    records = readRecords(compression === 0 ? buffers : [decompressed(batch, compression, module)], count);
  } catch (error) {
    if (error instanceof module.UnsupportedCompressionError) {
      const unknownCodec = CODECS[compression] ?? `number ${compression}`;
      return {
        head: headOf(batch),
        content: { length: batch.length - LENGTH_ENDS, records: [], unknownCodec },
      };
    }
    return damaged(batch, next, "its records cannot be read");
  }
  return { head: headOf(batch), content: { length: batch.length - LENGTH_ENDS, records } };
}

function decompressed(batch: Pieces, compression: number, module: ClientModule): Buffer {
  const { compressionsAlgorithmsByBitmask: known, UnsupportedCompressionError } = module;
  const algorithm = known[compression];
  if (algorithm === undefined) {
    throw new UnsupportedCompressionError(`compression number ${compression} is not known`);
  }
  return algorithm.decompressSync(batch.subarray(BATCH_HEAD_BYTES).buffer);
}

/** The header, as that of a batch without records. */
function headOf(batch: Pieces): Buffer {
  const head = Buffer.alloc(BATCH_HEAD_BYTES);
  head.set(batch.subarray(0, Math.min(batch.length, BATCH_HEAD_BYTES)).buffer);
  head.writeInt32BE(BATCH_HEAD_BYTES - LENGTH_ENDS, LENGTH_AT);
  head.writeInt16BE(head.readInt16BE(ATTRIBUTES_AT) & ~COMPRESSION, ATTRIBUTES_AT);
  head.writeInt32BE(0, COUNT_AT);
  return head;
}

/** Nothing in it can be trusted but its ids, as far as they are confirmed. */
function damaged(batch: Pieces, next: bigint | undefined, fault: string): ReadBatch {
  const head = headOf(batch);
  head.writeInt16BE(0, ATTRIBUTES_AT);
  head.writeInt32BE(lastDeltaOf(batch, next), LAST_DELTA_AT);
  return { head, content: { length: batch.length - LENGTH_ENDS, records: [], fault } };
}

/**
 * The last offset of a damaged batch relative to its first, as far as it can be known: at least one event is lost.
 */
function lastDeltaOf(batch: Pieces, next: bigint | undefined): number {
  if (next !== undefined) {
    const delta = Number(next - batch.readBigInt64BE(0)) - 1;
    if (delta >= 0 && delta < batch.length) return delta;
  }
  if (batch.length < BATCH_HEAD_BYTES || batch.readInt8(FORMAT_AT) !== FORMAT) return 0;
  const delta = batch.readInt32BE(LAST_DELTA_AT);
  return delta >= 0 && batch.readInt32BE(COUNT_AT) === delta + 1 ? delta : 0;
}
