import {
  clearImmediate,
  clearInterval,
  clearTimeout,
  setImmediate,
  setInterval,
  setTimeout,
} from "node:timers";
import { TIMER_MS_MAX } from "./async.ts";
import { InvalidOptionError } from "./errors.ts";
import { faultOf, makeInspectable } from "./inspect.ts";
import type { JsonObject, JsonValue } from "./json.ts";
import { checkOptions, invalidOption, show } from "./options.ts";

/** What a wait accepts besides its timeout. */
export interface WaitOptions {
  /** Aborts the wait, which then rejects with the signal's reason. The operation itself continues. */
  signal?: AbortSignal | undefined;
}

/**
 * A result that arrives later. It can be awaited like a promise, or waited for with a timeout.
 *
 * A future that is never observed never causes an unhandled rejection.
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
  /** Whether the operation has succeeded or failed. */
  abstract readonly completed: boolean;

  /**
   * Waits up to `timeoutMs` milliseconds for the result; a negative number (the default) means no timeout.
   * Resolves with `undefined` after the timeout: the operation continues, and the wait can be repeated. Rejects if
   * the operation failed.
   */
  wait(timeoutMs?: number, options?: WaitOptions): Promise<T | undefined> {
    try {
      const limit = waitLimit(timeoutMs);
      const signal = waitSignal(options);
      return withinLimit(this.settled(), limit, signal);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The result as a promise, without a timeout. */
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

  /** What `JSON.stringify` and `console.log` show: whether it is completed, and the result. */
  toJSON(): JsonObject {
    return { completed: this.completed };
  }

  /** The class name, for programs that print the object. */
  get [Symbol.toStringTag](): string {
    return "Future";
  }
}

makeInspectable<Future<unknown>>(Future, "Future");

/**
 * The timeout of a wait in milliseconds, `Infinity` for none; throws `InvalidOptionError` if it is not a duration.
 */
export function waitLimit(timeoutMs: number | undefined): number {
  if (timeoutMs === undefined) return Infinity;
  // Checked before any comparison: a date, "-5" and -5n compare like numbers.
  if (typeof timeoutMs !== "number" || Number.isNaN(timeoutMs)) {
    throw new InvalidOptionError(
      "timeoutMs",
      `Cannot wait ${show(timeoutMs)} ms: expected a number, negative for no limit`,
    );
  }
  // Longer waits are unlimited in practice.
  return timeoutMs < 0 || timeoutMs > TIMER_MS_MAX ? Infinity : timeoutMs;
}

/** The signal of a wait; throws `InvalidOptionError` for anything else, and for unknown options. */
export function waitSignal(options: WaitOptions | undefined): AbortSignal | undefined {
  if (options === undefined) return undefined;
  checkOptions("wait", options, ["signal"]);
  return checkedSignal("wait", options.signal);
}

/** The signal; throws `InvalidOptionError` for anything else. */
export function checkedSignal(owner: string, signal: unknown): AbortSignal | undefined {
  if (signal === undefined || typeof (signal as AbortSignal | null)?.addEventListener === "function") {
    return signal as AbortSignal | undefined;
  }
  throw invalidOption(owner, "signal", signal, "an AbortSignal");
}

/**
 * Calls `onTime` after `limit` ms; the returned function cancels it. Even with a limit of 0 the event loop turns
 * once, so that a loop of such waits does not starve the operation it waits for. Without a limit, a wait that a
 * `signal` can end keeps the program running: on Node the timer of `AbortSignal.timeout()` does not.
 */
export function startTimer(limit: number, onTime: () => void, signal?: AbortSignal): () => void {
  if (limit === Infinity) {
    if (signal === undefined) return () => {};
    const timer = setInterval(() => {}, TIMER_MS_MAX);
    return () => clearInterval(timer);
  }
  if (limit === 0) {
    const immediate = setImmediate(onTime);
    return () => clearImmediate(immediate);
  }
  const timer = setTimeout(onTime, limit);
  return () => clearTimeout(timer);
}

/** The result of `promise`, or undefined after `limit` ms; leaves no timer and no listener behind. */
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
    }, signal);
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

/** A future for an operation in progress. */
export class TaskFuture<T> extends Future<T> {
  #outcome: JsonObject | undefined = undefined;
  #observed = false;
  readonly #promise: Promise<T>;

  /** Follows `promise`; its rejection counts as handled from now on. */
  constructor(promise: Promise<T>) {
    super();
    promise.then((value) => this.#outcome = { value: value as JsonValue }, (error) => {
      this.#outcome = { error: faultOf(error) };
    });
    this.#promise = promise;
  }

  /** Whether the future was ever awaited. */
  get observed(): boolean {
    return this.#observed;
  }

  override get completed(): boolean {
    return this.#outcome !== undefined;
  }

  override toJSON(): JsonObject {
    return { completed: this.completed, ...this.#outcome };
  }

  protected override settled(): Promise<T> {
    this.#observed = true;
    return this.#promise;
  }
}
