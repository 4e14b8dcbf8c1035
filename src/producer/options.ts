import { BatchSize } from "../batch_size.ts";
import { checkOptions, invalidOption } from "../options.ts";

/** How much a batch holds before it is handed over, and how many may be on their way. */
export interface BatchLimits {
  /** Events in a batch. */
  eventsMax: number;
  /** Bytes of metadata and data in a batch, save where a single event has more. */
  bytesMax: number;
  /** Batches being stored at a time, over all partitions. */
  batchesMax: number;
  /** Bytes held by the batches that fill, over all partitions: many partitions must not hold many full batches. */
  openBytesMax: number;
  /** Bytes that may wait for room, over all partitions, where the engine cannot make a push wait. */
  pendingBytesMax: number;
}

/** What `push` takes beside metadata and data. */
export interface PushOptions {
  /** The requested partition; the topic's partition selector decides what it means. */
  partition?: number;
}

/** What {@linkcode Topic.producer} takes. */
export interface ProducerOptions {
  /** Number of events after which a batch is stored without waiting for more. Default: adaptive. */
  batchSize?: BatchSize;
  /**
   * Batches that may be in flight at a time. A push beyond that blocks until one is stored if the engine can
   * block (`files`, `memory`); otherwise it waits in memory, up to `maxPendingBytes`. Default: 16.
   */
  maxNumBatches?: number;
  /**
   * Bytes that may wait in memory, in addition to what is being stored, if the engine cannot block (`kafka`) or a
   * component of the topic is asynchronous. A push beyond that fails with `BackpressureError`: await
   * {@linkcode Producer.ready} or a flush now and then. Default: 128 MiB.
   */
  maxPendingBytes?: number;
  /**
   * `"strict"` (default): events of a partition are stored in push order, even when the topic's components
   * answer asynchronously and out of order. `"loose"`: events are stored as soon as they are ready.
   */
  ordering?: "strict" | "loose";
}

/** Events of an adaptive batch: beyond this a larger one gains nothing. */
const ADAPTIVE_EVENTS_MAX = 2048;
/** Keeps a stored frame, with its table of sizes, under 1 MiB: the size that is written fastest. */
export const BATCH_BYTES_MAX = 768 * 1024;
/** A frame takes no more; with metadata of a byte or none this many may come before any other limit. */
const BATCH_EVENTS_MAX = 1 << 20;
const BATCHES_MAX = 16;
/** What the batches that fill may hold together. */
export const OPEN_BYTES_MAX = 8 * 1024 * 1024;
/** What may wait for room where nothing else is asked for. */
export const PENDING_BYTES_MAX = 128 * 1024 * 1024;

/** The limits that the options stand for; throws `InvalidOptionError`. */
export function limitsOf(options: ProducerOptions): BatchLimits & { strict: boolean; queuedMax: number } {
  checkOptions("producer", options, ["batchSize", "maxNumBatches", "maxPendingBytes", "ordering"]);
  const { batchSize = BatchSize.Adaptive, maxNumBatches = BATCHES_MAX, ordering = "strict" } = options;
  const { maxPendingBytes = PENDING_BYTES_MAX } = options;
  positiveInteger("maxPendingBytes", maxPendingBytes, "");
  if (batchSize !== BatchSize.Adaptive) positiveInteger("batchSize", batchSize, " or BatchSize.Adaptive");
  positiveInteger("maxNumBatches", maxNumBatches, "");
  if (ordering !== "strict" && ordering !== "loose") {
    throw invalidOption("producer", "ordering", ordering, '"strict" or "loose"');
  }
  const eventsMax = batchSize === BatchSize.Adaptive
    ? ADAPTIVE_EVENTS_MAX
    : Math.min(batchSize, BATCH_EVENTS_MAX);
  return {
    eventsMax,
    bytesMax: BATCH_BYTES_MAX,
    batchesMax: maxNumBatches,
    openBytesMax: OPEN_BYTES_MAX,
    pendingBytesMax: maxPendingBytes,
    strict: ordering === "strict",
    queuedMax: eventsMax * maxNumBatches,
  };
}

function positiveInteger(option: string, value: unknown, orElse: string): void {
  if (Number.isSafeInteger(value) && (value as number) > 0) return;
  throw invalidOption("producer", option, value, `a whole number above 0${orElse}`);
}
