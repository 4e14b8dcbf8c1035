import type { EventsView } from "../src/ui/contract.ts";

/** Where a page of events begins: at an id or a time, or before an id; the newest by default. */
export interface PageQuery {
  from?: number;
  before?: number;
  time?: number;
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
  const isForwards = query.from !== undefined || query.time !== undefined;
  let page = await ask(query, limit);
  yield page;
  while (
    page.events.length < limit && (isForwards ? page.untilId < page.endId : page.fromId > page.firstId)
  ) {
    const rest = limit - page.events.length;
    const more = await ask(isForwards ? { from: page.untilId } : { before: page.fromId }, rest);
    if (isForwards ? more.untilId <= page.untilId : more.fromId >= page.fromId) return;
    page = isForwards
      ? { ...more, fromId: page.fromId, ...joined(page, more) }
      : { ...more, untilId: page.untilId, ...joined(more, page) };
    yield page;
  }
}

function joined(one: EventsView, other: EventsView): Pick<EventsView, "events" | "damage"> {
  return { events: [...one.events, ...other.events], damage: [...one.damage, ...other.damage] };
}
