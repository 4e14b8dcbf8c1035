/** Runs synchronous work as a promise: whatever it throws becomes a rejection. */
export function attempt<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => resolve(work()));
}

/** With a longer delay a timer would fire at once. */
export const TIMER_MS_MAX = 2 ** 31 - 1;

/**
 * Waits for `ms` milliseconds, at most 24 days; resolves early if the signal is aborted, and leaves no timer and no
 * listener behind.
 */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, Math.min(ms, TIMER_MS_MAX));
    signal.addEventListener("abort", end);
  });
}

/** Closes everything even if some of it fails, then throws the first failure. */
export async function closeAll(open: Iterable<AsyncDisposable>): Promise<void> {
  const results = await Promise.allSettled(Array.from(open, (one) => one[Symbol.asyncDispose]()));
  for (const result of results) {
    if (result.status === "rejected") throw result.reason;
  }
}

/** Of an error and those met while what was open was then closed by `using`: the first one, which says what failed. */
export function firstFailure(failure: unknown): unknown {
  let error = failure;
  while (error instanceof Error && error.name === "SuppressedError" && "suppressed" in error) {
    error = error.suppressed;
  }
  return error;
}

/** Whether a value has to be awaited: a promise, or one of another library. */
export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as PromiseLike<T> | null | undefined)?.then === "function";
}
