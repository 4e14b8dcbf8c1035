import { checkedSignal } from "../future.ts";
import { checkOptions, invalidOption } from "../options.ts";

/** What {@linkcode Consumer.events} and its kin take. */
export interface EventsOptions {
  /**
   * `"end"`: only the events that are stored when the iteration begins. `{ id }`: only those of them below that
   * id, in every partition. Default: no end, it waits for new events.
   */
  until?: "end" | { id: number };
  /** Ends the iteration when no event arrives for this long, in milliseconds. Default: no limit. */
  timeoutMs?: number;
  /** Ends the iteration; a wait in progress rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** The options, checked; throws `InvalidOptionError`. */
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
