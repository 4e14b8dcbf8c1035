import { KIND, RECORD_BYTES } from "../format/bytes.ts";
import { READ_AHEAD_BYTES } from "./window.ts";
import { step } from "./frame_scanner.ts";
import type { Segment } from "./segment_file.ts";
import { entriesFrom } from "./entries.ts";
import { startOf } from "./log_position.ts";

/**
 * The newest time in a segment that another one follows, in milliseconds since 1970. A segment has a clock of its
 * own, which never goes back: each writer gives its frame the newest time it has seen in the segment, or the clock's
 * if that is later. It has seen everything before the offset where it expected its frame, by reading there from an
 * index entry, which holds the newest time up to it. So nothing before the offset where the writer of the seal expected
 * it is newer than the seal. (A writer that was overtaken while the clock stepped back may have given its one frame
 * an older time than the frame before it has.)
 */
export function newestTimeOfSealed(segment: Segment): number {
  return segment.newestTime ??= sealTime(segment) ?? newestOfEntries(segment);
}

function sealTime(segment: Segment): number | undefined {
  const end = segment.sealOffset();
  if (typeof end !== "number") return undefined;
  const seal = step(segment, end, RECORD_BYTES);
  if (seal.kind !== "frame" || seal.frame.kind !== KIND.seal) return undefined;
  let { time } = seal.frame;
  // What came between the writer's last look and its seal.
  for (let offset = seal.frame.anchorOffset; offset < end;) {
    const found = step(segment, offset, READ_AHEAD_BYTES / 16);
    if (found.kind === "tail") return undefined;
    if (found.kind === "frame") time = Math.max(time, found.frame.time);
    offset = found.endOffset;
  }
  return time;
}

/** Where nothing says where the seal is, or it is damaged. */
function newestOfEntries(segment: Segment): number {
  let time = segment.created;
  for (const entry of entriesFrom(startOf(segment), READ_AHEAD_BYTES / 16)) {
    if (entry.kind === "frame") time = Math.max(time, entry.frame.time);
  }
  return time;
}
