import { BatchSize, checkOptions, invalidOption } from "../options.ts";
import type { ConsumerRequest, StartPosition } from "../contract.ts";
import { type CorruptedLogError, InvalidOptionError, NoSuchPartitionError } from "../errors.ts";
import type { JsonValue } from "../json.ts";
import { type DataAllocator, type DataSelector, FullDataSelector } from "./data_selection.ts";

/** What {@linkcode Topic.consumer} accepts. */
export interface ConsumerOptions<T = JsonValue> {
  /** Selects which bytes of an event's data to read. Default: none, or all if an allocator is given. */
  dataSelector?: DataSelector<T> | undefined;
  /** Supplies the buffers for the selected bytes. Default: memory that may be shared with other events. */
  dataAllocator?: DataAllocator<T> | undefined;
  /** Number of events read from one partition before moving to the next. Default: adaptive. */
  batchSize?: BatchSize | undefined;
  /** Number of batches that an engine may read ahead. Default: 2. */
  maxNumBatches?: number | undefined;
  /** Only these partitions. Default: all. */
  partitions?: readonly number[] | undefined;
  /**
   * Whether consumers of this name share the partitions, so that each event is delivered to one of them: each
   * partition is assigned to one consumer at a time, and reassigned when that consumer closes or dies. Default:
   * false, each reads every partition; with the driver `kafka` true, unless `partitions` are given.
   */
  group?: boolean | undefined;
  /**
   * With `group`: how long, in milliseconds, a member that is suspended or on another machine may go without a
   * heartbeat before its partitions are reassigned. Default: 10,000.
   */
  groupTimeoutMs?: number | undefined;
  /** Where to start in partitions in which the name has acknowledged nothing yet. Default: `"earliest"`. */
  from?: StartPosition | undefined;
  /** `"throw"` (default) reports damage to the caller as an error; `"skip"` skips it. */
  onCorruption?: "throw" | "skip" | undefined;
  /** Called with damage that is skipped. */
  onDamage?: ((error: CorruptedLogError) => void) | undefined;
}

/** Enough for a low cost per event, and few enough that the other partitions wait only briefly. */
const SHARED_EVENTS_MAX = 256;
const ALONE_EVENTS_MAX = 1024;
/** Default number of batches read ahead. */
export const BATCHES_MAX = 2;

/** With a shorter timeout, a busy machine would consider its own members dead. */
const GROUP_TIMEOUT_MS_MIN = 100;

const KEYS = [
  "dataSelector",
  "dataAllocator",
  "batchSize",
  "maxNumBatches",
  "partitions",
  "group",
  "groupTimeoutMs",
  "from",
  "onCorruption",
  "onDamage",
] as const satisfies readonly (keyof ConsumerOptions)[];

/** The request to the driver; throws `InvalidOptionError` or `NoSuchPartitionError`. */
export function requestOf<T>(options: ConsumerOptions<T>, numPartitions: number): ConsumerRequest {
  checkOptions("consumer", options, KEYS);
  const { partitions, from = "earliest", onCorruption = "throw", onDamage, dataSelector, dataAllocator } =
    options;
  const { maxNumBatches = BATCHES_MAX, group, groupTimeoutMs } = options;
  if (onCorruption !== "throw" && onCorruption !== "skip") {
    throw invalidOption("consumer", "onCorruption", onCorruption, '"throw" or "skip"');
  }
  checkFunction("dataSelector", dataSelector, ", e.g. FullDataSelector itself");
  checkFunction("dataAllocator", dataAllocator, ", e.g. Uint8ArrayAllocator itself");
  checkFunction("onDamage", onDamage);
  checkWholeNumber("maxNumBatches", maxNumBatches, "a whole number above 0");
  checkGroup(options);
  return {
    from: checkedPosition("consumer", "from", from),
    partitions: partitions === undefined
      ? undefined
      : checkedPartitions("consumer", partitions, numPartitions),
    onCorruption,
    onDamage,
    dataWanted: selectorOf(options) !== undefined,
    batchesMax: maxNumBatches,
    group,
    groupTimeoutMs,
  };
}

function checkGroup<T>({ group, groupTimeoutMs, partitions }: ConsumerOptions<T>): void {
  if (group !== undefined && typeof group !== "boolean") {
    throw invalidOption("consumer", "group", group, "true or false");
  }
  if (group === true && partitions !== undefined) {
    throw new InvalidOptionError(
      "partitions",
      `Cannot use consumer option "partitions" (${JSON.stringify(partitions)}) with "group": ` +
        "the members of a group are given their partitions; leave one of the two out",
    );
  }
  if (groupTimeoutMs === undefined) return;
  if (group !== true) {
    throw new InvalidOptionError(
      "groupTimeoutMs",
      'Cannot use consumer option "groupTimeoutMs" without "group": set group to true, or leave it out',
    );
  }
  if (!(Number.isFinite(groupTimeoutMs) && groupTimeoutMs >= GROUP_TIMEOUT_MS_MIN)) {
    throw invalidOption(
      "consumer",
      "groupTimeoutMs",
      groupTimeoutMs,
      `a number of milliseconds, at least ${GROUP_TIMEOUT_MS_MIN}`,
    );
  }
}

/** The consumer's selector: an allocator alone implies all data. */
export function selectorOf<T>(
  { dataSelector, dataAllocator }: ConsumerOptions<T>,
): DataSelector<T> | undefined {
  return dataSelector ?? (dataAllocator === undefined ? undefined : FullDataSelector);
}

/** Number of events read from a partition before moving to the next. */
export function eventsMaxOf(batchSize: BatchSize | undefined, numPartitions: number): number {
  if (batchSize === undefined || batchSize === BatchSize.Adaptive) {
    return numPartitions === 1 ? ALONE_EVENTS_MAX : SHARED_EVENTS_MAX;
  }
  checkWholeNumber("batchSize", batchSize, "a whole number above 0 or BatchSize.Adaptive");
  return batchSize;
}

/**
 * The partitions, sorted and without duplicates; throws `NoSuchPartitionError`, or `InvalidOptionError` if there are
 * none, or some that are not among `chosen`, if that is given.
 */
export function checkedPartitions(
  owner: string,
  partitions: readonly number[],
  numPartitions: number,
  chosen?: readonly number[],
): number[] {
  if (!Array.isArray(partitions) || partitions.length === 0) {
    throw invalidOption(owner, "partitions", partitions, "at least one partition number in an array");
  }
  for (const partition of partitions) {
    if (!Number.isInteger(partition) || partition < 0 || partition >= numPartitions) {
      throw new NoSuchPartitionError(partition, numPartitions);
    }
    if (chosen?.includes(partition) === false) {
      throw invalidOption(
        owner,
        "partitions",
        partitions,
        `partitions that the consumer reads: ${chosen.join(", ")}`,
      );
    }
  }
  return [...new Set<number>(partitions)].sort((one, other) => one - other);
}

/** The given position; throws `InvalidOptionError` if it is not one. */
export function checkedPosition(owner: string, option: string, position: unknown): StartPosition {
  if (position === "earliest" || position === "latest") return position;
  if (typeof position === "object" && position !== null && Object.keys(position).length === 1) {
    const { id, time } = position as { id?: unknown; time?: unknown };
    if (typeof id === "number" && Number.isSafeInteger(id) && id >= 0) return { id };
    if (typeof time === "number" && Number.isFinite(time)) return { time };
    if (time instanceof Date && !Number.isNaN(time.getTime())) return { time };
  }
  throw invalidOption(
    owner,
    option,
    position,
    '"earliest", "latest", { id } with a whole number, or { time } with milliseconds since 1970 or a Date',
  );
}

function checkFunction(option: string, value: unknown, example = ""): void {
  if (value !== undefined && typeof value !== "function") {
    throw invalidOption("consumer", option, value, `a function${example}`);
  }
}

function checkWholeNumber(option: string, value: unknown, expected: string): void {
  if (!Number.isSafeInteger(value) || (value as number) <= 0) {
    throw invalidOption("consumer", option, value, expected);
  }
}
