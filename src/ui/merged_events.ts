import type { Topic } from "../../mod.ts";
import { BadRequestError } from "./http_response.ts";
import type { EventsView, EventView } from "./contract.ts";
import { filterOf } from "./filter.ts";
import { byTime, type Direction, MANY_PARTITIONS, orderOf, Part } from "./merged_part.ts";
import { scan } from "./merged_scan.ts";
import { idsAt } from "./event_reader.ts";
import type { Query } from "./query.ts";
import { counted } from "../text/counted.ts";

const EVENTS_DEFAULT = 50;
const EVENTS_MAX = 500;
/** A URL must have room for a position in each partition. */
const PARTITIONS_MAX = 1000;
/** Number of events to read from each of many partitions at first: most of them have fewer on a page. */
const FIRST_READ_EVENTS = 8;

/**
 * A page of events of all partitions in the order of their timestamps: the newest, those from a time on, or those
 * before or after a page. With a filter, what was found of them within a time limit.
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
    ? await idsAt(topic, time, partitions.map(({ partition }) => partition))
    : starts !== undefined
    ? positionsOf(starts)
    : new Map(partitions.map(({ partition, nextId }) => [partition, nextId]));
  const parts = partitions.map((description) =>
    new Part(topic, description, begin.get(description.partition), direction)
  );
  const view = filter === undefined
    ? await merge(parts, limit, direction)
    : await scan(parts, filter, { limit, direction });
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

/** One page of events, the next ones by time over all partitions. */
async function merge(
  parts: readonly Part[],
  limit: number,
  direction: Direction,
): Promise<Pick<EventsView, "events" | "damage">> {
  const damage: string[] = [];
  const found = new Set<number>();
  const order = orderOf(direction);
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
