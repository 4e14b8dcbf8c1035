import { KIND } from "./format.ts";
import { type GapStep, step } from "./scanner.ts";
import { READ_AHEAD_BYTES } from "./read_window.ts";
import type { Segment } from "./segment.ts";

/**
 * The id that comes next behind a gap. A torn write held no stored event. Where whole frames were damaged beyond
 * recognition, the anchors of later frames tell: each repeats which id came next at an offset its writer
 * knew. The first anchor behind the gap settles it, or the next segment, whose name is this one's end; with
 * neither, nothing was stored behind the gap that could have an id at odds with `idBefore`.
 */
export function idAfterGap(segment: Segment, gap: GapStep, idBefore: number): number {
  if (gap.torn) return idBefore;
  /** How many events lie between the end of the gap and each frame boundary behind it. */
  const eventsBefore = new Map<number, number>([[gap.endOffset, 0]]);
  let events = 0;
  for (let offset = gap.endOffset;;) {
    const next = step(segment, offset, READ_AHEAD_BYTES);
    if (next.kind === "frame") {
      const known = eventsBefore.get(next.frame.anchorOffset);
      if (known !== undefined) return Math.max(idBefore, next.frame.anchorId - known);
      if (next.frame.kind === KIND.seal) break;
      events += next.frame.count;
      eventsBefore.set(next.endOffset, events);
    } else if (next.kind === "tail") {
      break;
    } else if (!next.torn) {
      // Behind another gap of unknown content, nothing says how many events lie between the two.
      return idBefore;
    }
    offset = next.endOffset;
  }
  return segment.endId === undefined ? idBefore : Math.max(idBefore, segment.endId - events);
}
