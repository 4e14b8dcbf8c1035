import { setImmediate } from "node:timers/promises";
import type { Event } from "../event.ts";
import type { PullLimits, PullQueue } from "./pull_queue.ts";
import type { Ends } from "./ends.ts";

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

/** Events given without a turn of the event loop: more would keep timers, signals and other work waiting. */
const AT_HAND_MAX = 4096;

/** Iterates over events: at hand without a detour, else by waiting in line. */
export class EventIterator<T> implements AsyncIterableIterator<Event<T>> {
  #limits: PullLimits | undefined = undefined;
  #done = false;
  /** Events given since the event loop last turned. */
  #atHand = 0;

  constructor(private readonly queue: PullQueue<T>, private readonly settings: IterationSettings) {
    // Looked at by next(); an iteration that no one starts fails for no one.
    settings.ends.catch(() => {});
  }

  next(): Promise<IteratorResult<Event<T>, undefined>> {
    const limits = this.#limits;
    if (limits === undefined || this.#done || this.#atHand >= AT_HAND_MAX) return this.#nextLater();
    try {
      limits.signal?.throwIfAborted();
      const event = this.queue.tryNow(limits.ends);
      if (event !== undefined) {
        this.#atHand++;
        return Promise.resolve({ done: false, value: event });
      }
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#nextLater();
  }

  /** What was read together with the event given last. */
  rest(): Event<T>[] {
    if (this.#done) return [];
    const events = this.queue.tryRest(this.#limits?.ends);
    this.#atHand += events.length;
    return events;
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
    if (this.#atHand >= AT_HAND_MAX) await setImmediate();
    this.#atHand = 0;
    const { once, limit, signal } = this.settings;
    const limits = this.#limits ??= { ends: await this.settings.ends, once, limit, signal };
    const value = await this.queue.next(limits);
    if (value !== undefined) return { done: false, value };
    this.#done = true;
    return { done: true, value };
  }
}
