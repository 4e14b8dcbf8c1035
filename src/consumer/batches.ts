import type { Event } from "../event.ts";
import type { EventSource } from "./event_source.ts";
import type { EventIterator } from "./event_iterator.ts";

/** Gives with each event those of the same read that are at hand. */
export async function* batchesOf<T>(
  events: EventIterator<T>,
  source: EventSource<T>,
): AsyncGenerator<Event<T>[], undefined> {
  for await (const event of events) {
    const batch = [event];
    while (source.inBatch) {
      const next = events.tryNext();
      if (next === undefined) break;
      batch.push(next);
    }
    yield batch;
  }
}
