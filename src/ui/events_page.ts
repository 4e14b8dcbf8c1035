import type { Topic } from "../../mod.ts";
import { ofPartition } from "../contract/partitions.ts";
import type { EventsView } from "./contract.ts";
import { idAt, readEvents } from "./event_reader.ts";
import { filterOf } from "./filter.ts";
import type { Query } from "./query.ts";

const EVENTS_DEFAULT = 50;
const EVENTS_MAX = 500;
/** Time limit of one scan with a filter; the page can continue it. */
const TIME_LIMIT_MS = 400;
/** Number of ids in one step of a backward scan with a filter; larger if it finds nothing. */
const STEP_BACK = 2000;
const STEP_BACK_MAX = 50_000;

/** A page of events of one partition: from an id or a time, or those before an id (by default the newest). */
export async function eventsPage(topic: Topic, query: Query): Promise<EventsView> {
  const partition = query.count("partition") ?? 0;
  ofPartition(topic.partitions, partition);
  const { limit } = query.page(EVENTS_DEFAULT, EVENTS_MAX);
  const filter = filterOf(query);
  const { firstId, nextId: endId } = ofPartition(await topic.describe(), partition);
  const time = query.count("time");
  const from = time === undefined ? query.count("from") : await idAt(topic, partition, time);
  const deadlineMs = performance.now() + TIME_LIMIT_MS;
  const common = { partition, firstId, endId };
  if (from !== undefined) {
    const fromId = Math.min(Math.max(from, firstId), endId);
    const read = await readEvents(topic, { partition, fromId, endId, limit, filter, deadlineMs });
    return { ...common, ...read, fromId };
  }
  const untilId = Math.min(Math.max(query.count("before") ?? endId, firstId), endId);
  const view: EventsView = { ...common, events: [], fromId: untilId, untilId, damage: [] };
  let step = filter === undefined ? limit : STEP_BACK;
  while (view.fromId > firstId && view.events.length < limit && performance.now() < deadlineMs) {
    const fromId = Math.max(firstId, view.fromId - step);
    const { events, damage } = await readEvents(topic, {
      partition,
      fromId,
      endId: view.fromId,
      limit: Infinity,
      filter,
      deadlineMs: Infinity,
    });
    view.events.unshift(...events);
    view.damage.unshift(...damage);
    view.fromId = fromId;
    if (filter !== undefined && events.length === 0) step = Math.min(STEP_BACK_MAX, 2 * step);
  }
  const surplus = view.events.length - limit;
  if (surplus > 0) {
    // The rest belongs to the previous page.
    view.events.splice(0, surplus);
    view.fromId = view.events[0]?.id ?? view.fromId;
  }
  return view;
}
