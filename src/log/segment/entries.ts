import { FLAG, KIND } from "../format/bytes.ts";
import type { FrameRecord } from "../format/frame_header.ts";
import { passGap } from "./gap.ts";
import { step } from "./frame_scanner.ts";
import type { Segment } from "./segment_file.ts";

/** A frame boundary, and the id that comes next there. */
export interface Place {
  segment: Segment;
  offset: number;
  id: number;
}

/** What a walk passes: a frame with the id of its first event, or damage with the ids it cost. */
export type Passed =
  | {
    kind: "frame";
    offset: number;
    endOffset: number;
    id: number;
    frame: FrameRecord;
    damaged?: "header" | "trailer";
  }
  | { kind: "gap"; offset: number; endOffset: number; id: number; endId: number; torn: boolean }
  | { kind: "end"; offset: number; id: number; terminal: boolean }
  | { kind: "tail"; offset: number; id: number; pending: boolean; isHole?: boolean };

/**
 * What comes at a place: the scanner's word with ids added, and with the end of the segment where a seal (or
 * the known beginning of the next segment) makes one.
 */
export function passAt(place: Place, ahead: number): Passed {
  const { segment, offset, id } = place;
  if (segment.endId !== undefined && id >= segment.endId) return { kind: "end", offset, id, terminal: false };
  const next = step(segment, offset, ahead);
  if (next.kind === "tail") {
    // Nothing will ever be counted here once the next segment has begun: what is missing was lost.
    if (segment.endId !== undefined) {
      return { kind: "gap", offset, endOffset: offset, id, endId: segment.endId, torn: false };
    }
    return { kind: "tail", offset, id, pending: next.pending, isHole: next.isHole };
  }
  if (next.kind === "gap") {
    const { endOffset, endId } = passGap(segment, next, id);
    return { kind: "gap", offset, endOffset, id, endId, torn: next.torn };
  }
  if (next.frame.kind === KIND.seal) {
    return { kind: "end", offset, id, terminal: (next.frame.flags & FLAG.terminal) !== 0 };
  }
  const { endOffset, frame, damaged } = next;
  return { kind: "frame", offset, endOffset, id, frame, damaged };
}

/** The place behind what was passed. */
export function placeAfter(segment: Segment, passed: Passed): Place {
  if (passed.kind === "frame") {
    return { segment, offset: passed.endOffset, id: passed.id + passed.frame.count };
  }
  if (passed.kind === "gap") return { segment, offset: passed.endOffset, id: passed.endId };
  return { segment, offset: passed.offset, id: passed.id };
}
