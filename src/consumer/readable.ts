import type { Event } from "../event.ts";

/** A stream over an iteration; `iterate` starts it with a signal that aborts it. */
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
        // A cancelled stream has no reader, and its controller accepts nothing more.
        if (!cancelled.signal.aborted) throw error;
      }
    },
    cancel() {
      cancelled.abort();
    },
    // No event is consumed before a reader asks for it, since a cancelled stream could not return it.
  }, { highWaterMark: 0 });
}
