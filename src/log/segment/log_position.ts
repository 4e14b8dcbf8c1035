import { SEGMENT_HEADER_BYTES } from "../format/bytes.ts";
import type { Segment } from "./segment_file.ts";

/** A frame boundary, and the id of the next event there. */
export interface LogPosition {
  segment: Segment;
  offset: number;
  id: number;
}

/** Where the first frame of a segment begins. */
export function startOf(segment: Segment): LogPosition {
  return { segment, offset: SEGMENT_HEADER_BYTES, id: segment.baseId };
}
