/** Closes everything even if some of it fails, then throws the first failure. */
export async function closeAll(open: Iterable<AsyncDisposable>): Promise<void> {
  const results = await Promise.allSettled(Array.from(open, (one) => one[Symbol.asyncDispose]()));
  for (const result of results) {
    if (result.status === "rejected") throw result.reason;
  }
}
