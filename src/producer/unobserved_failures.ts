import { FlushError } from "../errors.ts";

/** What is asked of a batch that failed. */
export interface FailedBatch {
  /** Number of its events. */
  readonly count: number;
  /** How many of their futures were observed before it failed. */
  readonly observed: number;
  /** Why it failed. */
  readonly error: unknown;
  /** Between which flushes it failed; set when it is recorded. */
  epoch: number;
}

/**
 * Counts pushes that failed and whose futures no one observed, so that the next `flush()` can say so. A future
 * observed later, but before that flush, is taken off again.
 */
export class UnobservedFailures {
  /** Counts flushes that took what was recorded: a batch that failed before is theirs. */
  #epoch = 0;
  #count = 0;
  #first: unknown = undefined;

  /** Pushes that failed unobserved. */
  get count(): number {
    return this.#count;
  }

  /** A batch failed. */
  record(batch: FailedBatch): void {
    batch.epoch = this.#epoch;
    this.#add(batch.count - batch.observed, batch.error);
  }

  /** One more future of a failed batch is observed. */
  markObserved({ epoch }: Pick<FailedBatch, "epoch">): void {
    if (epoch === this.#epoch && this.#count > 0) this.#count--;
  }

  /** What was recorded, as an error; undefined when nothing was. Starts over. */
  take(): FlushError | undefined {
    if (this.#count === 0) return undefined;
    const error = new FlushError(this.#count, this.#first);
    this.#count = 0;
    this.#epoch++;
    return error;
  }

  /** Puts back what a flush took whose own future no one observed. */
  restore(error: FlushError): void {
    this.#add(error.failures, error.cause);
  }

  #add(count: number, error: unknown): void {
    if (count === 0) return;
    if (this.#count === 0) this.#first = error;
    this.#count += count;
  }
}
