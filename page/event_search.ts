import type { EventsView } from "../src/ui/contract.ts";

/**
 * Where a page of events begins: at an id or a time, before an id, or before or after a page of all
 * partitions; by default at the newest event.
 */
export interface PageQuery {
  from?: number;
  before?: number;
  time?: number;
  older?: string;
  newer?: string;
}

/** Whether a page goes from older to newer events. */
export function isForwards({ from, time, newer }: PageQuery): boolean {
  return from !== undefined || time !== undefined || newer !== undefined;
}

/**
 * A page of events that grows: the server searches for a limited time per request, and is asked to continue
 * until the page is full or nothing is left.
 */
export async function* searchEvents(
  ask: (query: PageQuery, limit: number) => Promise<EventsView>,
  query: PageQuery,
  limit: number,
): AsyncGenerator<EventsView, void, void> {
  const forwards = isForwards(query);
  let page = await ask(query, limit);
  yield page;
  for (;;) {
    const next = page.events.length < limit ? nextQuery(page, forwards) : undefined;
    if (next === undefined) return;
    const more = await ask(next, limit - page.events.length);
    const isStuck = page.merged !== undefined
      ? more.merged?.left === page.merged.left
      : forwards
      ? more.untilId <= page.untilId
      : more.fromId >= page.fromId;
    if (isStuck) return;
    page = joined(page, more, forwards);
    yield page;
  }
}

/** The next request; undefined when nothing is left. */
function nextQuery(
  { merged, fromId, untilId, firstId, endId }: EventsView,
  forwards: boolean,
): PageQuery | undefined {
  if (merged !== undefined) {
    if (forwards) return merged.hasNewer ? { newer: merged.newer } : undefined;
    return merged.hasOlder ? { older: merged.older } : undefined;
  }
  if (forwards) return untilId < endId ? { from: untilId } : undefined;
  return fromId > firstId ? { before: fromId } : undefined;
}

function joined(page: EventsView, more: EventsView, forwards: boolean): EventsView {
  const [one, other] = forwards ? [page, more] : [more, page];
  const events = [...one.events, ...other.events];
  // Events after a full page are read again, and with them the damage between them.
  const common = { ...more, events, damage: [...new Set([...one.damage, ...other.damage])] };
  const { merged } = page;
  if (merged === undefined || more.merged === undefined) {
    return forwards ? { ...common, fromId: page.fromId } : { ...common, untilId: page.untilId };
  }
  // Results from several partitions are sorted by time.
  events.sort((one, other) => one.timestamp - other.timestamp);
  const edge = forwards
    ? { older: merged.older, hasOlder: merged.hasOlder }
    : { newer: merged.newer, hasNewer: merged.hasNewer };
  return { ...common, merged: { ...more.merged, ...edge } };
}
