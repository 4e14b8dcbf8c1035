import { clearImmediate, clearTimeout, setImmediate, setTimeout } from "node:timers";
import { InvalidOptionError } from "./errors.ts";

/** What a wait takes beside its duration. */
export interface WaitOptions {
  /** Ends the wait; it then rejects with the signal's reason. The operation itself goes on. */
  signal?: AbortSignal;
}

/**
 * A result that comes later. It can be awaited like a promise, or waited for during a limited time.
 *
 * A future that nobody waits for never causes an unhandled rejection.
 *
 * @example
 * ```ts
 * import { Driver } from "@diaspora/stream";
 *
 * await using driver = await Driver.open("memory", {});
 * await driver.createTopic("readings", { num_partitions: 1 });
 * await using topic = await driver.openTopic("readings");
 * await using producer = topic.producer("app");
 * const future = producer.push({ energy: 42 });
 * const id = await future.wait(1000) ?? "not stored within a second";
 * console.log(id, future.completed); // 0 true
 * ```
 */
export abstract class Future<T> implements Promise<T> {
  /** Whether the result, or the failure, is there. */
  abstract readonly completed: boolean;

  /**
   * Waits up to `timeoutMs` milliseconds for the result; a negative number (the default) means without limit.
   * Gives `undefined` when the time is over: the operation goes on, and the wait can be repeated. Rejects when
   * the operation failed.
   */
  abstract wait(timeoutMs?: number, options?: WaitOptions): Promise<T | undefined>;

  /** The result as a promise, without a limit of time. */
  protected abstract settled(): Promise<T>;

  /** Called by `await`; see `Promise.prototype.then`. */
  then<A = T, B = never>(
    onResult?: ((value: T) => A | PromiseLike<A>) | null,
    onFailure?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.settled().then(onResult, onFailure);
  }

  /** See `Promise.prototype.catch`. */
  catch<B = never>(onFailure?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.settled().catch(onFailure);
  }

  /** See `Promise.prototype.finally`. */
  finally(onEnd?: (() => void) | null): Promise<T> {
    return this.settled().finally(onEnd);
  }

  /** The name of the class, for those who print it. */
  get [Symbol.toStringTag](): string {
    return "Future";
  }
}

/** Beyond this a timer would fire at once; such waits have no limit in practice. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** The limit of a wait in milliseconds, `Infinity` for none; throws `InvalidOptionError` for what is no duration. */
export function waitLimit(timeoutMs: number | undefined): number {
  if (timeoutMs === undefined || timeoutMs < 0 || timeoutMs > TIMER_MS_MAX) return Infinity;
  if (typeof timeoutMs === "number" && timeoutMs >= 0) return timeoutMs;
  throw new InvalidOptionError(
    "timeoutMs",
    `Cannot wait ${String(timeoutMs)} ms: expected a number, negative for no limit`,
  );
}

/**
 * Calls `onTime` after `limit` ms; the function returned calls it off. A limit of 0 still lets the event loop
 * turn once, so that a loop of such waits does not starve the operation it waits for.
 */
export function startTimer(limit: number, onTime: () => void): () => void {
  if (limit === Infinity) return () => {};
  if (limit === 0) {
    const immediate = setImmediate(onTime);
    return () => clearImmediate(immediate);
  }
  const timer = setTimeout(onTime, limit);
  return () => clearTimeout(timer);
}

/** What `promise` gives, or undefined after `limit` ms; leaves no timer and no listener behind. */
export function withinLimit<T>(
  promise: Promise<T>,
  limit: number,
  signal?: AbortSignal,
): Promise<T | undefined> {
  if (signal?.aborted) return Promise.reject(signal.reason);
  if (limit === Infinity && signal === undefined) return promise;
  return new Promise<T | undefined>((resolve, reject) => {
    const end = () => {
      stopTimer();
      signal?.removeEventListener("abort", onAbort);
    };
    const onAbort = () => {
      end();
      reject(signal?.reason);
    };
    const stopTimer = startTimer(limit, () => {
      end();
      resolve(undefined);
    });
    signal?.addEventListener("abort", onAbort);
    promise.then((value) => {
      end();
      resolve(value);
    }, (error) => {
      end();
      reject(error);
    });
  });
}

/** A future over an operation that is under way. */
export class TaskFuture<T> extends Future<T> {
  #completed = false;
  #observed = false;
  readonly #promise: Promise<T>;

  /** Follows `promise`, whose rejection counts as handled from now on. */
  constructor(promise: Promise<T>) {
    super();
    const end = () => {
      this.#completed = true;
    };
    promise.then(end, end);
    this.#promise = promise;
  }

  /** Whether anybody ever waited. */
  get observed(): boolean {
    return this.#observed;
  }

  override get completed(): boolean {
    return this.#completed;
  }

  override wait(timeoutMs?: number, options?: WaitOptions): Promise<T | undefined> {
    this.#observed = true;
    return withinLimit(this.#promise, waitLimit(timeoutMs), options?.signal);
  }

  protected override settled(): Promise<T> {
    this.#observed = true;
    return this.#promise;
  }
}
