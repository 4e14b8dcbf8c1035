import { setImmediate } from "node:timers/promises";
import type { ConsumerInterface } from "../contract.ts";
import { ClosedError } from "../errors.ts";
import type { Event } from "../event.ts";
import { startTimer } from "../future.ts";
import type { Ends } from "./events_options.ts";
import type { EventSource } from "./event_source.ts";
import { PullFuture } from "./pull_future.ts";
import { Repeatable } from "./repeatable.ts";

/** The limits of one wait for an event. */
export interface PullLimits {
  /**
   * Timeout in milliseconds, `Infinity` for none; 0 returns what is available after one turn of the event loop.
   */
  limit: number;
  /** Aborts the wait, which rejects with its reason. */
  signal?: AbortSignal | undefined;
  /** The end of the waiting iteration. */
  ends?: Ends;
  /** Return undefined as soon as no event is available, instead of waiting. */
  once?: boolean;
  /** Where a wait leaves what ends it early, as the timeout would, for as long as it lasts. */
  enders?: Set<() => void>;
  /** Called just before the event is consumed: it is not if this throws, and the wait rejects. */
  onTaken?: ((event: Event<unknown>) => void) | undefined;
}

interface Waiter<T> {
  /** Set once no event was available for it; reset when that may have changed. */
  tried: boolean;
  readonly ends: Ends;
  /** It waits for longer than one turn of the event loop. */
  readonly patient: boolean;
  readonly once: boolean;
  resolve(event: Event<T> | undefined): void;
  reject(error: unknown): void;
}

/** Serves waits for events in the order they began. */
export class PullQueue<T> {
  readonly #driver: ConsumerInterface;
  readonly #source: EventSource<T>;
  readonly #waiters = new Set<Waiter<T>>();
  #opened = false;
  readonly #opening: Repeatable<void>;
  readonly #loading: Promise<unknown> | undefined;
  #isServing = false;
  #serving: Promise<void> = Promise.resolve();
  #waiting: AbortController | undefined = undefined;
  #paused: Promise<unknown> | undefined = undefined;
  #closed = false;

  /** `loading` is what must finish before an event is read. */
  constructor(driver: ConsumerInterface, source: EventSource<T>, loading?: Promise<unknown>) {
    this.#driver = driver;
    this.#source = source;
    this.#loading = loading;
    loading?.catch(() => {
      // The callers of `open` get the error.
    });
    // Now rather than at the first pull, because "latest" means the end at this moment.
    this.#opening = new Repeatable(() => driver.open());
  }

  /**
   * Resolves when the positions are known; rejects if the consumer could not be opened. If the error says that it can
   * be retried, the next call opens the consumer again.
   */
  open(): Promise<void> {
    const opening = this.#open();
    opening.catch(() => {
      // Callers need not wait for it.
    });
    return opening;
  }

  async #open(): Promise<void> {
    if (this.#opened) return;
    if (this.#closed) throw new ClosedError("the consumer");
    await this.#opening.result();
    await this.#loading;
    this.#opened = true;
  }

  /** The next event, as a future. */
  pull(): PullFuture<T> {
    return new PullFuture<T>(this);
  }

  /** The next event if it is available and no other wait is queued. */
  tryNow({ ends, onTaken }: Pick<PullLimits, "ends" | "onTaken"> = {}): Event<T> | undefined {
    if (!this.#isFree()) return undefined;
    const head = this.#source.head(ends);
    if (head === undefined || head instanceof Promise) return undefined;
    onTaken?.(head);
    this.#source.take();
    return head;
  }

  /** What was read with the last consumed event and is available, if no other wait is queued. */
  tryRest(ends?: Ends): Event<T>[] {
    return this.#isFree() ? this.#source.takeRest(ends) : [];
  }

  /** The next event, once there is one; undefined after the timeout. */
  next(limits: PullLimits): Promise<Event<T> | undefined> {
    const { signal, limit } = limits;
    if (this.#closed) return Promise.reject(new ClosedError("the consumer"));
    if (signal?.aborted) return Promise.reject(signal.reason);
    try {
      const atHand = this.tryNow(limits);
      if (atHand !== undefined) return Promise.resolve(atHand);
    } catch (error) {
      return Promise.reject(error);
    }
    return new Promise((resolve, reject) => {
      const leave = () => {
        stopTimer();
        signal?.removeEventListener("abort", onAbort);
        limits.enders?.delete(end);
        this.#waiters.delete(waiter);
        if (this.#waiters.size === 0) this.#waiting?.abort();
      };
      const waiter: Waiter<T> = {
        tried: false,
        ends: limits.ends,
        // Others end in the next turn of the event loop: too soon to set up a watcher.
        patient: limit > 0,
        once: limits.once === true,
        resolve: (event) => {
          leave();
          if (event !== undefined) limits.onTaken?.(event);
          resolve(event);
        },
        reject: (error) => {
          leave();
          reject(error);
        },
      };
      const onAbort = () => waiter.reject(signal?.reason);
      const end = () => waiter.resolve(undefined);
      const stopTimer = startTimer(limit, end, signal);
      signal?.addEventListener("abort", onAbort);
      limits.enders?.add(end);
      this.#waiters.add(waiter);
      if (waiter.once) this.#waiting?.abort();
      this.#wake();
    });
  }

  /** Runs `change` while no wait is being served and nothing is being read. */
  async pause<R>(change: () => Promise<R>): Promise<R> {
    if (this.#closed) throw new ClosedError("the consumer");
    const before = this.#paused;
    const running = (async () => {
      await before?.catch(() => {});
      await this.open();
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

  /** Rejects all waits; resolves when nothing is being read. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const waiter of [...this.#waiters]) waiter.reject(new ClosedError("the consumer"));
    this.#waiting?.abort();
    await this.#opening.idle();
    // A change that began before is not cut off in the middle.
    await this.#paused;
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
    let waits = 0;
    try {
      if (!this.#opened) await this.open();
      while (this.#waiters.size > 0 && this.#paused === undefined) {
        const waiter = this.#nextWaiter();
        if (waiter !== undefined) {
          if (await this.#serveOne(waiter)) waits = 0;
          continue;
        }
        // There is no await between this check and the end of the loop: a later wait wakes the loop again.
        if (!this.#isWorthWaiting()) break;
        // Spurious wake-ups of a driver must not starve everything else.
        if (waits++ > 0) await setImmediate();
        if (this.#nextWaiter() === undefined) await this.#waitForEvents();
      }
    } catch (error) {
      for (const waiter of [...this.#waiters]) waiter.reject(error);
    } finally {
      this.#isServing = false;
    }
  }

  /** The first wait that has not yet found out that no event is available. */
  #nextWaiter(): Waiter<T> | undefined {
    for (const waiter of this.#waiters) if (!waiter.tried) return waiter;
    return undefined;
  }

  /** Resolves the wait with the next event it may have; returns whether there was progress. */
  async #serveOne(waiter: Waiter<T>): Promise<boolean> {
    try {
      const head = this.#source.head(waiter.ends);
      if (head instanceof Promise) {
        if (await head) {
          // The first wait in the queue by now gets it.
          this.#retryAll();
          return true;
        }
      } else if (head !== undefined) {
        waiter.resolve(head);
        this.#source.take();
        return true;
      }
    } catch (error) {
      waiter.reject(error);
      return true;
    }
    waiter.tried = true;
    if (waiter.once) waiter.resolve(undefined);
    return false;
  }

  /** Whether any wait lasts longer than a turn of the event loop. */
  #isWorthWaiting(): boolean {
    for (const waiter of this.#waiters) if (waiter.patient) return true;
    return false;
  }

  async #waitForEvents(): Promise<void> {
    this.#waiting = new AbortController();
    if (this.#waiters.size === 0 || this.#paused !== undefined) this.#waiting.abort();
    try {
      await this.#driver.waitForEvents(this.#waiting.signal);
    } finally {
      this.#waiting = undefined;
      this.#retryAll();
    }
  }

  #retryAll(): void {
    for (const waiter of this.#waiters) waiter.tried = false;
  }
}
