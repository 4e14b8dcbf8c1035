/** How much was moved from one layout to the other. */
export interface TransferCount {
  /** Number of events. */
  events: number;
  /** Size of their metadata as JSON texts, in bytes. */
  metadataBytes: number;
  /** Size of their data parts, in bytes. */
  dataBytes: number;
}

/** What became of one partition. */
export interface PartitionTransfer extends TransferCount {
  /** Partition number. */
  partition: number;
  /** How many of the events had been moved by an earlier run that was cut short. */
  resumedEvents: number;
  /** How many events were left out; there with `largeMetadata: "skip"`. */
  skippedEvents?: number;
  /** How many of the events have their metadata in their data part; there with `largeMetadata: "data"`. */
  movedMetadataEvents?: number;
}

/** What became of a topic: the sums over all partitions, and each of them. */
export interface TopicTransfer extends TransferCount {
  /** How many events were left out; there with `largeMetadata: "skip"`. */
  skippedEvents?: number;
  /** How many of the events have their metadata in their data part; there with `largeMetadata: "data"`. */
  movedMetadataEvents?: number;
  /** Every partition, in order. */
  partitions: PartitionTransfer[];
}

/** Called now and then with what is done so far. */
export type TransferProgress = (done: Readonly<TransferCount>) => void;

/** Adds up what became of the partitions. */
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
