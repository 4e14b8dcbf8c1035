import type { Event } from "../event.ts";
import type { PullLimits, PullQueue } from "./pull_queue.ts";
import type { Ends } from "./event_source.ts";

/** Where an iteration over events ends, and what ends it early. */
export interface IterationSettings {
  /** One past the last id of each partition, once known; undefined for no end. */
  ends: Promise<Ends>;
  /** Whether to end as soon as nothing is there. */
  once: boolean;
  /** Milliseconds without an event after which it ends; `Infinity` for never. */
  limit: number;
  /** Ends it with its reason as an error. */
  signal: AbortSignal | undefined;
}

/** Iterates over events: at hand without a detour, else by waiting in line. */
export class EventIterator<T> implements AsyncIterableIterator<Event<T>> {
  #limits: PullLimits | undefined = undefined;
  #done = false;

  constructor(private readonly queue: PullQueue<T>, private readonly settings: IterationSettings) {
    // Looked at by next(); an iteration that nobody starts fails for nobody.
    settings.ends.catch(() => {});
  }

  next(): Promise<IteratorResult<Event<T>, undefined>> {
    const limits = this.#limits;
    if (limits === undefined || this.#done) return this.#nextLater();
    try {
      limits.signal?.throwIfAborted();
      const event = this.queue.tryNow(limits.ends);
      if (event !== undefined) return Promise.resolve({ done: false, value: event });
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#nextLater();
  }

  /** The next event if it is at hand. */
  tryNext(): Event<T> | undefined {
    return this.#done ? undefined : this.queue.tryNow(this.#limits?.ends);
  }

  return(): Promise<IteratorResult<Event<T>, undefined>> {
    this.#done = true;
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #nextLater(): Promise<IteratorResult<Event<T>, undefined>> {
    if (this.#done) return { done: true, value: undefined };
    const { once, limit, signal } = this.settings;
    this.#limits ??= { ends: await this.settings.ends, once, limit, signal };
    const value = await this.queue.next(this.#limits);
    if (value !== undefined) return { done: false, value };
    this.#done = true;
    return { done: true, value };
  }
}
