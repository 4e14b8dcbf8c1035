import type { ConsumerInterface } from "../drivers/contract.ts";
import { ClosedError } from "../errors.ts";
import type { Event } from "../event.ts";
import { startTimer } from "../future.ts";
import type { Ends, EventSource } from "./event_source.ts";

/** How one wait for an event is limited. */
export interface PullLimits {
  /** Milliseconds, `Infinity` for no limit; 0 gives what is there after one turn of the event loop. */
  limit: number;
  /** Ends the wait, which rejects with its reason. */
  signal?: AbortSignal;
  /** Where the iteration that waits ends. */
  ends?: Ends;
  /** Gives undefined as soon as nothing is there, instead of waiting for it. */
  once?: boolean;
}

interface Waiter<T> {
  readonly ends: Ends;
  readonly patient: boolean;
  readonly once: boolean;
  resolve(event: Event<T> | undefined): void;
  reject(error: unknown): void;
}

/** Serves those who wait for events, in the order they came. */
export class PullQueue<T> {
  readonly #driver: ConsumerInterface;
  readonly #source: EventSource<T>;
  readonly #waiters = new Set<Waiter<T>>();
  #opened = false;
  readonly #opening: Promise<void>;
  #isServing = false;
  #serving: Promise<void> = Promise.resolve();
  #waiting: AbortController | undefined = undefined;
  #paused: Promise<unknown> | undefined = undefined;
  #closed = false;

  constructor(driver: ConsumerInterface, source: EventSource<T>) {
    this.#driver = driver;
    this.#source = source;
    // At once, and not at the first pull, because "latest" means now.
    this.#opening = driver.open();
    this.#opening.then(() => this.#opened = true, () => {});
  }

  /** Resolves when positions are known; rejects when the consumer could not be opened. */
  get opening(): Promise<void> {
    return this.#opening;
  }

  /** The next event if it is at hand and nobody waits for it. */
  tryNow(ends?: Ends): Event<T> | undefined {
    if (!this.#opened || this.#waiters.size > 0 || this.#paused !== undefined || this.#closed) {
      return undefined;
    }
    const head = this.#source.head(ends);
    if (head === undefined || head instanceof Promise) return undefined;
    this.#source.take();
    return head;
  }

  /** What else was read with the event taken last and is at hand, if nobody waits for it. */
  tryRest(ends?: Ends): Event<T>[] {
    return this.#isFree() ? this.#source.takeRest(ends) : [];
  }

  /** The next event, once there is one; undefined when the time was over before. */
  next(limits: PullLimits): Promise<Event<T> | undefined> {
    const { signal, limit } = limits;
    if (this.#closed) return Promise.reject(new ClosedError("the consumer"));
    if (signal?.aborted) return Promise.reject(signal.reason);
    try {
      const atHand = this.tryNow(limits.ends);
      if (atHand !== undefined) return Promise.resolve(atHand);
    } catch (error) {
      return Promise.reject(error);
    }
    return new Promise((resolve, reject) => {
      const leave = () => {
        stopTimer();
        signal?.removeEventListener("abort", onAbort);
        this.#waiters.delete(waiter);
        if (this.#waiters.size === 0) this.#waiting?.abort();
      };
      const waiter: Waiter<T> = {
        ends: limits.ends,
        // Their own timer ends them in the next turn of the event loop: too soon to set up a watcher.
        patient: limit > 0,
        once: limits.once === true,
        resolve: (event) => {
          leave();
          resolve(event);
        },
        reject: (error) => {
          leave();
          reject(error);
        },
      };
      const onAbort = () => waiter.reject(signal?.reason);
      const stopTimer = startTimer(limit, () => waiter.resolve(undefined));
      signal?.addEventListener("abort", onAbort);
      this.#waiters.add(waiter);
      this.#wake();
    });
  }

  /** Runs `change` while nobody is served and nothing is being read. */
  async pause<R>(change: () => Promise<R>): Promise<R> {
    const before = this.#paused;
    const running = (async () => {
      await before?.catch(() => {});
      await this.#opening;
      this.#waiting?.abort();
      await this.#serving;
      await this.#source.idle();
      return await change();
    })();
    const paused = running.catch(() => {});
    this.#paused = paused;
    try {
      return await running;
    } finally {
      if (this.#paused === paused) {
        this.#paused = undefined;
        if (this.#waiters.size > 0) this.#wake();
      }
    }
  }

  /** Rejects everybody who waits; resolves when nothing is being read. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const waiter of [...this.#waiters]) waiter.reject(new ClosedError("the consumer"));
    this.#waiting?.abort();
    await this.#opening.catch(() => {});
    await this.#serving;
    await this.#source.idle();
  }

  #isFree(): boolean {
    return this.#opened && this.#waiters.size === 0 && this.#paused === undefined && !this.#closed;
  }

  #wake(): void {
    if (this.#isServing || this.#paused !== undefined) return;
    this.#isServing = true;
    this.#serving = this.#serve();
  }

  async #serve(): Promise<void> {
    try {
      if (!this.#opened) await this.#opening;
      while (this.#waiters.size > 0 && this.#paused === undefined) {
        if (await this.#serveOne()) continue;
        if (!await this.#waitForEvents()) break;
      }
    } catch (error) {
      for (const waiter of [...this.#waiters]) waiter.reject(error);
    } finally {
      this.#isServing = false;
    }
  }

  /** Gives the next event to the first waiter who can have it; false when there is none for anybody. */
  async #serveOne(): Promise<boolean> {
    for (const waiter of this.#waiters) {
      try {
        const head = this.#source.head(waiter.ends);
        if (head instanceof Promise) {
          // Whoever waits first by then gets the event.
          if (await head) return true;
        } else if (head !== undefined) {
          this.#source.take();
          waiter.resolve(head);
          return true;
        }
      } catch (error) {
        waiter.reject(error);
        return true;
      }
      if (waiter.once) waiter.resolve(undefined);
    }
    return false;
  }

  /** Whether it was worth waiting; false when nobody waits for long. */
  async #waitForEvents(): Promise<boolean> {
    let isWorth = false;
    for (const waiter of this.#waiters) isWorth ||= waiter.patient;
    if (!isWorth || this.#paused !== undefined) return false;
    this.#waiting = new AbortController();
    try {
      await this.#driver.waitForEvents(this.#waiting.signal);
    } finally {
      this.#waiting = undefined;
    }
    return true;
  }
}
