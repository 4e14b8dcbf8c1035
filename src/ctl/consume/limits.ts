import type { Consumer, Event } from "../../../mod.ts";
import { TIMER_MS_MAX } from "../../async.ts";
import type { ParsedArguments } from "../args/parsed.ts";
import { looksLikeTime } from "../../text/time.ts";
import { parseTime } from "../time.ts";
import { UsageError } from "../usage_error.ts";

/** When to stop. */
export interface Limits {
  follow: boolean;
  /** One past the last id to print, in each partition. */
  untilId?: number;
  /** Stop at events of this time or later: milliseconds since 1970. */
  untilTime?: number;
  max: number;
}

/** Reads `--until`, `--follow`, `--tail` and `--max`. */
export function limitsOf(args: ParsedArguments): Limits {
  const follow = args.flag("follow") || args.flag("tail");
  const limits: Limits = { follow, max: args.number("max") ?? Infinity };
  const until = args.text("until");
  if (until === undefined) return limits;
  if (until === "end") {
    if (follow) throw new UsageError('"--until end" and "--follow" exclude each other');
    return limits;
  }
  if (/^\d+$/.test(until)) return { ...limits, untilId: Number(until) };
  if (until.startsWith("@")) return { ...limits, untilTime: parseTime("--until", until.slice(1)) };
  if (looksLikeTime(until)) return { ...limits, untilTime: parseTime("--until", until) };
  throw new UsageError(
    `Option "--until" takes end, an id, a time or an age such as 15m; found ${JSON.stringify(until)}`,
  );
}

/** Decides which events are in range, and when there are no more to come. */
export class Range {
  readonly #ended = new Set<number>();

  constructor(private readonly limits: Limits) {}

  /** Whether an event, and so every later one of its partition, is after the range. */
  isAfter({ partition, id, timestamp }: Event): boolean {
    const { untilId = Infinity, untilTime = Infinity } = this.limits;
    if (id >= untilId || timestamp >= untilTime) this.#ended.add(partition);
    return this.#ended.has(partition);
  }

  /** Whether every partition is at the end of the range. */
  isComplete(consumer: Consumer): boolean {
    const { untilId = Infinity } = this.limits;
    return consumer.partitions.length > 0 &&
      consumer.partitions.every((number) => this.#ended.has(number) || consumer.position(number) >= untilId);
  }
}

/** A signal that is aborted at a given time. */
export class EndOfFollowing implements Disposable {
  readonly #controller = new AbortController();
  readonly #time: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `time` is in milliseconds since 1970; undefined and Infinity mean never. */
  constructor(time = Infinity) {
    this.#time = time;
    if (time !== Infinity) this.#wait();
  }

  /** Aborted from that time on. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #wait(): void {
    const ms = Math.ceil(this.#time - Date.now());
    if (ms <= 0) this.#controller.abort();
    else this.#timer = setTimeout(() => this.#wait(), Math.min(ms, TIMER_MS_MAX));
  }
}
