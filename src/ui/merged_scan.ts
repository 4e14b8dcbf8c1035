import type { EventsView, EventView } from "./contract.ts";
import type { EventFilter } from "./filter.ts";
import { type Direction, MANY_PARTITIONS, orderOf, type Part } from "./merged_part.ts";

/** Number of events to scan at first in each partition, few or many; doubled with every further step. */
const FIRST_SCAN_EVENTS = { few: 1000, many: 500 };
const SCAN_EVENTS_MAX = 16_000;
/** Time limit of one scan, after the first step in each partition; the page can continue it. */
const TIME_LIMIT_MS = 400;
/** Partitions that are looked at together at first: opening a consumer of a remote engine takes several round trips. */
const LOOKS_AT_ONCE = 8;

/** How far the scan of one partition is. */
class Scan {
  /** Matches in the partition. */
  readonly found: EventView[] = [];
  readonly damage: string[] = [];
  /** The time of the last event it came to. */
  time: number | undefined;
  #step: number;

  constructor(readonly part: Part, private readonly direction: Direction, firstStep: number) {
    this.#step = firstStep;
  }

  async advance(filter: EventFilter, matchesMax: number): Promise<void> {
    const { events, damage, times } = await this.part.read(this.#step, filter, matchesMax);
    this.found.push(...events);
    this.damage.push(...damage);
    if (times !== undefined) this.time = this.direction === "newer" ? times.last : times.first;
    this.#step = Math.min(SCAN_EVENTS_MAX, 2 * this.#step);
  }

  /** Continues at the first match that is not on the page, if there is one. */
  leave(page: ReadonlySet<EventView>): void {
    const ids = this.found.filter((event) => !page.has(event)).map(({ id }) => id);
    if (ids.length === 0) return;
    if (this.direction === "newer") this.part.high = Math.min(...ids);
    else this.part.low = Math.max(...ids) + 1;
  }
}

/**
 * Scans all partitions with a filter, the one that is least far next, so that what is found comes in the order of
 * time. Ends with a full page, or after a limited time.
 */
export async function scan(
  parts: readonly Part[],
  filter: EventFilter,
  { limit, direction }: { limit: number; direction: Direction },
): Promise<Pick<EventsView, "events" | "damage">> {
  const size = parts.length > MANY_PARTITIONS ? "many" : "few";
  const scans = parts.filter(({ left }) => left > 0).map((part) =>
    new Scan(part, direction, FIRST_SCAN_EVENTS[size])
  );
  const deadlineMs = performance.now() + TIME_LIMIT_MS;
  // Without a look at each partition, it is not known which events come first.
  for (let at = 0; at < scans.length; at += LOOKS_AT_ONCE) {
    await Promise.all(scans.slice(at, at + LOOKS_AT_ONCE).map((scan) => scan.advance(filter, limit)));
  }
  let last = leastFar(scans, direction);
  let events = upTo(scans, last, direction);
  while (last !== undefined && events.length < limit && performance.now() < deadlineMs) {
    await last.advance(filter, limit);
    last = leastFar(scans, direction);
    events = upTo(scans, last, direction);
  }
  events = events.sort(orderOf(direction)).slice(0, limit);
  const page = new Set(events);
  for (const scan of scans) scan.leave(page);
  return { events, damage: scans.flatMap(({ damage }) => damage) };
}

/** Of the scans that are not at their end, the one that is least far in time. */
function leastFar(scans: readonly Scan[], direction: Direction): Scan | undefined {
  const start = direction === "newer" ? -Infinity : Infinity;
  const sign = direction === "newer" ? 1 : -1;
  return scans.filter(({ part }) => part.left > 0)
    .reduce<Scan | undefined>(
      (least, scan) =>
        least === undefined || sign * ((scan.time ?? start) - (least.time ?? start)) < 0 ? scan : least,
      undefined,
    );
}

/** The matches that no unread event precedes. */
function upTo(scans: readonly Scan[], last: Scan | undefined, direction: Direction): EventView[] {
  const found = scans.flatMap(({ found }) => found);
  if (last === undefined) return found;
  const { time } = last;
  if (time === undefined) return [];
  return found.filter(({ timestamp }) => direction === "newer" ? timestamp <= time : timestamp >= time);
}
