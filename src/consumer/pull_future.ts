import type { Event } from "../event.ts";
import { Future, waitLimit, type WaitOptions, waitSignal, withinLimit } from "../future.ts";
import type { JsonObject } from "../json.ts";

/** A queue of waits for events. */
interface EventQueue<T> {
  /** The next event if it is available without waiting. */
  tryNow(): Event<T> | undefined;
  /** The next event, once there is one; undefined after the timeout. */
  next(limits: { limit: number; signal: AbortSignal | undefined }): Promise<Event<T> | undefined>;
}

/**
 * The future of one pull. It reserves nothing: an event is consumed by the first wait that receives it, and
 * returned by every later wait on the same future.
 */
export class PullFuture<T> extends Future<Event<T>> {
  #event: Event<T> | undefined = undefined;
  /** The pending wait. */
  #taking: Promise<Event<T> | undefined> | undefined = undefined;

  constructor(private readonly queue: EventQueue<T>) {
    super();
  }

  override get completed(): boolean {
    return this.#event !== undefined;
  }

  override wait(timeoutMs?: number, options?: WaitOptions): Promise<Event<T> | undefined> {
    try {
      return this.#take(waitLimit(timeoutMs), waitSignal(options));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  override toJSON(): JsonObject {
    return this.#event === undefined
      ? { completed: false }
      : { completed: true, value: this.#event.toJSON() };
  }

  protected override settled(): Promise<Event<T>> {
    // Without a timeout the wait ends with an event or an error.
    return this.wait() as Promise<Event<T>>;
  }

  #take(limit: number, signal: AbortSignal | undefined): Promise<Event<T> | undefined> {
    if (this.#event !== undefined) return Promise.resolve(this.#event);
    if (this.#taking !== undefined) return this.#takeAfter(this.#taking, limit, signal);
    signal?.throwIfAborted();
    const atHand = this.queue.tryNow();
    if (atHand !== undefined) return Promise.resolve(this.#event = atHand);
    const taking = this.queue.next({ limit, signal }).then((event) => this.#event = event).finally(() => {
      this.#taking = undefined;
    });
    return this.#taking = taking;
  }

  /** Two waits on one future consume one event: the second follows the first, and takes over if that gives up. */
  async #takeAfter(
    first: Promise<Event<T> | undefined>,
    limit: number,
    signal: AbortSignal | undefined,
  ): Promise<Event<T> | undefined> {
    const start = performance.now();
    await withinLimit(first.then(() => {}, () => {}), limit, signal);
    const left = limit - (performance.now() - start);
    if (this.#event === undefined && left <= 0) return undefined;
    return await this.#take(left, signal);
  }
}
