import type { ProducerInterface } from "../contract.ts";
import type { HeldBack } from "./held_back.ts";
import type { BatchLimits } from "./options.ts";
import type { PushBatch } from "./push_batch.ts";
import type { UnobservedFailures } from "./unobserved_failures.ts";

/** What the batchers of a producer share. */
export interface BatcherOwner {
  /** Topic name. */
  readonly topic: string;
  /** Producer name. */
  readonly name: string;
  /** Stores batches. */
  readonly driver: ProducerInterface;
  /** When to submit a batch. */
  readonly limits: BatchLimits;
  /** Counts unobserved failures. */
  readonly failures: UnobservedFailures;
  /** Batches in flight, over all batchers. */
  readonly inFlight: Set<PushBatch>;
  /** Memory held by open batches, over all batchers, in bytes. */
  openBytes: number;
  /** Memory held by full batches that are queued, over all batchers, in bytes. */
  queuedBytes: number;
  /** What the batchers of unavailable partitions hold. */
  heldBack(): HeldBack;
  /** Submits the batches of all batchers, because together they hold too much. */
  submitAll(): void;
  /** Whether more events are on their way to the batchers. */
  expectsMore(): boolean;
  /** Called when a batch in flight was stored or has failed. */
  onSettled(batch: PushBatch): void;
}
