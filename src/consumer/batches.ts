import type { Event } from "../event.ts";
import type { EventIterator } from "./event_iterator.ts";

/** Yields each event together with those that were read with it. */
export async function* batchesOf<T>(events: EventIterator<T>): AsyncGenerator<Event<T>[], undefined> {
  for await (const event of events) {
    const batch = events.rest();
    batch.unshift(event);
    yield batch;
  }
}
