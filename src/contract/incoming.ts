/** A byte range inside one event's data part. */
export interface DataRange {
  /** First byte, counted from the start of the data part. */
  offset: number;
  /** Number of bytes. */
  size: number;
}

/** Consecutive events read from one partition. */
export interface IncomingBatch {
  /** Partition number. */
  readonly partition: number;
  /** Id of the first event. */
  readonly baseId: number;
  /** Number of events, at least 1. */
  readonly count: number;
  /** When the batch was stored, in milliseconds since 1970. */
  readonly timestamp: number;
  /**
   * Whether the engine has more events of the partition in memory, so that reading on there first costs less than
   * reading another partition in between.
   */
  readonly hasMore?: boolean;
  /**
   * The metadata of all events as JSON texts joined by commas, if they were stored as text: `[${text}]` parses to
   * an array of `count` values. Undefined for other serializers.
   */
  joinedText?(): string;
  /** Metadata of one event as the JSON text it was stored as; only if it was stored as text. */
  metadataText?(index: number): string;
  /** Metadata of one event as the serializer wrote it. */
  metadataBytes(index: number): Uint8Array;
  /** Size of one event's data part, in bytes. */
  dataSize(index: number): number;
  /**
   * Fills `into` (in order, as if they were one buffer) with the given ranges of one event's data, verified
   * against their checksums; throws `CorruptedLogError`. No other part of the data is read. The ranges are in
   * bounds and do not overlap, but may be in any order; both sides have the same total size. May be called as long
   * as the consumer is open, even after later reads.
   */
  readData(index: number, ranges: readonly DataRange[], into: readonly Uint8Array[]): void | Promise<void>;
  /**
   * One range of one event's data, verified, in memory that no one else writes; it may be a view of memory shared
   * with other events. Engines without such memory leave this out, and a buffer is allocated and filled.
   */
  viewData?(index: number, range: DataRange): Uint8Array | Promise<Uint8Array>;
}
