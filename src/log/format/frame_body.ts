/** One chunk frame that holds a piece of a large data part. */
export interface Extent {
  /** First id of the segment the chunk lies in. */
  segmentId: number;
  /** Offset of the chunk frame in that segment. */
  offset: number;
  /** Data bytes in it. */
  dataBytes: number;
}

/** A data part that was written ahead in chunks. */
export interface Extents {
  totalBytes: number;
  list: readonly Extent[];
}
