/**
 * Work that begins at once and is done once. If it fails with an error that says `canRetry`, the callers that waited for
 * it get the error, and the next one begins it again; any other error is final.
 */
export class Repeatable<R> {
  #running: Promise<R> | undefined;

  constructor(private readonly work: () => Promise<R>) {
    this.#running = work();
    // Reported to the first caller, which may come later.
    this.#running.catch(() => {});
  }

  /** Its result. */
  result(): Promise<R> {
    const running = this.#running ??= this.work();
    running.catch((error) => {
      const { canRetry } = Object(error) as { canRetry?: unknown };
      if (canRetry === true && this.#running === running) this.#running = undefined;
    });
    return running;
  }

  /** Resolves when nothing is being done, whatever came of it. */
  async idle(): Promise<void> {
    await this.#running?.catch(() => {});
  }
}
