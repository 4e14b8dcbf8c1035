import { core } from "../format/core/core.ts";
import { FLAG, KIND, RECORD_BYTES, type Signature } from "../format/bytes.ts";

/** A frame of lost events without anything in it. */
const LOST_FRAME_BYTES_MIN = 2 * RECORD_BYTES;

/** Longer regions take several frames, so that none takes much memory. */
const LOST_FRAME_BYTES_MAX = 1 << 20;
/** A count has four bytes. */
const LOST_EVENTS_MAX = 2 ** 32 - 1;

/** The fewest bytes that can hold the ids of so many lost events. */
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
 * anchored at themselves, so that what stands after them keeps its ids even when they are damaged again. Each
 * is given as a view that is good until the next one.
 */
export function* tombstones(
  region: TombstoneRegion,
  signature: Omit<Signature, "anchorId" | "anchorOffset">,
): Generator<{ offset: number; bytes: Uint8Array }> {
  const end = region.offset + region.bytes;
  let [id, { sequence }] = [region.firstId, signature];
  for (let offset = region.offset; offset < end; sequence++) {
    const count = Math.min(region.endId - id, LOST_EVENTS_MAX);
    // Ids first: while some are left, the frames are as short as can be.
    let bytes = id + count < region.endId
      ? LOST_FRAME_BYTES_MIN
      : Math.min(end - offset, LOST_FRAME_BYTES_MAX);
    const rest = end - offset - bytes;
    // The last one needs room for its records.
    if (rest > 0 && rest < LOST_FRAME_BYTES_MIN) bytes -= LOST_FRAME_BYTES_MIN;
    yield {
      offset,
      bytes: encodeTombstone(bytes, count, { ...signature, sequence, anchorId: id, anchorOffset: offset }),
    };
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
  core.encodeFrame(area, KIND.events, sizes, signature);
  return core.u8.subarray(area, area + bytes);
}
