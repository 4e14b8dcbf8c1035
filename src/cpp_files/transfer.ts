/** The amount of content transferred between layouts. */
export interface TransferCount {
  /** Number of events. */
  events: number;
  /** Size of their metadata as JSON texts, in bytes. */
  metadataBytes: number;
  /** Size of their data parts, in bytes. */
  dataBytes: number;
}

/** The result of one partition. */
export interface PartitionTransfer extends TransferCount {
  /** Partition number. */
  partition: number;
  /** Number of the events that an earlier, interrupted run had transferred. */
  resumedEvents: number;
  /** Number of skipped events; only with `largeMetadata: "skip"`. */
  skippedEvents?: number;
  /** Number of events whose metadata was moved into their data part; only with `largeMetadata: "data"`. */
  movedMetadataEvents?: number;
}

/** The result of a topic: totals over all partitions, and each partition. */
export interface TopicTransfer extends TransferCount {
  /** Number of skipped events; only with `largeMetadata: "skip"`. */
  skippedEvents?: number;
  /** Number of events whose metadata was moved into their data part; only with `largeMetadata: "data"`. */
  movedMetadataEvents?: number;
  /** Every partition, in order. */
  partitions: PartitionTransfer[];
}

/** Called periodically with the progress. */
export type TransferProgress = (done: Readonly<TransferCount>) => void;

/** The result of a topic with these partitions. */
export function sumOf(partitions: PartitionTransfer[]): TopicTransfer {
  const sum = (key: Exclude<keyof PartitionTransfer, "partition">): number =>
    partitions.reduce((total, partition) => total + (partition[key] ?? 0), 0);
  return {
    events: sum("events"),
    metadataBytes: sum("metadataBytes"),
    dataBytes: sum("dataBytes"),
    ...(partitions[0]?.skippedEvents === undefined ? {} : { skippedEvents: sum("skippedEvents") }),
    ...(partitions[0]?.movedMetadataEvents === undefined
      ? {}
      : { movedMetadataEvents: sum("movedMetadataEvents") }),
    partitions,
  };
}
