import type { Event } from "../event.ts";

/** A stream over an iteration, which `iterate` begins with a signal that ends it. */
export function readableOf<T>(
  iterate: (signal: AbortSignal) => AsyncIterator<Event<T>>,
  outer?: AbortSignal,
): ReadableStream<Event<T>> {
  const cancelled = new AbortController();
  const signal = outer === undefined ? cancelled.signal : AbortSignal.any([outer, cancelled.signal]);
  const events = iterate(signal);
  return new ReadableStream<Event<T>>({
    async pull(controller) {
      try {
        const { done, value } = await events.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        // No one listens to a cancelled stream, and its controller takes nothing more.
        if (!cancelled.signal.aborted) throw error;
      }
    },
    cancel() {
      cancelled.abort();
    },
    // No event is taken before a reader asks, since a cancelled stream could not give it back.
  }, { highWaterMark: 0 });
}
