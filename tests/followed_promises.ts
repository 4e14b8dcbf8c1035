/**
 * How often the promise was followed that was followed most often while `body` ran. A promise that stays pending keeps
 * everyone that follows it, and with `Promise.race` also what won: in a loop that is all that ever passed through it.
 */
export async function mostFollowed(body: () => Promise<unknown>): Promise<number> {
  const { prototype } = Promise;
  const original = prototype.then;
  const counts = new WeakMap<object, number>();
  let most = 0;
  prototype.then = function (this: Promise<unknown>, ...values: Parameters<typeof original>) {
    const count = (counts.get(this) ?? 0) + 1;
    counts.set(this, count);
    most = Math.max(most, count);
    return original.apply(this, values);
  } as typeof original;
  try {
    await body();
  } finally {
    prototype.then = original;
  }
  return most;
}
