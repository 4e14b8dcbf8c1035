import { FLAG, KIND, RECORD_BYTES } from "../format/bytes.ts";
import { damagedBlocks, headDamage } from "./frame_check.ts";
import { READ_AHEAD_BYTES } from "./window.ts";
import { type FrameStep, type GapStep, step } from "./frame_scanner.ts";
import type { Segment } from "./segment_file.ts";
import { SegmentIndex } from "./index.ts";

/** Where a gap ends, and the ids that it spans. */
export interface GapSpan {
  /** Where frames with known ids begin again. */
  endOffset: number;
  /** The id of the next event there. */
  endId: number;
}

/** Consecutive whole frames after a gap, and how many of their events lie before each frame boundary. */
interface Row {
  start: number;
  events: number;
  eventsBefore: Map<number, number>;
}

/**
 * How far a gap reaches, and the id of the next event after it. A torn write held no stored event, unless a frame after
 * it was destroyed, too. Where whole frames were damaged beyond recognition, later frames tell by their anchors: each
 * repeats the id that came next at an offset its writer knew. The first anchor at a boundary after the gap decides; or
 * the seal does, whose id is the name of the next segment. Frames whose ids nothing tells are given up with the gap:
 * reporting an event as lost is better than delivering it under the id of another.
 *
 * Why this holds while others append: bytes that are not a frame hold events only where something destroyed stored
 * frames. The second part of a write that the system cut in two, with another append between, holds none, and all
 * anchors, whenever they come, agree with the id that came before it.
 */
export function idsOfGap(segment: Segment, gap: GapStep, idBefore: number): GapSpan {
  if (gap.torn) {
    // A frame that followed the torn write, and was destroyed since, cannot be distinguished from it: the first anchor
    // at a boundary after them says whether there was one. Without damage all anchors repeat the id before.
    const endId = Math.max(idBefore, anchoredId(segment, gap.endOffset) ?? idBefore);
    return { endOffset: gap.endOffset, endId };
  }
  const known = segment.sealOffset();
  const seal = typeof known === "number" ? known : Infinity;
  let row = rowAt(gap.endOffset);
  const rows = [row];
  /** Ids below this one were given before the gap ended. */
  let idMin = idBefore;
  for (let offset = gap.endOffset;;) {
    // The seal itself was destroyed: whatever follows is discarded.
    if (seal < row.start) return { endOffset: row.start, endId: segment.endId! };
    const next = step(segment, offset, READ_AHEAD_BYTES);
    // A power cut took the seal, and nothing before it that could have been a frame.
    const isSealLost = offset <= seal && seal - offset < 2 * RECORD_BYTES &&
      (next.kind === "tail" || (next.kind === "gap" && next.endOffset > seal));
    const unanchored = (seal: number) =>
      spanByIndex(segment, rows) ?? spanBySeal(segment, row, { offset: seal, idMin, gapEnd: gap.endOffset });
    if (isSealLost) return unanchored(seal);
    if (next.kind === "tail") {
      if (segment.endId === undefined) return unanchored(offset);
      // Whatever is missing here had ids, too: unless what is left has all, nothing tells how many lie before it.
      return settled([...rows, rowAt(offset)], { endOffset: offset, endId: segment.endId }, idMin);
    }
    if (next.kind === "gap" && mayHoldIds(next)) {
      rows.push(row = rowAt(next.endOffset));
    } else if (next.kind === "gap") {
      row.eventsBefore.set(next.endOffset, row.events);
    } else if (next.kind === "frame") {
      const { anchorOffset, anchorId, count, kind } = next.frame;
      for (const { start, eventsBefore } of rows) {
        const before = eventsBefore.get(anchorOffset);
        if (before === undefined) continue;
        return settled(rows, { endOffset: start, endId: Math.max(idMin, anchorId - before) }, idMin);
      }
      if (anchorOffset < gap.endOffset) idMin = Math.max(idMin, anchorId);
      if (kind === KIND.seal) return settled(rows, unanchored(offset), idMin);
      if (hasSureIds(segment, next)) {
        row.events += count;
        row.eventsBefore.set(next.endOffset, row.events);
      } else {
        rows.push(row = rowAt(next.endOffset));
      }
    }
    offset = next.endOffset;
  }
}

/**
 * Whether frames that had ids may have been destroyed in a gap: also next to a torn write, unless the gap is too small
 * for its header and the two records of a frame.
 */
function mayHoldIds({ torn, offset, endOffset }: GapStep): boolean {
  return !torn || endOffset - offset >= 3 * RECORD_BYTES;
}

/**
 * Whether as many ids lie in a frame as it says. One that lacks its trailer may have been cut short, and another one that
 * filled the rest of its size may have been destroyed since: then its content is not what it was, either.
 */
function hasSureIds(segment: Segment, { offset, frame, damaged }: FrameStep): boolean {
  if (damaged !== "trailer" || (frame.flags & FLAG.lost) !== 0) return true;
  const at = { segment, offset, frame };
  return headDamage(at) === undefined && damagedBlocks(at).length === 0;
}

/**
 * If a later row begins with exactly the id that counting the rows before it leads to, no id is missing: the frames
 * before it have their right ids too.
 */
function settled(rows: readonly Row[], span: GapSpan, idMin: number): GapSpan {
  let id = idMin;
  for (const { start, events } of rows) {
    if (start === span.endOffset) {
      return id === span.endId ? { endOffset: rows[0]!.start, endId: idMin } : span;
    }
    id += events;
  }
  return span;
}

/**
 * What the index says, when no anchor does: readers that seek by the index believe the same entries, and all readers
 * must agree.
 */
function spanByIndex(segment: Segment, rows: readonly Row[]): GapSpan | undefined {
  const rowOf = (offset: number) => rows.find(({ eventsBefore }) => eventsBefore.has(offset));
  const index = new SegmentIndex(segment);
  for (const { offset, id } of index.confirmedIds((offset) => rowOf(offset) !== undefined)) {
    const { start, eventsBefore } = rowOf(offset)!;
    return { endOffset: start, endId: id - eventsBefore.get(offset)! };
  }
}

/** What the seal says, when no anchor does: its id is the name of the next segment. */
function spanBySeal(
  segment: Segment,
  row: Row,
  { offset, idMin, gapEnd }: { offset: number; idMin: number; gapEnd: number },
): GapSpan {
  const { endId } = segment;
  if (endId === undefined) return { endOffset: gapEnd, endId: idMin };
  if (segment.sealOffset() === offset) {
    return { endOffset: row.start, endId: Math.max(idMin, endId - row.events) };
  }
  // The segment that followed is missing, and with it the id of the seal.
  return { endOffset: offset, endId };
}

function rowAt(start: number): Row {
  return { start, events: 0, eventsBefore: new Map([[start, 0]]) };
}

/**
 * The id after a frame without its trailer. A write that was cut short looks like one if a frame that filled the rest of
 * its size to the byte was destroyed since: the first anchor at a boundary after it then leaves it no ids, or other ones.
 * Undefined if it is a frame.
 */
export function idAfterCut(
  segment: Segment,
  { endOffset, frame }: FrameStep,
  id: number,
): number | undefined {
  const anchored = anchoredId(segment, endOffset);
  return anchored === undefined || anchored === id + frame.count ? undefined : Math.max(id, anchored);
}

/** The id at a frame boundary, as the first anchor at it, or at a boundary in the row of frames after it, says. */
function anchoredId(segment: Segment, boundary: number): number | undefined {
  const eventsBefore = new Map<number, number>();
  let events = 0;
  for (let offset = boundary;;) {
    eventsBefore.set(offset, events);
    const next = step(segment, offset, READ_AHEAD_BYTES);
    if (next.kind !== "frame") return undefined;
    const known = eventsBefore.get(next.frame.anchorOffset);
    if (known !== undefined) return next.frame.anchorId - known;
    if (next.frame.kind === KIND.seal || !hasSureIds(segment, next)) return undefined;
    events += next.frame.count;
    offset = next.endOffset;
  }
}
