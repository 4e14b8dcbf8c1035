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
}

/** What became of a topic: the sums over all partitions, and each of them. */
export interface TopicTransfer extends TransferCount {
  /** Every partition, in order. */
  partitions: PartitionTransfer[];
}

/** Called now and then with what is done so far. */
export type TransferProgress = (done: Readonly<TransferCount>) => void;

/** Adds up what became of the partitions. */
export function sumOf(partitions: PartitionTransfer[]): TopicTransfer {
  const sum = (key: keyof TransferCount): number =>
    partitions.reduce((total, partition) => total + partition[key], 0);
  return {
    events: sum("events"),
    metadataBytes: sum("metadataBytes"),
    dataBytes: sum("dataBytes"),
    partitions,
  };
}
