import { Buffer } from "node:buffer";
import { core } from "../format/core/core.ts";
import { FLAG, KIND, RECORD_BYTES, SEGMENT_HEADER_BYTES, type Signature } from "../format/bytes.ts";
import { encodeSegmentHeader, type SegmentHeader } from "../format/segment_header.ts";
import { encodePlain } from "../write/encoder.ts";

/** A frame of lost events without anything in it. */
const LOST_FRAME_BYTES_MIN = 2 * RECORD_BYTES;

/** Longer regions take several frames, so that none takes much memory. */
const LOST_FRAME_BYTES_MAX = 1 << 20;
/** A count has four bytes. */
const LOST_EVENTS_MAX = 2 ** 32 - 1;

/** Who writes frames; `sequence` is that of the last one, and is counted on. */
export type FrameWriter = Omit<Signature, "anchorId" | "anchorOffset">;

/** The fewest bytes that can hold the ids of this many lost events. */
export function tombstoneBytesMin(events: number): number {
  return Math.max(1, Math.ceil(events / LOST_EVENTS_MAX)) * LOST_FRAME_BYTES_MIN;
}

/** Bytes of a segment that are to be given up, and the ids of the events that were in them. */
export interface TombstoneRegion {
  offset: number;
  /** At least `tombstoneBytesMin()`. */
  bytes: number;
  firstId: number;
  endId: number;
}

/**
 * Frames that fill a region to the byte: they say that its events were lost, keep their ids for them, and are
 * anchored at themselves, so that what follows them keeps its ids even when they are damaged again. Each
 * is yielded as a view that is valid until the next one.
 */
export function* tombstones(
  region: TombstoneRegion,
  writer: FrameWriter,
): Generator<{ offset: number; bytes: Uint8Array }> {
  const end = region.offset + region.bytes;
  let id = region.firstId;
  for (let offset = region.offset; offset < end;) {
    const count = Math.min(region.endId - id, LOST_EVENTS_MAX);
    // Ids first: while some are left, the frames are as short as can be.
    let bytes = id + count < region.endId
      ? LOST_FRAME_BYTES_MIN
      : Math.min(end - offset, LOST_FRAME_BYTES_MAX);
    const rest = end - offset - bytes;
    // The last one needs room for its records.
    if (rest > 0 && rest < LOST_FRAME_BYTES_MIN) bytes -= LOST_FRAME_BYTES_MIN;
    writer.sequence++;
    yield { offset, bytes: encodeTombstone(bytes, count, { ...writer, anchorId: id, anchorOffset: offset }) };
    offset += bytes;
    id += count;
  }
}

/** A frame of `bytes` bytes that says of `count` events that they were lost. */
function encodeTombstone(bytes: number, count: number, signature: Signature): Uint8Array {
  const area = core.ensureEncodeArea(bytes);
  core.u8.fill(0, area, area + bytes);
  const metadataBytes = bytes - LOST_FRAME_BYTES_MIN;
  const sizes = { flags: FLAG.lost, count, extentCount: 0, metadataBytes, dataBytes: 0 };
  return core.encodeFrame(area, KIND.events, sizes, signature);
}

/** A segment all of whose events were lost: its header, frames that say so, a seal. */
export function encodeTombstoneSegment(
  header: SegmentHeader,
  endId: number,
  writer: FrameWriter,
): Uint8Array {
  const { baseId: firstId } = header;
  const parts = [encodeSegmentHeader(header)];
  if (endId > firstId) {
    const bytes = tombstoneBytesMin(endId - firstId);
    for (const frame of tombstones({ offset: SEGMENT_HEADER_BYTES, bytes, firstId, endId }, writer)) {
      parts.push(frame.bytes.slice());
    }
    writer.sequence++;
    const seal = { ...writer, anchorId: endId, anchorOffset: SEGMENT_HEADER_BYTES + bytes };
    parts.push(encodePlain(KIND.seal, seal));
  }
  return Buffer.concat(parts);
}
