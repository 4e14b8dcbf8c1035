import { Buffer } from "node:buffer";
import { core } from "../format/core/core.ts";
import { LimitExceededError } from "../../errors.ts";
import type { OutgoingBatch } from "../../contract.ts";
import {
  FLAG,
  FRAME_DATA_BYTES_MAX,
  FRAME_EVENTS_MAX,
  type FrameLayout,
  type FrameSizes,
  KIND,
  layoutOf,
  METADATA_BYTES_MAX,
  type Signature,
} from "../format/bytes.ts";
import { encodeExtents, type Extents, tableStride } from "../format/frame_body.ts";
import { checkEnd, SummedData } from "./summed_data.ts";

const text = new TextEncoder();

/** Chunks of one event: the format has two bytes for their number. */
const EXTENTS_MAX = 0xffff;

/** The most bytes that UTF-8 takes for a UTF-16 unit of a string. */
const UTF8_BYTES_MAX = 3;

const COMMA = 0x2c;

/**
 * About how long a string texts are joined to. V8 makes those of 128 KiB and more outside of the young generation, in
 * memory that it takes from the system and gives back each time.
 */
const RUN_UNITS = 96 * 1024;

/**
 * Encodes a batch as one frame in the core's encode area and returns its bytes there: a view that is valid until the
 * next call, and never across an `await`. Throws `LimitExceededError` before it takes memory for what is too large.
 */
export function encodeEvents(batch: OutgoingBatch, signature: Signature, extents?: Extents): Uint8Array {
  const { count, dataBytes } = batch;
  checkLimit(count, FRAME_EVENTS_MAX, "events", "use a smaller batch size");
  const data = dataBytes === 0 ? undefined : batch.data;
  const sizes: FrameSizes = {
    flags: data === undefined ? 0 : FLAG.hasData,
    count,
    // Data without a byte has no chunks, and the frame no extents.
    extentCount: extents?.list.length ?? 0,
    metadataBytes: 0,
    dataBytes,
  };
  checkLimit(sizes.extentCount, EXTENTS_MAX, "chunks of data", "push it in larger pieces");
  checkLimit(dataBytes, FRAME_DATA_BYTES_MAX, "bytes of data", "use a smaller batch size");
  sizes.metadataBytes = metadataBytesMaxOf(batch, writeSizes(batch.metadata, sizes));
  const largest = layoutOf(sizes);
  const area = core.ensureEncodeArea(largest.frameBytes);

  // What is before the metadata does not move, however many bytes the metadata turn out to take.
  if (isText(batch.metadata)) writeTexts(batch.metadata, area, largest, sizes);
  else writeSerialized(batch.metadata, area, largest, sizes);
  const layout = layoutOf(sizes);
  if (data !== undefined) {
    const summed = new SummedData(area, layout);
    summed.addParts(data, count);
    summed.finish();
  }
  if (sizes.extentCount > 0) writeExtents(extents!, area, layout);
  return core.encodeFrame(area, KIND.events, sizes, signature);
}

/** Encodes a frame without events: a seal, or a chunk of a large data part. */
export function encodePlain(
  kind: number,
  signature: Signature,
  content: { flags?: number; data?: readonly Uint8Array[] } = {},
): Uint8Array {
  const data = content.data ?? [];
  const dataBytes = data.reduce((sum, piece) => sum + piece.byteLength, 0);
  const sizes = { flags: content.flags ?? 0, count: 0, extentCount: 0, metadataBytes: 0, dataBytes };
  checkLimit(dataBytes, FRAME_DATA_BYTES_MAX, "bytes of data", "use smaller chunks");
  const layout = layoutOf(sizes);
  const area = core.ensureEncodeArea(layout.frameBytes);
  const summed = new SummedData(area, layout);
  for (const piece of data) summed.add(piece);
  summed.finish();
  return core.encodeFrame(area, kind, sizes, signature);
}

/** Writes the table of metadata sizes, as if all text were ASCII; returns their sum. */
function writeSizes(metadata: string[] | Uint8Array[], sizes: FrameSizes): number {
  const { table, metadata: end } = layoutOf(sizes);
  const area = core.ensureEncodeArea(end);
  const { u32 } = core;
  const { count } = sizes;
  const stride = tableStride(sizes.flags) >> 2;
  let units = 0;
  for (let index = 0, entry = (area + table) >> 2; index < count; index++, entry += stride) {
    const size = metadata[index]!.length;
    u32[entry] = size;
    units += size;
  }
  return units;
}

/** An upper bound of the metadata's bytes, with separators; throws if they are certainly too many. */
function metadataBytesMaxOf({ metadata, count }: OutgoingBatch, sizes: number): number {
  const remedy = "put large content into the data part";
  if (!isText(metadata)) {
    checkLimit(sizes, METADATA_BYTES_MAX, "bytes of metadata", remedy);
    return sizes;
  }
  const units = sizes + count - 1;
  checkLimit(units, METADATA_BYTES_MAX, "bytes of metadata", remedy);
  if (units * UTF8_BYTES_MAX <= METADATA_BYTES_MAX) return units * UTF8_BYTES_MAX;
  // Close to the limit the upper bound is not good enough: count.
  let bytes = count - 1;
  for (let index = 0; index < count; index++) bytes += Buffer.byteLength(metadata[index]!);
  checkLimit(bytes, METADATA_BYTES_MAX, "bytes of metadata", remedy);
  return bytes;
}

function checkLimit(found: number, limit: number, what: string, remedy: string): void {
  if (found <= limit) return;
  throw new LimitExceededError(
    `Cannot store a batch: it has ${found} ${what}, more than ${limit}; ${remedy}`,
  );
}

function isText(metadata: string[] | Uint8Array[]): metadata is string[] {
  return typeof metadata[0] === "string";
}

/**
 * Writes texts with a comma between them, corrects the table for those that are not ASCII, and completes `sizes`. Text
 * goes to the core in runs of many events, which costs less than a call for each.
 */
function writeTexts(
  texts: string[],
  area: number,
  { table, metadata }: FrameLayout,
  sizes: FrameSizes,
): void {
  const { u8 } = core;
  const { count } = sizes;
  const start = area + metadata;
  const end = start + sizes.metadataBytes;
  let isAscii = true;
  let to = start;
  const perRun = Math.ceil(count / Math.ceil(sizes.metadataBytes / (RUN_UNITS * UTF8_BYTES_MAX)));
  for (let first = 0, last = 0; first < count; first = last) {
    last = Math.min(first + perRun, count);
    if (first > 0) u8[to++] = COMMA;
    const some = texts.slice(first, last);
    const run = some.length === 1 ? some[0]! : some.join(",");
    const { written } = text.encodeInto(run, u8.subarray(to, end));
    if (written !== run.length) {
      isAscii = false;
      const stride = tableStride(sizes.flags);
      checkEnd("metadata", written, correctSizes(some, area + table + first * stride, stride));
    }
    to += written;
  }
  sizes.flags |= FLAG.jsonText | (isAscii ? FLAG.ascii : 0);
  sizes.metadataBytes = to - start;
}

/** Writes the sizes in UTF-8 of the texts of a run; returns that of the run. */
function correctSizes(texts: string[], table: number, stride: number): number {
  let sum = texts.length - 1;
  for (const [index, text] of texts.entries()) {
    const bytes = Buffer.byteLength(text);
    core.u32[(table + index * stride) >>> 2] = bytes;
    sum += bytes;
  }
  return sum;
}

/** Writes what a serializer returned. */
function writeSerialized(
  parts: Uint8Array[],
  area: number,
  { metadata }: FrameLayout,
  sizes: FrameSizes,
): void {
  const { u8 } = core;
  const end = area + metadata + sizes.metadataBytes;
  let to = area + metadata;
  for (let index = 0; index < sizes.count; index++) {
    const part = parts[index]!;
    const next = to + part.byteLength;
    if (next > end) checkEnd("bytes", next, end);
    u8.set(part, to);
    to = next;
  }
  checkEnd("metadata", to, end);
}

function writeExtents(extents: Extents, area: number, layout: FrameLayout): void {
  const end = encodeExtents(core.view, area + layout.extents, extents);
  checkEnd("extents", end, area + layout.blockSums);
  checkEnd("chunks", extents.list.reduce((bytes, { dataBytes }) => bytes + dataBytes, 0), extents.totalBytes);
}
