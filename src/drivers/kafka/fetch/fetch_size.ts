import type { PartitionQueue } from "./partition_queue.ts";

/**
 * Target size of one response for all partitions together, if their events are large. In Node, a response of 8 MiB
 * outlives the quick collections of garbage, and is left to the thorough ones, which take as long as everything else.
 */
export const RESPONSE_BYTES_MAX: number = ("Deno" in globalThis ? 8 : 4) * 1024 * 1024;
/** Minimum size for one partition. */
const PARTITION_BYTES = 1024 * 1024;
/** Number of a partition's events that is enough for one response: more of them only use memory. */
const RESPONSE_EVENTS = 512;
/** The next batches may be a little larger than the latest ones. */
const ROOM_FOR_LARGER = 1 + 1 / 64;

/** How much may be buffered for a consumer. */
interface FetchLimits {
  /** Responses of one partition. */
  responsesMax: number;
  /** Bytes of all partitions. */
  bufferedBytesMax: number;
}

/** The partitions that may be fetched: those whose queues have room, and which can be read on. */
export function withRoom(
  queues: readonly PartitionQueue[],
  all: readonly PartitionQueue[],
  { responsesMax, bufferedBytesMax }: FetchLimits,
): PartitionQueue[] {
  const bytes = all.reduce((sum, queue) => sum + queue.bytes, 0);
  // A partition with an empty queue is fetched anyway, so that none starves.
  const isFull = bytes >= bufferedBytesMax;
  return queues.filter(({ responses, obstacle }) =>
    obstacle === undefined && (responses === 0 || (!isFull && responses < responsesMax))
  );
}

/**
 * Maximum size of a partition's part of a response, unless configured. The cost of a request does not depend on
 * the size of its response: large events are fetched by many MiB. Brokers send bytes up to the limit, and the rest of a
 * batch that it cuts is sent for nothing: so it is a number of batches.
 */
export function partitionBytes(
  { eventBytes, batchBytes }: PartitionQueue,
  all: readonly PartitionQueue[],
): number {
  const share = RESPONSE_BYTES_MAX / all.length;
  const bytes = Math.max(PARTITION_BYTES, Math.min(share, eventBytes * RESPONSE_EVENTS));
  const batches = batchBytes === 0 ? 0 : Math.round(bytes / batchBytes);
  return Math.round(batches === 0 ? bytes : batches * batchBytes * ROOM_FOR_LARGER);
}
