import { setImmediate } from "node:timers/promises";
import type { Event } from "../event.ts";
import type { PullLimits, PullQueue } from "./pull_queue.ts";
import type { Ends } from "./events_options.ts";
import { Repeatable } from "./repeatable.ts";

/** When an iteration over events ends. */
interface IterationSettings {
  /** One past the last id of each partition, once known; undefined for no end. */
  ends: () => Promise<Ends>;
  /** Whether to end as soon as no event is available. */
  once: boolean;
  /** Milliseconds without an event after which it ends; `Infinity` for never. */
  limit: number;
  /** Aborts the iteration; its reason is thrown. */
  signal: AbortSignal | undefined;
  /** Called just before an event is consumed: it is not if this throws, and the call of next() rejects. */
  onTaken: ((event: Event<unknown>) => void) | undefined;
}

/** Events delivered without a turn of the event loop: more would delay timers, signals and other work. */
const SYNCHRONOUS_EVENTS_MAX = 4096;

/** Iterates over events: directly if they are available, otherwise through the queue. */
export class EventIterator<T> implements AsyncIterableIterator<Event<T>> {
  #limits: PullLimits | undefined = undefined;
  #done = false;
  /** What ends the waits of pending calls of next(). */
  readonly #enders = new Set<() => void>();
  /** Events delivered since the event loop last turned. */
  #synchronousEvents = 0;

  readonly #ends: Repeatable<Ends>;

  constructor(private readonly queue: PullQueue<T>, private readonly settings: IterationSettings) {
    this.#ends = new Repeatable(settings.ends);
  }

  next(): Promise<IteratorResult<Event<T>, undefined>> {
    const limits = this.#limits;
    if (limits === undefined || this.#done || this.#synchronousEvents >= SYNCHRONOUS_EVENTS_MAX) {
      return this.#nextLater();
    }
    try {
      limits.signal?.throwIfAborted();
      const event = this.queue.tryNow(limits);
      if (event !== undefined) {
        this.#synchronousEvents++;
        return Promise.resolve({ done: false, value: event });
      }
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#nextLater();
  }

  /** The events that were read together with the last delivered one. */
  rest(): Event<T>[] {
    if (this.#done) return [];
    const events = this.queue.tryRest(this.#limits?.ends);
    this.#synchronousEvents += events.length;
    return events;
  }

  return(): Promise<IteratorResult<Event<T>, undefined>> {
    this.#done = true;
    // Otherwise a pending next() would take an event that no one receives.
    for (const end of [...this.#enders]) end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #nextLater(): Promise<IteratorResult<Event<T>, undefined>> {
    if (this.#done) return { done: true, value: undefined };
    if (this.#synchronousEvents >= SYNCHRONOUS_EVENTS_MAX) await setImmediate();
    this.#synchronousEvents = 0;
    const { once, limit, signal, onTaken } = this.settings;
    const limits = this.#limits ??= {
      ends: await this.#ends.result(),
      once,
      limit,
      signal,
      enders: this.#enders,
      onTaken,
    };
    // It may have been ended meanwhile.
    if (this.#done) return { done: true, value: undefined };
    const value = await this.queue.next(limits);
    if (value !== undefined) return { done: false, value };
    this.#done = true;
    return { done: true, value };
  }
}

/** Yields each event together with those that were read with it. */
export class BatchIterator<T> implements AsyncIterableIterator<Event<T>[]> {
  constructor(private readonly events: EventIterator<T>) {}

  async next(): Promise<IteratorResult<Event<T>[], undefined>> {
    const { done, value } = await this.events.next();
    if (done === true) return { done, value };
    const batch = this.events.rest();
    batch.unshift(value);
    return { done: false, value: batch };
  }

  /** Ends a pending call of next(), too: a generator would wait for its event. */
  async return(): Promise<IteratorResult<Event<T>[], undefined>> {
    await this.events.return();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** Thrown where an event was to be delivered to a stream that no one reads. */
const NO_READER = new Error("The stream has no reader");

/** What locks a stream. */
const LOCKING = ["getReader", "pipeThrough", "pipeTo", "tee", "values", Symbol.asyncIterator] as const;

/** A stream over an iteration; `iterate` starts it with a signal that aborts it, and what gets the events. */
export function readableOf<T>(
  iterate: (signal: AbortSignal, onTaken: (event: Event<unknown>) => void) => AsyncIterator<Event<T>>,
  outer?: AbortSignal,
): ReadableStream<Event<T>> {
  const cancelled = new AbortController();
  const signal = outer === undefined ? cancelled.signal : AbortSignal.any([outer, cancelled.signal]);
  let controller: ReadableStreamDefaultController<Event<T>>;
  let readers = 0;
  let pulling = 0;
  // As the event is consumed: a stream that is cancelled a moment later would lose it.
  const events = iterate(signal, (event) => {
    // The reader that asked for it has left, and took its question along. If there is another one, the stream pulls again
    // as soon as that one asks, or at the end of this pull if it has asked meanwhile.
    if (!stream.locked || readers !== pulling) throw NO_READER;
    controller.enqueue(event as Event<T>);
  });
  const stream = new ReadableStream<Event<T>>({
    start(own) {
      controller = own;
    },
    async pull() {
      // Called only while a reader waits, since nothing is wanted ahead.
      pulling = readers;
      try {
        const { done } = await events.next();
        if (done === true) controller.close();
      } catch (error) {
        // A cancelled stream accepts nothing more.
        if (error !== NO_READER && !cancelled.signal.aborted) throw error;
      }
    },
    cancel() {
      cancelled.abort();
    },
    // No event is consumed before a reader asks for it, since a cancelled stream could not return it.
  }, { highWaterMark: 0 });
  // A stream tells its source neither that a reader leaves nor that one comes.
  for (const name of LOCKING) {
    const lock = stream[name] as ((...args: unknown[]) => unknown) | undefined;
    const value = (...args: unknown[]) => {
      if (!stream.locked) readers++;
      return lock!.apply(stream, args);
    };
    if (lock !== undefined) {
      Object.defineProperty(stream, name, { value, configurable: true, writable: true });
    }
  }
  return stream;
}
