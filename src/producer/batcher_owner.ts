import type { ProducerInterface } from "../contract.ts";
import type { BatchLimits } from "./producer_options.ts";
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

/** What a partition's batcher holds. */
export interface Holder {
  readonly partition: number;
  /** Whether an event was ever pushed to it. */
  readonly isUsed: boolean;
  /** Whether the engine stores nothing in its partition for now. */
  readonly isUnavailable: boolean;
  /** Its batches in flight. */
  readonly inFlight: number;
  /** Bytes in its batches that are not in flight: all of them, and those of the queued ones. */
  readonly pendingBytes: number;
  readonly queuedBytes: number;
}

/** What all partitions together hold that store nothing for now. */
interface HeldBack {
  readonly batches: number;
  readonly pendingBytes: number;
  readonly queuedBytes: number;
}

/** The usual case. */
export const NOTHING_HELD_BACK: HeldBack = { batches: 0, pendingBytes: 0, queuedBytes: 0 };

/** Adds up what is held back; nothing is if it is all that a producer pushes to: then the producer waits. */
export function heldBackBy(holders: readonly Holder[]): HeldBack {
  const used = holders.filter(({ isUsed }) => isUsed);
  const held = used.filter(({ isUnavailable }) => isUnavailable);
  if (held.length === used.length) return NOTHING_HELD_BACK;
  const sumOf = (key: "inFlight" | "pendingBytes" | "queuedBytes"): number =>
    held.reduce((sum, holder) => sum + holder[key], 0);
  return {
    batches: sumOf("inFlight"),
    pendingBytes: sumOf("pendingBytes"),
    queuedBytes: sumOf("queuedBytes"),
  };
}
