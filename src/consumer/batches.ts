import type { Event } from "../event.ts";
import type { EventIterator } from "./event_iterator.ts";

/** Gives with each event those that were read together with it. */
export async function* batchesOf<T>(events: EventIterator<T>): AsyncGenerator<Event<T>[], undefined> {
  for await (const event of events) {
    const batch = events.rest();
    batch.unshift(event);
    yield batch;
  }
}
