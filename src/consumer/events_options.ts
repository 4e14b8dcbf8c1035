import { checkedSignal } from "../future.ts";
import { checkOptions, invalidOption } from "../options.ts";

/** What {@linkcode Consumer.events} and related methods accept. */
export interface EventsOptions {
  /**
   * `"end"`: only the events that are stored when the iteration starts. `{ id }`: only those of them below that
   * id, in every partition. Default: no end, it waits for new events.
   */
  until?: "end" | { id: number } | undefined;
  /** Ends the iteration if no event arrives for this long, in milliseconds. Default: no limit. */
  timeoutMs?: number | undefined;
  /** Aborts the iteration; a pending wait rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** The validated options; throws `InvalidOptionError`. */
export function readEventsOptions(options: EventsOptions): EventsOptions {
  const owner = "events";
  checkOptions(owner, options, ["until", "timeoutMs", "signal"]);
  const { until } = options;
  if (until !== undefined && until !== "end" && !(Number.isSafeInteger(until?.id) && until.id >= 0)) {
    throw invalidOption(owner, "until", until, '"end" or { id } with a whole number');
  }
  checkedSignal(owner, options.signal);
  return options;
}

/** Where an iteration ends: one past the last id in each partition; `undefined` for no end. */
export type Ends = ReadonlyMap<number, number> | undefined;

/** The end in one partition. */
export function endOf(ends: NonNullable<Ends>, partition: number): number {
  return ends.get(partition) ?? 0;
}
