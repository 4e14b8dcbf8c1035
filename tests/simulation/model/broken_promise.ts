/** A promise was broken. */
export class BrokenPromise extends Error {
  override readonly name = "BrokenPromise";
}
