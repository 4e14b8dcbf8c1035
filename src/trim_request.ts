/** What `topic.trim()` removes; with several conditions, everything that meets any of them. */
export interface TrimRequest {
  /** Remove events below this id. */
  beforeId?: number;
  /** Remove events older than this (milliseconds since 1970, or a date). */
  beforeTime?: number | Date;
  /** Keep at most this many bytes per partition. */
  maxBytes?: number;
  /** @deprecated The old name of `maxBytes`. */
  bytesMax?: number;
  /** Remove what every named consumer has acknowledged. */
  acknowledged?: boolean;
  /** Only these partitions; all by default. */
  partitions?: number[];
  /** Remove nothing, only report what would be removed. */
  dryRun?: boolean;
}

/**
 * What `topic.trim()` removed from one partition. Engines remove whole segments, so it may be less than requested.
 */
export interface TrimResult {
  /** Partition number. */
  partition: number;
  /** First id before trimming. */
  firstIdBefore: number;
  /** First id after trimming. */
  firstId: number;
  /** Bytes freed. */
  bytes: number;
}
