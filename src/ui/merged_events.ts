import type { PartitionDescription, Topic } from "../../mod.ts";
import { BadRequestError } from "./answer.ts";
import type { EventsView, EventView } from "./contract.ts";
import { readEvents } from "./event_reader.ts";
import { type EventFilter, filterOf } from "./filter.ts";
import { ownConsumer } from "./own_consumer.ts";
import type { Query } from "./query.ts";
import { counted } from "../counted.ts";

const EVENTS_DEFAULT = 50;
const EVENTS_MAX = 500;
/** A URL must have room for a position in each partition. */
const PARTITIONS_MAX = 1000;
/** Number of events to read from each of many partitions at first: most of them have fewer on a page. */
const FIRST_READ_EVENTS = 8;
const MANY_PARTITIONS = 16;
/** Number of events scanned with a filter at once, per partition, and the time limit; the page can continue. */
const SCAN_EVENTS = 2000;
const TIME_LIMIT_MS = 400;

type Direction = "older" | "newer";

/**
 * A page of events of all partitions in the order of their timestamps: the newest, those from a time on, or those
 * before or after a page. With a filter, what is found in the next part of every partition.
 */
export async function mergedEvents(topic: Topic, query: Query): Promise<EventsView> {
  const { limit } = query.page(EVENTS_DEFAULT, EVENTS_MAX);
  const filter = filterOf(query);
  const partitions = (await topic.describe()).filter(({ fault }) => fault === undefined);
  if (partitions.length > PARTITIONS_MAX) {
    throw new BadRequestError(`The topic has ${counted(partitions.length, "partition")}: choose one of them`);
  }
  const time = query.count("time");
  const [older, newer] = [query.text("older"), query.text("newer")];
  const direction: Direction = time !== undefined || newer !== undefined ? "newer" : "older";
  const starts = older ?? newer;
  const begin = time !== undefined
    ? await idsAt(topic, time)
    : starts !== undefined
    ? positionsOf(starts)
    : new Map(partitions.map(({ partition, nextId }) => [partition, nextId]));
  const parts = partitions.map((description) =>
    new Part(topic, description, begin.get(description.partition), direction)
  );
  const view = filter === undefined ? await merge(parts, limit, direction) : await scan(parts, filter, limit);
  view.events.sort(byTime);
  const edges = (edge: "low" | "high"): string =>
    parts.map((part) => `${part.partition}:${part[edge]}`).join(",");
  const sum = (numbers: number[]): number => numbers.reduce((total, number) => total + number, 0);
  return {
    firstId: 0,
    endId: 0,
    fromId: 0,
    untilId: 0,
    ...view,
    merged: {
      older: edges("low"),
      newer: edges("high"),
      hasOlder: parts.some(({ low, firstId }) => low > firstId),
      hasNewer: parts.some(({ high, endId }) => high < endId),
      left: sum(parts.map(({ left }) => left)),
      total: sum(parts.map(({ firstId, endId }) => endId - firstId)),
    },
  };
}

/** The part of a page from one partition: from `low` to before `high`. */
class Part {
  readonly partition: number;
  readonly firstId: number;
  readonly endId: number;
  low: number;
  high: number;

  constructor(
    private readonly topic: Topic,
    { partition, firstId, nextId }: PartitionDescription,
    begin: number | undefined,
    private readonly direction: Direction,
  ) {
    this.partition = partition;
    this.firstId = firstId;
    this.endId = nextId;
    this.low = this.high = Math.min(
      Math.max(begin ?? (direction === "older" ? nextId : firstId), firstId),
      nextId,
    );
  }

  /** Number of events not yet read in the direction. */
  get left(): number {
    return this.direction === "older" ? this.low - this.firstId : this.endId - this.high;
  }

  /** Reads the next events in the direction. */
  async read(count: number, filter?: EventFilter): Promise<{ events: EventView[]; damage: string[] }> {
    const { partition, direction } = this;
    const fromId = direction === "older" ? Math.max(this.firstId, this.low - count) : this.high;
    const endId = direction === "older" ? this.low : Math.min(this.endId, this.high + count);
    const read = await readEvents(this.topic, {
      partition,
      fromId,
      endId,
      limit: Infinity,
      filter,
      deadlineMs: Infinity,
    });
    if (direction === "older") this.low = fromId;
    else this.high = endId;
    return read;
  }
}

/** One page of events, the next ones by time over all partitions. */
async function merge(
  parts: readonly Part[],
  limit: number,
  direction: Direction,
): Promise<Pick<EventsView, "events" | "damage">> {
  const damage: string[] = [];
  const found = new Set<number>();
  const order = direction === "older" ? (one: EventView, other: EventView) => byTime(other, one) : byTime;
  let events: EventView[] = [];
  let wanted = parts.filter(({ left }) => left > 0);
  const step = wanted.length > MANY_PARTITIONS ? Math.min(FIRST_READ_EVENTS, limit) : limit;
  while (wanted.length > 0) {
    const last = new Map<number, EventView | undefined>();
    for (const part of wanted) {
      const read = await part.read(step);
      events.push(...read.events);
      damage.push(...read.damage);
      if (read.events.length > 0) found.add(part.partition);
      last.set(part.partition, direction === "older" ? read.events[0] : read.events.at(-1));
    }
    events = events.sort(order).slice(0, limit);
    const kept = new Set(events);
    // Read more from those partitions whose events are all on the page so far.
    wanted = wanted.filter((part) => {
      const edge = last.get(part.partition);
      return part.left > 0 && (edge === undefined || kept.has(edge)) &&
        (events.length < limit || edge !== undefined);
    });
    if (
      events.length >= limit && wanted.every((part) => order(events.at(-1)!, last.get(part.partition)!) <= 0)
    ) break;
  }
  for (const part of parts) {
    // If all events of a partition were lost, it has been read up to its current position.
    if (found.has(part.partition)) {
      cut(part, events.filter(({ partition }) => partition === part.partition), direction);
    }
  }
  return { events, damage };
}

/** Events that were read but are not on the page belong to the next one. */
function cut(part: Part, events: readonly EventView[], direction: Direction): void {
  const ids = events.map(({ id }) => id);
  if (direction === "older") part.low = ids.length === 0 ? part.high : Math.min(...ids);
  else part.high = ids.length === 0 ? part.low : Math.max(...ids) + 1;
}

/** Scans the next part of every partition with a filter, for a limited time. */
async function scan(
  parts: readonly Part[],
  filter: EventFilter,
  limit: number,
): Promise<Pick<EventsView, "events" | "damage">> {
  const view: Pick<EventsView, "events" | "damage"> = { events: [], damage: [] };
  const deadlineMs = performance.now() + TIME_LIMIT_MS;
  // Those with the most events left come first, so that all finish at about the same time.
  const order = parts.filter(({ left }) => left > 0).sort((one, other) => other.left - one.left);
  for (const part of order) {
    const { events, damage } = await part.read(SCAN_EVENTS, filter);
    view.events.push(...events);
    view.damage.push(...damage);
    if (view.events.length >= limit || performance.now() > deadlineMs) break;
  }
  return view;
}

function byTime(one: EventView, other: EventView): number {
  return one.timestamp - other.timestamp || one.id - other.id || one.partition - other.partition;
}

/** `0:17,1:20`. */
function positionsOf(text: string): Map<number, number> {
  return new Map(
    text.split(",").map((place) => {
      const match = /^(\d+):(\d+)$/.exec(place);
      if (match === null) {
        throw new BadRequestError(`A position is written like 0:17, found ${JSON.stringify(place)}`);
      }
      return [Number(match[1]), Number(match[2])];
    }),
  );
}

/** The ids of the first events at or after a time. */
async function idsAt(topic: Topic, time: number): Promise<Map<number, number>> {
  await using consumer = ownConsumer(topic, { from: { time } });
  await consumer.ready();
  return new Map(consumer.partitions.map((partition) => [partition, consumer.position(partition)]));
}
