import { FLAG, KIND } from "../format/bytes.ts";
import { idAfterCut, idsOfGap } from "./gap.ts";
import { type FrameStep, type GapStep, step, type TailStep } from "./frame_scanner.ts";
import type { LogPosition } from "./segment_file.ts";

/** Read ahead, unless the caller says otherwise: several small frames, and not much of a large one. */
const AHEAD_BYTES = 64 * 1024;

/** The id of the next event at an entry, and after it. */
interface Ids {
  id: number;
  endId: number;
}

/** A frame with the ids of its events. */
export type FrameEntry = FrameStep & Ids;

/** Damage with the ids that it spans. */
export type GapEntry = GapStep & Ids;

/** The end of the segment: terminal if its topic was deleted, so that no segment follows. */
export interface EndEntry {
  kind: "end";
  offset: number;
  id: number;
  terminal: boolean;
}

/** What is at a position: a frame, damage, the end of the segment, or nothing more yet. */
export type Entry =
  | FrameEntry
  | GapEntry
  | EndEntry
  | TailStep & { id: number };

/**
 * The entry at a position: what the scanner finds, with ids; and the end of the segment at a seal, or where the next
 * segment is known to begin.
 */
export function entryAt(position: LogPosition, ahead = AHEAD_BYTES): Entry {
  const { segment, offset, id } = position;
  if (segment.endId !== undefined && id >= segment.endId) return { kind: "end", offset, id, terminal: false };
  const next = step(segment, offset, ahead);
  if (next.kind === "tail") {
    // Once the next segment has begun nothing more counts here: events that are missing were lost.
    if (segment.endId !== undefined) {
      return { kind: "gap", segment, offset, endOffset: offset, id, endId: segment.endId, torn: false };
    }
    return { kind: "tail", offset, id, pending: next.pending, isHole: next.isHole };
  }
  if (next.kind === "gap") {
    const { endOffset, endId } = idsOfGap(next, id);
    return { kind: "gap", segment, offset, endOffset, id, endId, torn: next.torn && endId === id };
  }
  if (next.damaged === "trailer") {
    const endId = idAfterCut(next, id);
    const { endOffset } = next;
    if (endId !== undefined) {
      return { kind: "gap", segment, offset, endOffset, id, endId, torn: endId === id };
    }
  }
  if (next.frame.kind === KIND.seal) {
    return { kind: "end", offset, id, terminal: (next.frame.flags & FLAG.terminal) !== 0 };
  }
  const { endOffset, frame, damaged } = next;
  return { kind: "frame", segment, offset, endOffset, id, endId: id + frame.count, frame, damaged };
}

/** The entries from a position on; the last one is the end of the segment or its tail. */
export function* entriesFrom(start: LogPosition, ahead = AHEAD_BYTES): Generator<Entry> {
  for (let position = start;;) {
    const entry = entryAt(position, ahead);
    yield entry;
    if (entry.kind === "end" || entry.kind === "tail") return;
    position = positionAfter(entry);
  }
}

/** The position after a frame or damage. */
export function positionAfter({ segment, endOffset, endId }: FrameEntry | GapEntry): LogPosition {
  return { segment, offset: endOffset, id: endId };
}
