import { FLAG, KIND, RECORD_BYTES } from "../format/bytes.ts";
import { damagedBlocks, headDamage } from "./frame_check.ts";
import { READ_AHEAD_BYTES } from "./window.ts";
import { type FrameStep, type GapStep, type Step, step } from "./frame_scanner.ts";
import type { Segment } from "./segment_file.ts";
import { SegmentIndex } from "./index.ts";

/** Where a gap ends, and the ids that it spans. */
interface GapSpan {
  /** Where frames with known ids begin again. */
  endOffset: number;
  /** The id of the next event there. */
  endId: number;
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
export function idsOfGap(gap: GapStep, idBefore: number): GapSpan {
  const { segment } = gap;
  if (gap.torn) {
    // A frame that followed the torn write, and was destroyed since, cannot be distinguished from it: the first anchor
    // at a boundary after them says whether there was one. Without damage all anchors repeat the id before.
    const endId = Math.max(idBefore, anchoredId(segment, gap.endOffset) ?? idBefore);
    return { endOffset: gap.endOffset, endId };
  }
  const rows = new Rows(segment, gap.endOffset);
  /** Ids below this one were given before the gap ended. */
  let idMin = idBefore;
  for (let offset = gap.endOffset;;) {
    const next = step(segment, offset, READ_AHEAD_BYTES);
    let end = endWithoutSeal(segment, next);
    if (next.kind === "frame" && end === undefined) {
      const { anchorOffset, anchorId, kind } = next.frame;
      const anchored = rows.spanOf(anchorOffset, anchorId);
      if (anchored !== undefined) {
        return rows.settled({ ...anchored, endId: Math.max(idMin, anchored.endId) }, idMin);
      }
      if (anchorOffset < gap.endOffset) idMin = Math.max(idMin, anchorId);
      if (kind === KIND.seal) end = offset;
    }
    if (next.kind === "tail" || end !== undefined) {
      return rows.settled(rows.indexed() ?? rows.ended(end ?? offset, idMin), idMin);
    }
    rows.add(next);
    offset = next.endOffset;
  }
}

/**
 * Where a segment ends whose seal is not found: after the seal's place, or there if what lies in it cannot have been a
 * frame, since a power cut may take the seal and nothing before it.
 */
function endWithoutSeal(segment: Segment, next: Step): number | undefined {
  const seal = segment.sealOffset();
  if (typeof seal !== "number") return undefined;
  if (seal < next.offset) return next.offset;
  const isLost = seal - next.offset < 2 * RECORD_BYTES &&
    (next.kind === "tail" || (next.kind === "gap" && next.endOffset > seal));
  return isLost ? seal : undefined;
}

/** Consecutive whole frames, and how many of their events lie before each frame boundary. */
interface Row {
  start: number;
  events: number;
  eventsBefore: Map<number, number>;
}

/** What follows a gap, in rows of frames: between two rows frames with ids may have been destroyed. */
class Rows {
  readonly #rows: Row[] = [];

  constructor(private readonly segment: Segment, private readonly start: number) {
    this.#begin(start);
  }

  /** Adds what comes next. */
  add(next: FrameStep | GapStep): void {
    const row = this.#last;
    if (next.kind === "gap" ? mayHoldIds(next) : !hasSureIds(next)) {
      return this.#begin(next.endOffset);
    }
    if (next.kind === "frame") row.events += next.frame.count;
    row.eventsBefore.set(next.endOffset, row.events);
  }

  /**
   * What the index says: readers that seek by the index believe the same entries, and all readers must agree. Frames
   * after the seal are discarded.
   */
  indexed(): GapSpan | undefined {
    const seal = this.segment.sealOffset();
    const isBoundary = (offset: number) =>
      !(typeof seal === "number" && offset > seal) && this.spanOf(offset, 0) !== undefined;
    for (const { offset, id } of new SegmentIndex(this.segment).confirmedIds(isBoundary)) {
      return this.spanOf(offset, id);
    }
  }

  /** What the end of the segment says: the id of the seal is the name of the next segment. */
  ended(end: number, idMin: number): GapSpan {
    const { endId } = this.segment;
    if (endId === undefined) return { endOffset: this.start, endId: idMin };
    const { start, events } = this.#last;
    if (this.segment.sealOffset() === end) {
      return { endOffset: start, endId: Math.max(idMin, endId - events) };
    }
    // The seal is missing, or the segment that followed and with it the seal's id: nothing tells how many ids lie here.
    return { endOffset: end, endId };
  }

  /** If counting all events before a span's end leads to exactly its id, no id is missing: then all frames have theirs. */
  settled(span: GapSpan, idMin: number): GapSpan {
    let id = idMin;
    for (const { start, events } of this.#rows) {
      if (start === span.endOffset) break;
      id += events;
    }
    return id === span.endId ? { endOffset: this.start, endId: idMin } : span;
  }

  get #last(): Row {
    return this.#rows[this.#rows.length - 1]!;
  }

  #begin(start: number): void {
    this.#rows.push({ start, events: 0, eventsBefore: new Map([[start, 0]]) });
  }

  /** The start of the row with a frame boundary, and its first id, if that of the event at the boundary is `id`. */
  spanOf(boundary: number, id: number): GapSpan | undefined {
    for (const { start, eventsBefore } of this.#rows) {
      const before = eventsBefore.get(boundary);
      if (before !== undefined) return { endOffset: start, endId: id - before };
    }
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
function hasSureIds(at: FrameStep): boolean {
  if (at.damaged !== "trailer" || (at.frame.flags & FLAG.lost) !== 0) return true;
  return headDamage(at) === undefined && damagedBlocks(at).length === 0;
}

/**
 * The id after a frame without its trailer. A write that was cut short looks like one if a frame that filled the rest of
 * its size to the byte was destroyed since: the first anchor at a boundary after it then leaves it no ids, or other ones.
 * Undefined if it is a frame.
 */
export function idAfterCut({ segment, endOffset, frame }: FrameStep, id: number): number | undefined {
  const anchored = anchoredId(segment, endOffset);
  return anchored === undefined || anchored === id + frame.count ? undefined : Math.max(id, anchored);
}

/** The id at a frame boundary, as the first anchor at it, or at a boundary in the row of frames after it, says. */
function anchoredId(segment: Segment, boundary: number): number | undefined {
  const row = new Rows(segment, boundary);
  for (let offset = boundary;;) {
    const next = step(segment, offset, READ_AHEAD_BYTES);
    if (next.kind !== "frame") return undefined;
    const anchored = row.spanOf(next.frame.anchorOffset, next.frame.anchorId);
    if (anchored !== undefined) return anchored.endId;
    if (next.frame.kind === KIND.seal || !hasSureIds(next)) return undefined;
    row.add(next);
    offset = next.endOffset;
  }
}
