import { KIND, RECORD_BYTES } from "../format/bytes.ts";
import { READ_AHEAD_BYTES } from "./window.ts";
import { type GapStep, step } from "./frame_scanner.ts";
import type { Segment } from "./segment_file.ts";
import { SegmentIndex } from "./index.ts";

/** What a gap cost. */
export interface GapCost {
  /** Where frames with known ids begin again. */
  endOffset: number;
  /** The id that comes next there. */
  endId: number;
}

/** A row of whole frames behind a gap, and how many of its events lie before each frame boundary in it. */
interface Row {
  start: number;
  events: number;
  eventsBefore: Map<number, number>;
}

/**
 * How far a gap reaches, and the id that comes next behind it. A torn write held no stored event. Where whole
 * frames were damaged beyond recognition, the anchors of later frames tell: each repeats which id came next at
 * an offset its writer knew. The first anchor at a boundary behind the gap settles it; or the seal does, whose
 * id is the name of the next segment. Frames whose ids nothing tells are given up with the gap: an event that is
 * called lost is better than one under the id of another.
 *
 * Why this holds while others append: bytes that are no frame hold events only where something destroyed stored
 * frames. The second part of a write that the system cut in two, with another append between, holds none, and all
 * anchors, whenever they come, agree with the id that came before it.
 */
export function passGap(segment: Segment, gap: GapStep, idBefore: number): GapCost {
  if (gap.torn) return { endOffset: gap.endOffset, endId: idBefore };
  const seal = segment.sealOffset();
  const rows: Row[] = [];
  let row = rowAt(gap.endOffset);
  /** Ids below this one were given before the gap ended. */
  let idMin = idBefore;
  for (let offset = gap.endOffset;;) {
    // The seal itself was destroyed: whatever follows was void.
    if (typeof seal === "number" && seal < row.start) return { endOffset: row.start, endId: segment.endId! };
    const next = step(segment, offset, READ_AHEAD_BYTES);
    // A power cut took the seal, and nothing before it that could have been a frame.
    const isSealLost = typeof seal === "number" && offset <= seal && seal - offset < 2 * RECORD_BYTES &&
      (next.kind === "tail" || (next.kind === "gap" && next.endOffset > seal));
    if (isSealLost) {
      return costByIndex(segment, [...rows, row]) ??
        costBySeal(segment, row, { offset: seal, idMin, gapEnd: gap.endOffset });
    }
    if (next.kind === "tail") {
      // Whatever is missing here had ids, too; nobody knows how many of them lie before what is left.
      if (segment.endId !== undefined) return { endOffset: offset, endId: segment.endId };
      return costByIndex(segment, [...rows, row]) ?? { endOffset: gap.endOffset, endId: idMin };
    }
    if (next.kind === "gap" && !next.torn) {
      rows.push(row);
      row = rowAt(next.endOffset);
    } else if (next.kind === "frame") {
      const { anchorOffset, anchorId, count, kind } = next.frame;
      for (const { start, eventsBefore } of [...rows, row]) {
        const known = eventsBefore.get(anchorOffset);
        if (known === undefined) continue;
        return settled([...rows, row], { endOffset: start, endId: Math.max(idMin, anchorId - known) }, idMin);
      }
      if (anchorOffset <= gap.endOffset) idMin = Math.max(idMin, anchorId);
      if (kind === KIND.seal) {
        const cost = costByIndex(segment, [...rows, row]) ??
          costBySeal(segment, row, { offset, idMin, gapEnd: gap.endOffset });
        return settled([...rows, row], cost, idMin);
      }
      row.events += count;
      row.eventsBefore.set(next.endOffset, row.events);
    }
    offset = next.endOffset;
  }
}

/**
 * Where a later row has just the id that counting the rows before it gives, no id is missing anywhere: the frames
 * before it are under their right ids, too.
 */
function settled(rows: readonly Row[], cost: GapCost, idMin: number): GapCost {
  let id = idMin;
  for (const { start, events } of rows) {
    if (start === cost.endOffset) {
      return id === cost.endId ? { endOffset: rows[0].start, endId: idMin } : cost;
    }
    id += events;
  }
  return cost;
}

/**
 * What the index tells, when no anchor does: whoever seeks by the index believes the same entries, and all
 * readers must agree.
 */
function costByIndex(segment: Segment, rows: readonly Row[]): GapCost | undefined {
  const rowOf = (offset: number) => rows.find(({ eventsBefore }) => eventsBefore.has(offset));
  const index = new SegmentIndex(segment.storage, segment);
  for (const { offset, id } of index.confirmedIds((offset) => rowOf(offset) !== undefined)) {
    const { start, eventsBefore } = rowOf(offset)!;
    return { endOffset: start, endId: id - eventsBefore.get(offset)! };
  }
}

/** What the seal tells, when no anchor does: its id is the name of the next segment. */
function costBySeal(
  segment: Segment,
  row: Row,
  { offset, idMin, gapEnd }: { offset: number; idMin: number; gapEnd: number },
): GapCost {
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
