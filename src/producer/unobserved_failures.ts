import { FlushError } from "../errors.ts";

/** The facts recorded about a failed batch. */
interface FailedBatch {
  /** Number of its events. */
  readonly count: number;
  /** How many of their futures were observed before it failed. */
  readonly observed: number;
  /** Why it failed. */
  readonly error: unknown;
  /** The flush epoch in which it failed; set when it is recorded. */
  epoch: number;
}

/**
 * Counts failed pushes whose futures were never observed, so that the next `flush()` can report them. A future
 * that is observed later, but before that flush, is subtracted again.
 */
export class UnobservedFailures {
  /**
   * Incremented by each flush that reports failures: a batch that failed in an earlier epoch was already reported.
   */
  #epoch = 0;
  #count = 0;
  #first: unknown = undefined;

  /** Number of unobserved failures. */
  get count(): number {
    return this.#count;
  }

  /** Records a failed batch. */
  record(batch: FailedBatch): void {
    batch.epoch = this.#epoch;
    this.#add(batch.count - batch.observed, batch.error);
  }

  /** One more future of a failed batch was observed. */
  markObserved({ epoch }: Pick<FailedBatch, "epoch">): void {
    if (epoch === this.#epoch && this.#count > 0) this.#count--;
  }

  /** The recorded failures as an error; undefined if there are none. Starts a new epoch. */
  take(): FlushError | undefined {
    if (this.#count === 0) return undefined;
    const error = new FlushError(this.#count, this.#first);
    this.#count = 0;
    this.#epoch++;
    return error;
  }

  /** Restores the failures of a flush whose own future was never observed. */
  restore(error: FlushError): void {
    this.#add(error.failures, error.cause);
  }

  #add(count: number, error: unknown): void {
    if (count === 0) return;
    if (this.#count === 0) this.#first = error;
    this.#count += count;
  }
}
