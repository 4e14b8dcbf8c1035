/** A promise of a library that does not use the language's own: a value that is there after a moment. */
export function foreignPromise<T>(value: T): Promise<T> {
  const made = (promise: Promise<unknown>): PromiseLike<unknown> => ({
    then: (onResult, onFailure) => made(promise.then(onResult, onFailure)) as never,
  });
  return made(new Promise((resolve) => setTimeout(() => resolve(value), 1))) as Promise<T>;
}
