import { randomUUID } from "node:crypto";
import { type Consumer, type ConsumerOptions, type Event, EventGoneError, type Topic } from "../../mod.ts";
import { ofPartition } from "../contract/partitions.ts";
import { NotFoundError } from "./http_response.ts";
import { eventView } from "./event_view.ts";
import type { EventView } from "./contract.ts";
import type { EventFilter } from "./filter.ts";

/** Existing events are read at once from files, and within a moment from a remote engine. */
const TIME_LIMIT_MS = 10_000;

/** What to read. */
interface ReadRequest {
  partition: number;
  fromId: number;
  /** One past the last id to read. */
  endId: number;
  /** Maximum number of events. */
  limit: number;
  filter: EventFilter | undefined;
  /** `performance.now()` at which to stop. */
  deadlineMs: number;
}

/** The result of reading. */
export interface ReadResult {
  events: EventView[];
  /** One past the last scanned id. */
  untilId: number;
  /** The times of the first and the last scanned event, if there was one. */
  times?: { first: number; last: number };
  damage: string[];
}

/** Reads events of one partition forwards; damage is skipped and reported. */
export async function readEvents(topic: Topic, request: ReadRequest): Promise<ReadResult> {
  const { partition, fromId, endId, limit, filter, deadlineMs } = request;
  const result: ReadResult = { events: [], untilId: fromId, damage: [] };
  if (fromId >= endId) return result;
  await using consumer = ownConsumer(topic, {
    partitions: [partition],
    from: { id: fromId },
    batchSize: filter === undefined ? Math.min(limit, 1024) : 1024,
    onCorruption: "skip",
    onDamage: (error) => result.damage.push(error.message),
  });
  for await (const batch of consumer.batches({ until: { id: endId } })) {
    for (const event of batch) {
      result.untilId = event.id + 1;
      if (result.times === undefined) result.times = { first: event.timestamp, last: event.timestamp };
      else result.times.last = event.timestamp;
      if (filter === undefined || filter(event)) result.events.push(eventView(event));
      if (result.events.length >= limit) return result;
    }
    if (performance.now() > deadlineMs) return result;
  }
  result.untilId = endId;
  return result;
}

/** Uses one event; throws `EventGoneError` if it no longer exists. */
export async function useEvent<R>(
  topic: Topic,
  { partition, id }: { partition: number; id: number },
  use: (event: Event) => Promise<R>,
): Promise<R> {
  const known = ofPartition(await topic.describe(), partition);
  if (id >= known.nextId) throw new NotFoundError(`There is no event ${id} in partition ${partition} yet`);
  if (id < known.firstId) throw new EventGoneError(partition, id, known.firstId);
  await using consumer = ownConsumer(topic, { partitions: [partition], from: { id } });
  const event = await consumer.pull().wait(TIME_LIMIT_MS);
  if (event?.id === id) return await use(event);
  throw new EventGoneError(partition, id, event?.id ?? consumer.position(partition));
}

/** The id of the first event at or after a time. */
export async function idAt(topic: Topic, partition: number, time: number): Promise<number> {
  return (await idsAt(topic, time, [partition])).get(partition)!;
}

/** The same, in each of some partitions. */
export async function idsAt(topic: Topic, time: number, partitions: number[]): Promise<Map<number, number>> {
  if (partitions.length === 0) return new Map();
  // With explicit partitions it does not join a group, which an engine may record.
  await using consumer = ownConsumer(topic, { partitions, from: { time } });
  await consumer.ready();
  return new Map(partitions.map((partition) => [partition, consumer.position(partition)]));
}

/** A consumer with a unique name: it acknowledges nothing and leaves no trace. */
export function ownConsumer(topic: Topic, options: ConsumerOptions): Consumer {
  return topic.consumer(`ui-${randomUUID()}`, options);
}
