import { core } from "./core.ts";
import { LimitExceededError } from "../errors.ts";
import type { OutgoingBatch, OutgoingData } from "../drivers/contract.ts";
import { DATA_BLOCK_BYTES, EXTENT_BYTES, FLAG, KIND, RECORD_BYTES } from "./format.ts";

/** Metadata of one frame: the reader holds it all in memory at once. */
export const METADATA_BYTES_MAX = 16 * 1024 * 1024;
/** Data of one frame of events; larger parts go ahead of their event in chunks. */
export const FRAME_DATA_BYTES_MAX = 16 * 1024 * 1024;

/** Who writes, and where the frame is anchored. */
export interface Signature {
  salt: number;
  sequence: number;
  nonceLow: number;
  nonceHigh: number;
  /** Milliseconds since 1970. */
  time: number;
  anchorId: number;
  anchorOffset: number;
}

/** One chunk frame that holds a piece of a large data part. */
export interface Extent {
  /** First id of the segment the chunk lies in. */
  segmentId: number;
  /** Offset of the chunk frame in that segment. */
  offset: number;
  /** Data bytes in it. */
  dataBytes: number;
}

/** A data part that was written ahead in chunks. */
export interface Extents {
  totalBytes: number;
  list: readonly Extent[];
}

const text = new TextEncoder();

/**
 * Encodes a batch as one frame in the core's encode area and gives its bytes there: a view that is good until
 * the next call, and never across an `await`.
 */
export function encodeEvents(batch: OutgoingBatch, signature: Signature, extents?: Extents): Uint8Array {
  const { count, dataBytes } = batch;
  const hasData = batch.data !== undefined && dataBytes > 0;
  const joined = typeof batch.metadata[0] === "string"
    ? joinTexts(batch.metadata as string[], count)
    : undefined;
  const metadataBytesMax = joined === undefined
    ? sumOfSizes(batch.metadata as Uint8Array[], count)
    : joined.length * 3;
  if (dataBytes > FRAME_DATA_BYTES_MAX) {
    throw new LimitExceededError(
      `Cannot store a batch: its data parts add up to ${dataBytes} bytes, more than ${FRAME_DATA_BYTES_MAX} a batch; use a smaller batch size`,
    );
  }

  const table = RECORD_BYTES;
  const extentsAt = table + count * (hasData ? 8 : 4);
  const extentCount = extents?.list.length ?? 0;
  const sums = extentsAt + (extentCount > 0 ? 8 + extentCount * EXTENT_BYTES : 0);
  const metadata = sums + 4 * Math.ceil((hasData ? dataBytes : 0) / DATA_BLOCK_BYTES);
  core.ensureEncodeArea(metadata + metadataBytesMax + (hasData ? dataBytes : 0) + RECORD_BYTES);
  const area = core.encodeArea;

  let flags = hasData ? FLAG.hasData : 0;
  let metadataBytes: number;
  const stride = hasData ? 2 : 1;
  if (joined !== undefined) {
    flags |= FLAG.jsonText;
    const texts = batch.metadata as string[];
    const target = core.u8.subarray(area + metadata, area + metadata + metadataBytesMax);
    metadataBytes = text.encodeInto(joined, target).written;
    const isAscii = metadataBytes === joined.length;
    if (isAscii) flags |= FLAG.ascii;
    const { u32 } = core;
    for (let index = 0, at = (area + table) >>> 2; index < count; index++, at += stride) {
      u32[at] = isAscii ? texts[index].length : utf8Length(texts[index]);
    }
  } else {
    metadataBytes = writeSerialized(batch.metadata as Uint8Array[], count, { area, table, metadata, stride });
  }
  if (metadataBytes > METADATA_BYTES_MAX) {
    throw new LimitExceededError(
      `Cannot store a batch: its metadata takes ${metadataBytes} bytes, more than ${METADATA_BYTES_MAX}; put large content into the data part`,
    );
  }
  if (hasData) writeData(batch.data!, count, area + table, area + metadata + metadataBytes);
  if (extents !== undefined) writeExtents(extents, area + extentsAt);

  const frameBytes = core.encodeFrame(
    area,
    KIND.events,
    flags,
    extentCount,
    signature.salt,
    signature.sequence,
    signature.nonceLow,
    signature.nonceHigh,
    count,
    metadataBytes,
    hasData ? dataBytes : 0,
    signature.time,
    signature.anchorId,
    signature.anchorOffset,
  );
  return core.u8.subarray(area, area + frameBytes);
}

/** Encodes a frame without events: a seal, or a chunk of a large data part. */
export function encodePlain(
  kind: number,
  signature: Signature,
  content: { flags?: number; data?: readonly Uint8Array[] } = {},
): Uint8Array {
  const data = content.data ?? [];
  const dataBytes = data.reduce((sum, piece) => sum + piece.byteLength, 0);
  const dataAt = RECORD_BYTES + 4 * Math.ceil(dataBytes / DATA_BLOCK_BYTES);
  core.ensureEncodeArea(dataAt + dataBytes + RECORD_BYTES);
  const area = core.encodeArea;
  let at = area + dataAt;
  for (const piece of data) {
    core.u8.set(piece, at);
    at += piece.byteLength;
  }
  const frameBytes = core.encodeFrame(
    area,
    kind,
    content.flags ?? 0,
    0,
    signature.salt,
    signature.sequence,
    signature.nonceLow,
    signature.nonceHigh,
    0,
    0,
    dataBytes,
    signature.time,
    signature.anchorId,
    signature.anchorOffset,
  );
  return core.u8.subarray(area, area + frameBytes);
}

function joinTexts(texts: string[], count: number): string {
  if (count === 1) return texts[0];
  return (texts.length === count ? texts : texts.slice(0, count)).join(",");
}

function sumOfSizes(parts: Uint8Array[], count: number): number {
  let sum = 0;
  for (let index = 0; index < count; index++) sum += parts[index].byteLength;
  return sum;
}

function writeSerialized(
  parts: Uint8Array[],
  count: number,
  place: { area: number; table: number; metadata: number; stride: number },
): number {
  const { u8, u32 } = core;
  const start = place.area + place.metadata;
  let to = start;
  for (let index = 0, at = (place.area + place.table) >>> 2; index < count; index++, at += place.stride) {
    const part = parts[index];
    u8.set(part, to);
    to += part.byteLength;
    u32[at] = part.byteLength;
  }
  return to - start;
}

function writeData(data: readonly OutgoingData[], count: number, table: number, start: number): void {
  const { u8, u32 } = core;
  let to = start;
  for (let index = 0, at = (table >>> 2) + 1; index < count; index++, at += 2) {
    const part = data[index];
    const from = to;
    if (part instanceof Uint8Array) {
      u8.set(part, to);
      to += part.byteLength;
    } else if (part !== undefined) {
      for (const piece of part) {
        u8.set(piece, to);
        to += piece.byteLength;
      }
    }
    u32[at] = to - from;
  }
}

function writeExtents(extents: Extents, start: number): void {
  const { view } = core;
  core.writeSafeInteger(start, extents.totalBytes);
  let at = start + 8;
  for (const { segmentId, offset, dataBytes } of extents.list) {
    core.writeSafeInteger(at, segmentId);
    view.setUint32(at + 8, offset, true);
    view.setUint32(at + 12, dataBytes, true);
    at += EXTENT_BYTES;
  }
}

/** UTF-8 bytes of a text, lone surrogates counted as the replacement character they become. */
function utf8Length(value: string): number {
  let bytes = value.length;
  for (let index = 0; index < value.length; index++) {
    const unit = value.charCodeAt(index);
    if (unit < 0x80) continue;
    if (unit < 0x800) bytes += 1;
    else if (unit >= 0xd800 && unit < 0xdc00 && isLowSurrogate(value.charCodeAt(index + 1))) {
      bytes += 2;
      index++;
    } else bytes += 2;
  }
  return bytes;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}
