import type { EventsView } from "../src/ui/contract.ts";

/**
 * Where a page of events begins: at an id or a time, or before an id, or before or after a page of all partitions; the
 * newest by default.
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
 * A page of events that grows: the server looks for what a filter wants for a moment only, and is asked again from
 * there until the page is full or there is no more.
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

/** What is asked next; undefined where there is no more. */
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
  const common = { ...more, events, damage: [...one.damage, ...other.damage] };
  const { merged } = page;
  if (merged === undefined || more.merged === undefined) {
    return forwards ? { ...common, fromId: page.fromId } : { ...common, untilId: page.untilId };
  }
  // What a filter finds of one partition after the other is put into the order of time.
  events.sort((one, other) => one.timestamp - other.timestamp);
  const edge = forwards
    ? { older: merged.older, hasOlder: merged.hasOlder }
    : { newer: merged.newer, hasNewer: merged.hasNewer };
  return { ...common, merged: { ...more.merged, ...edge } };
}
