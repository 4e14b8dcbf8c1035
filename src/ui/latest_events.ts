import type { PartitionDescription, Topic } from "../../mod.ts";
import type { EventsView, EventView } from "./contract.ts";
import { readEvents } from "./event_reader.ts";
import { parseFilter } from "./filter.ts";
import type { Query } from "./query.ts";

const EVENTS_DEFAULT = 50;
const EVENTS_MAX = 500;
/** Of more partitions than this only those that were written to last are looked into. */
const PARTITIONS_MAX = 64;
/** What a filter looks through of each partition. */
const SCANNED_MAX = 2000;
const PATIENCE_MS = 400;

/** The newest events of all partitions, in the order of their times. */
export async function latestEvents(topic: Topic, query: Query): Promise<EventsView> {
  const { limit } = query.page(EVENTS_DEFAULT, EVENTS_MAX);
  const filter = parseFilter(query.text("filter"));
  const deadlineMs = performance.now() + PATIENCE_MS;
  const events: EventView[] = [];
  const damage: string[] = [];
  for (const { partition, firstId, nextId: endId } of newestOf(await topic.describe())) {
    const fromId = Math.max(firstId, endId - (filter === undefined ? limit : SCANNED_MAX));
    const read = await readEvents(topic, {
      partition,
      fromId,
      endId,
      limit: Infinity,
      filter,
      deadlineMs: Infinity,
    });
    events.push(...read.events);
    damage.push(...read.damage);
    if (performance.now() > deadlineMs) break;
  }
  events.sort((one, other) => one.timestamp - other.timestamp || one.id - other.id);
  return { firstId: 0, endId: 0, fromId: 0, untilId: 0, events: events.slice(-limit), damage };
}

function newestOf(partitions: PartitionDescription[]): PartitionDescription[] {
  return partitions
    .filter(({ firstId, nextId }) => nextId > firstId)
    .sort((one, other) => (other.newestTime ?? 0) - (one.newestTime ?? 0))
    .slice(0, PARTITIONS_MAX);
}
