import type { PartitionQueue } from "./partition_queue.ts";

/** What one answer may bring of all partitions together, if their events are large. */
const ANSWER_BYTES_MAX = 8 * 1024 * 1024;
/** What it may bring of a partition in any case. */
const PARTITION_BYTES = 1024 * 1024;
/** Events of a partition that are enough for one answer: more of them at a time only take memory. */
const ANSWER_EVENTS = 512;

/** What may lie in memory for a consumer. */
export interface FetchLimits {
  /** Answers of one partition. */
  answersMax: number;
  /** Bytes of all partitions. */
  bufferedBytesMax: number;
}

/** Of some of a consumer's partitions, those that may be asked about: enough lies in memory of the others, or of all. */
export function withRoom(
  queues: readonly PartitionQueue[],
  all: readonly PartitionQueue[],
  { answersMax, bufferedBytesMax }: FetchLimits,
): PartitionQueue[] {
  const bytes = all.reduce((sum, queue) => sum + queue.bytes, 0);
  // A partition without news is asked about all the same, that none starves.
  const isFull = bytes >= bufferedBytesMax;
  return queues.filter(({ answers }) => answers === 0 || (!isFull && answers < answersMax));
}

/**
 * How much of a partition an answer may bring, where nothing else is configured. A question costs the same whatever it
 * brings: large events are asked for by many MiB.
 */
export function partitionBytes({ eventBytes }: PartitionQueue, all: readonly PartitionQueue[]): number {
  const share = ANSWER_BYTES_MAX / all.length;
  return Math.round(Math.max(PARTITION_BYTES, Math.min(share, eventBytes * ANSWER_EVENTS)));
}
