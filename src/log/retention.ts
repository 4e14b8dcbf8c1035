/**
 * Which segments go. Decisions only: nothing here removes anything.
 *
 * @module
 */

/** What retention knows of a segment. */
export interface SegmentFacts {
  /** First id. */
  baseId: number;
  /** One past the last id. */
  endId: number;
  bytes: number;
  /** Time of the newest event in it, milliseconds since 1970. */
  newestTime: number;
  /** The oldest segment that holds data of events in this one. */
  needsBaseId: number;
}

/** What may go; a segment goes when any one condition lets it. */
export interface RetentionPolicy {
  /** Keep at most this many bytes. */
  bytesMax?: number;
  /** Remove what was stored before this time, milliseconds since 1970. */
  beforeTime?: number;
  /** Remove events below this id. */
  beforeId?: number;
}

/**
 * How many segments go from the front. The last one is the one written to and always stays, and so does what
 * events that stay still need.
 */
export function segmentsToRemove(segments: readonly SegmentFacts[], policy: RetentionPolicy): number {
  let bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0);
  let count = 0;
  while (count < segments.length - 1) {
    const { endId, newestTime } = segments[count];
    const goes = (policy.bytesMax !== undefined && bytes > policy.bytesMax) ||
      (policy.beforeTime !== undefined && newestTime < policy.beforeTime) ||
      (policy.beforeId !== undefined && endId <= policy.beforeId);
    if (!goes) break;
    bytes -= segments[count].bytes;
    count++;
  }
  for (let kept = count; kept < segments.length; kept++) {
    while (count > 0 && segments[kept].needsBaseId < segments[count].baseId) count--;
  }
  return count;
}
