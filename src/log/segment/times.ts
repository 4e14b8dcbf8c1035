import { KIND, RECORD_BYTES } from "../format/bytes.ts";
import { READ_AHEAD_BYTES } from "./window.ts";
import { step } from "./frame_scanner.ts";
import { type Segment, startOf } from "./segment_file.ts";
import { entriesFrom } from "./entries.ts";
import type { IndexedPosition } from "./index.ts";

/**
 * The newest time in a segment that another one follows, in milliseconds since 1970. Times in a segment do not go back:
 * each writer gives its frame the newest time it has seen in the segment, or the clock's if that is later. It has seen
 * everything before the offset where it expected its frame, because it read up to there from an index entry, which
 * holds the newest time before it. So nothing before the offset where the seal was expected is newer than the seal.
 * (One frame of a writer that was overtaken while the clock stepped back may be older than the frame before it.)
 */
export function newestTimeOfSealed(segment: Segment): number {
  return segment.newestTime ??= sealTime(segment) ??
    newestTimeBefore({ ...startOf(segment), time: segment.created });
}

function sealTime(segment: Segment): number | undefined {
  const end = segment.sealOffset();
  if (typeof end !== "number") return undefined;
  const seal = step(segment, end, RECORD_BYTES);
  if (seal.kind !== "frame" || seal.frame.kind !== KIND.seal) return undefined;
  let { time } = seal.frame;
  // Frames that were appended between the writer's last read and its seal.
  for (let offset = seal.frame.anchorOffset; offset < end;) {
    const found = step(segment, offset, READ_AHEAD_BYTES / 16);
    if (found.kind === "tail") return undefined;
    if (found.kind === "frame") time = Math.max(time, found.frame.time);
    offset = found.endOffset;
  }
  return time;
}

/** The newest time in a segment up to an offset, with all before `start` as the index says. */
export function newestTimeBefore(start: IndexedPosition, endOffset = Infinity): number {
  let { time } = start;
  for (const entry of entriesFrom(start)) {
    if (entry.offset >= endOffset) break;
    if (entry.kind === "frame") time = Math.max(time, entry.frame.time);
  }
  return time;
}
