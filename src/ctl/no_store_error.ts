/** There is no folder where a store should be: a mistyped path, as against a store without topics. */
export class NoStoreError extends Error {
  override readonly name = "NoStoreError";
  /** Ends the program as a topic that is not there does. */
  readonly code = "ERR_TOPIC_NOT_FOUND";

  /** `topic` is the one that was looked for, if any. */
  constructor(root: string, topic: string | undefined) {
    super(
      topic === undefined
        ? `Cannot open the store "${root}": no such folder`
        : `Cannot open topic "${topic}": no such folder "${root}"`,
    );
  }
}
