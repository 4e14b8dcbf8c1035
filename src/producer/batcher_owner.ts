import type { ProducerInterface } from "../contract.ts";
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
  /** When to hand over. */
  readonly limits: BatchLimits;
  /** Counts what failed unobserved. */
  readonly failures: UnobservedFailures;
  /** Batches being stored now, over all batchers. */
  readonly inFlight: Set<PushBatch>;
  /** Memory held by the batches that fill, over all batchers, in bytes. */
  openBytes: number;
  /** Memory held by full batches that wait for room, over all batchers, in bytes. */
  waitingBytes: number;
  /** Hands over the batches of all batchers, because they hold too much together. */
  relieve(): void;
  /** Whether more events are on their way to the batchers. */
  expectsMore(): boolean;
  /** A batch that was being stored is stored, or failed. */
  onSettled(batch: PushBatch): void;
}
