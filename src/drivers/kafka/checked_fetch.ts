import { Buffer } from "node:buffer";
import type { ClientConsumer, ClientModule } from "./client.ts";
import { type Api, type ClientConnection, wrapApi } from "./client_internals.ts";
import {
  ATTRIBUTES_AT,
  BATCH_HEAD_BYTES,
  CHECKSUM_AT,
  COUNT_AT,
  FORMAT,
  FORMAT_AT,
  LAST_DELTA_AT,
  LENGTH_AT,
  LENGTH_ENDS,
  PRODUCER_AT,
} from "./record_batch.ts";

/**
 * Our own mark in the attributes of a batch with a checksum mismatch, whose records are removed. Kafka does not
 * use this bit.
 */
export const IS_DAMAGED: number = 1 << 14;

/** Bytes in several pieces, the client's representation. */
export interface Pieces {
  readonly length: number;
  readonly buffers: readonly Buffer[];
  /** All of them in one piece. */
  readonly buffer: Buffer;
  subarray(start?: number, end?: number): Pieces;
  readInt8(offset: number): number;
  readInt32BE(offset: number): number;
  readUInt32BE(offset: number): number;
  readBigInt64BE(offset: number): bigint;
}

type Checksum = ClientModule["crc32c"];
/** The client's own class of pieces, as its checksum function accepts it. */
type ChecksumInput = Exclude<Parameters<Checksum>[0], Uint8Array>;

type Parse = (id: number, key: number, version: number, reader: { buffer: Pieces }) => unknown;

/** The client does not verify checksums: this makes it verify every fetched batch before parsing it. */
export function checkFetches(client: ClientConsumer, module: ClientModule): void {
  wrapApi(client, module, "Fetch", (api) => checkedApi(api, module));
}

function checkedApi(api: Api, { crc32c }: ClientModule): Api {
  const checked = (connection: ClientConnection, ...parameters: unknown[]): void => {
    const send = (
      key: unknown,
      version: unknown,
      request: unknown,
      parse: unknown,
      ...rest: unknown[]
    ): void => {
      const checkedParse: Parse = (id, key, version, reader) => {
        const { buffer } = reader;
        const subarray = buffer.subarray.bind(buffer);
        // The client uses this method of a response only for the batches of a partition.
        const value: Pieces["subarray"] = (start, end) => checkedPieces(subarray(start, end), crc32c);
        Object.defineProperty(buffer, "subarray", { value });
        return (parse as Parse)(id, key, version, reader);
      };
      connection.send(key, version, request, checkedParse, ...rest);
    };
    api({ socket: connection.socket, send, close: () => connection.close() }, ...parameters);
  };
  return Object.assign(checked, { version: api.version });
}

/** What becomes of the pieces of batches of large records. */
export type LargeBatches = "joined" | "in pieces";

/**
 * In Bun a large buffer takes new pages from the system each time, which costs several times the copy. The buffers
 * of single records do not. In Deno and Node, joined batches cost half of what copies of single records do.
 */
const LARGE_BATCHES: LargeBatches = "Bun" in globalThis ? "in pieces" : "joined";

/** Smaller records are always read from batches in one piece. */
const LARGE_RECORD_BYTES = 16 * 1024;

/**
 * The batches, each in one piece, which saves the client from joining pieces, unless it has large records that are to
 * stay in pieces; damaged ones are replaced by a header without records. The last one may be incomplete.
 */
export function checkedPieces(
  pieces: Pieces,
  checksumOf: Checksum,
  large: LargeBatches = LARGE_BATCHES,
): Pieces {
  const Made = pieces.constructor as new (buffers: Buffer[]) => ChecksumInput;
  // Passed as pieces, although there is only one: the client copies a buffer before computing its checksum, which
  // takes longer than the checksum.
  const checksumOfPiece = (piece: Buffer) => checksumOf(new Made([piece]));
  const batches: Buffer[] = [];
  let at = 0;
  while (at + BATCH_HEAD_BYTES <= pieces.length) {
    const end = at + LENGTH_ENDS + pieces.readInt32BE(at + LENGTH_AT);
    if (end < at + BATCH_HEAD_BYTES || end > pieces.length) break;
    const found = pieces.subarray(at, end);
    const isKept = large === "in pieces" &&
      found.length >= found.readInt32BE(COUNT_AT) * LARGE_RECORD_BYTES;
    const parts = isKept ? found : new Made([found.buffer]);
    const isWhole = parts.readInt8(FORMAT_AT) !== FORMAT ||
      checksumOfPieces(parts.subarray(ATTRIBUTES_AT).buffers, checksumOfPiece) ===
        parts.readUInt32BE(CHECKSUM_AT);
    if (isWhole) batches.push(...parts.buffers);
    else batches.push(damagedHead(parts.buffer, nextOffset(pieces, end)));
    at = end;
  }
  if (at < pieces.length) batches.push(...pieces.subarray(at).buffers);
  return new Made(batches);
}

/** The first offset of the following batch, if there is one. */
function nextOffset(pieces: Pieces, end: number): bigint | undefined {
  return end + BATCH_HEAD_BYTES <= pieces.length ? pieces.readBigInt64BE(end) : undefined;
}

function damagedHead(batch: Buffer, next: bigint | undefined): Buffer {
  const head = Buffer.alloc(BATCH_HEAD_BYTES);
  batch.copy(head, 0, 0, PRODUCER_AT);
  head.writeInt32BE(BATCH_HEAD_BYTES - LENGTH_ENDS, LENGTH_AT);
  head.writeInt16BE(IS_DAMAGED, ATTRIBUTES_AT);
  head.writeInt32BE(lastDeltaOf(batch, next), LAST_DELTA_AT);
  return head.fill(0xff, PRODUCER_AT, COUNT_AT);
}

/**
 * The last offset of a damaged batch relative to its first, as far as it can be known: at least one event is lost.
 */
function lastDeltaOf(batch: Buffer, next: bigint | undefined): number {
  if (next !== undefined) {
    const delta = Number(next - batch.readBigInt64BE(0)) - 1;
    if (delta >= 0 && delta < batch.byteLength) return delta;
  }
  const delta = batch.readInt32BE(LAST_DELTA_AT);
  return delta >= 0 && batch.readInt32BE(COUNT_AT) === delta + 1 ? delta : 0;
}

/*
 * The checksums are CRC-32C: remainders of polynomials over two numbers, 0 and 1, the highest bit of a number being the
 * coefficient of x^0. The checksum of two pieces is that of the first times x^(bits of the second), plus that of the
 * second; so no piece has to be copied to be next to the other.
 */
const POLYNOMIAL = 0x82f63b78;
const ONE = 0x8000_0000;
const X = 0x4000_0000;

/** x^1, x^2, x^4 … up to those that lengths in bits need. */
const powers = [X];
while (powers.length < 40) powers.push(times(powers.at(-1)!, powers.at(-1)!));
/** x^8: the factor of one byte. */
const BYTE_POWER = 3;

/** The checksum of pieces, from that of each. */
export function checksumOfPieces(pieces: readonly Buffer[], checksumOf: (piece: Buffer) => number): number {
  let sum = 0;
  for (const piece of pieces) sum = (times(factorOf(piece.byteLength), sum) ^ checksumOf(piece)) >>> 0;
  return sum;
}

/** x^(bits of that many bytes). */
function factorOf(bytes: number): number {
  let factor = ONE;
  for (let rest = bytes, power = BYTE_POWER; rest > 0; rest = Math.floor(rest / 2), power++) {
    if (rest % 2 === 1) factor = times(factor, powers[power]!);
  }
  return factor;
}

/** The product of two polynomials. */
function times(one: number, other: number): number {
  let product = 0;
  for (let bit = ONE; bit !== 0; bit >>>= 1) {
    if (one & bit) product ^= other;
    other = other & 1 ? (other >>> 1) ^ POLYNOMIAL : other >>> 1;
  }
  return product >>> 0;
}
