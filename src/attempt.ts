/** Runs synchronous work as a promise: what it throws is a rejection. */
export function attempt<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => resolve(work()));
}
