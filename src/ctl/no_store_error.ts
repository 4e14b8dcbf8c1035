/** There is no folder at the store's path: a mistyped path rather than an empty store. */
export class NoStoreError extends Error {
  override readonly name = "NoStoreError";
  /** The exit code is the same as for a missing topic. */
  readonly code = "ERR_TOPIC_NOT_FOUND";

  /** `topic` is the requested one, if any. */
  constructor(root: string, topic: string | undefined) {
    super(
      topic === undefined
        ? `Cannot open the store "${root}": no such folder`
        : `Cannot open topic "${topic}": no such folder "${root}"`,
    );
  }
}
