import { FlushError } from "../errors.ts";
import type { PushBatch } from "./push_batch.ts";

/**
 * Counts pushes that failed and whose futures nobody looked at, so that the next `flush()` can say so. A future
 * looked at later, but before that flush, is taken off again.
 */
export class FailureLedger {
  /** Counts flushes that took what was recorded: a batch that failed before is theirs. */
  #round = 0;
  #count = 0;
  #first: unknown = undefined;

  /** Pushes that failed unnoticed. */
  get count(): number {
    return this.#count;
  }

  /** A batch failed. */
  record(batch: PushBatch): void {
    batch.round = this.#round;
    this.#add(batch.count - batch.observed, batch.error);
  }

  /** Somebody looked at one more future of a failed batch. */
  forgive(batch: PushBatch): void {
    if (batch.round === this.#round && this.#count > 0) this.#count--;
  }

  /** What was recorded, as an error; undefined when nothing was. Starts over. */
  take(): FlushError | undefined {
    if (this.#count === 0) return undefined;
    const error = new FlushError(this.#count, this.#first);
    this.#count = 0;
    this.#round++;
    return error;
  }

  /** Puts back what a flush took whose own future nobody looked at. */
  restore(error: FlushError): void {
    this.#add(error.failures, error.cause);
  }

  #add(count: number, error: unknown): void {
    if (count === 0) return;
    if (this.#count === 0) this.#first = error;
    this.#count += count;
  }
}
