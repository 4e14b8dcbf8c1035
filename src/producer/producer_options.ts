import { BatchSize, checkOptions, invalidOption } from "../options.ts";

/** How much a batch may hold before it is submitted, and how many may be in flight. */
export interface BatchLimits {
  /** Events in a batch. */
  eventsMax: number;
  /** Bytes of metadata and data in a batch, unless a single event has more. */
  bytesMax: number;
  /** Batches in flight, over all partitions. */
  batchesMax: number;
  /** Bytes held by open batches, over all partitions: many partitions must not hold many full batches. */
  openBytesMax: number;
  /** Bytes that may be queued, over all partitions, if the engine cannot block a push. */
  pendingBytesMax: number;
}

/** The limits of a producer. */
export interface ProducerLimits extends BatchLimits {
  /** Whether the events of a partition keep their push order. */
  strict: boolean;
  /** Events that may wait for asynchronous components before `ready` waits for them. */
  queuedMax: number;
}

/** What `push` accepts besides metadata and data. */
export interface PushOptions {
  /** The requested partition; the topic's partition selector decides how to use it. */
  partition?: number | undefined;
}

/** What {@linkcode Topic.producer} accepts. */
export interface ProducerOptions {
  /** Number of events after which a batch is stored without waiting for more. Default: adaptive. */
  batchSize?: BatchSize | undefined;
  /**
   * Batches that may be in flight at a time. A push beyond that blocks until one is stored if the engine can
   * block (`files`, `memory`); otherwise it waits in memory, up to `maxPendingBytes`. Default: 16.
   */
  maxNumBatches?: number | undefined;
  /**
   * Bytes that may be queued in memory, in addition to the batches in flight, if the engine cannot block (`kafka`)
   * or a component of the topic is asynchronous. A push beyond that fails with `BackpressureError`: await
   * {@linkcode Producer.ready} or a flush now and then. Default: 128 MiB.
   */
  maxPendingBytes?: number | undefined;
  /**
   * `"strict"` (default): events of a partition are stored in push order, even if the topic's components are
   * asynchronous and finish out of order. `"loose"`: events are stored as soon as they are ready.
   */
  ordering?: "strict" | "loose" | undefined;
}

/**
 * Events of an adaptive batch. Twice as many gain nothing; half as many cost 4 to 8 % more in a process that has
 * just started, because what is done once per batch is not compiled yet.
 */
const ADAPTIVE_EVENTS_MAX = 4096;
/** How many events of an adaptive batch may wait for asynchronous components: each takes a KiB. */
const ADAPTIVE_QUEUED_MAX = 2048;
/** Keeps a stored frame, with its table of sizes, below 1 MiB: the size that is written fastest. */
export const BATCH_BYTES_MAX = 768 * 1024;
/**
 * What a large data part counts in a batch at most, so that four share a frame: consumers that want metadata alone read
 * its head at once. Eight would take longer to push, because what is written is not in the cache any more.
 */
export const LARGE_DATA_BYTES: number = 160 * 1024;
/** A data part that is still larger counts in full: an engine that stores it in pieces does so if it is alone. */
const LARGE_DATA_BYTES_MAX = (1 << 20) * 17 / 16;
/** The maximum of a frame; with metadata of at most one byte it is reached before any other limit. */
const BATCH_EVENTS_MAX = 1 << 20;
const BATCHES_MAX = 16;
/** Total size of all open batches. */
export const OPEN_BYTES_MAX = 8 * 1024 * 1024;
/** Default limit of queued bytes. */
export const PENDING_BYTES_MAX = 128 * 1024 * 1024;

/** The limits given by the options; throws `InvalidOptionError`. */
export function limitsOf(options: ProducerOptions): ProducerLimits {
  checkOptions("producer", options, ["batchSize", "maxNumBatches", "maxPendingBytes", "ordering"]);
  const { batchSize = BatchSize.Adaptive, maxNumBatches = BATCHES_MAX, ordering = "strict" } = options;
  const { maxPendingBytes = PENDING_BYTES_MAX } = options;
  positiveInteger("maxPendingBytes", maxPendingBytes, "");
  if (batchSize !== BatchSize.Adaptive) positiveInteger("batchSize", batchSize, " or BatchSize.Adaptive");
  positiveInteger("maxNumBatches", maxNumBatches, "");
  if (ordering !== "strict" && ordering !== "loose") {
    throw invalidOption("producer", "ordering", ordering, '"strict" or "loose"');
  }
  const isAdaptive = batchSize === BatchSize.Adaptive;
  const eventsMax = isAdaptive ? ADAPTIVE_EVENTS_MAX : Math.min(batchSize, BATCH_EVENTS_MAX);
  return {
    eventsMax,
    bytesMax: BATCH_BYTES_MAX,
    batchesMax: maxNumBatches,
    openBytesMax: OPEN_BYTES_MAX,
    pendingBytesMax: maxPendingBytes,
    strict: ordering === "strict",
    queuedMax: (isAdaptive ? ADAPTIVE_QUEUED_MAX : eventsMax) * maxNumBatches,
  };
}

function positiveInteger(option: string, value: unknown, orElse: string): void {
  if (Number.isSafeInteger(value) && (value as number) > 0) return;
  throw invalidOption("producer", option, value, `a whole number above 0${orElse}`);
}

/** What a data part counts towards the maximum of a batch. */
export function loadOf(dataBytes: number): number {
  return dataBytes > LARGE_DATA_BYTES_MAX ? dataBytes : Math.min(dataBytes, LARGE_DATA_BYTES);
}

/** The requested partition; throws `InvalidOptionError` if there are other options, or something else. */
export function requestedPartition(options: PushOptions): number | undefined {
  const partition = options?.partition;
  if (partition === undefined || hasOtherKeys(options)) checkOptions("push", options, ["partition"]);
  return partition;
}

/** Whether there is more than a partition: this takes a quarter of the time of the check that says what. */
function hasOtherKeys(options: PushOptions): boolean {
  for (const key in options) if (key !== "partition") return true;
  return false;
}
