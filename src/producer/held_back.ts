import { BackpressureError } from "../errors.ts";
import type { BatcherOwner } from "./batcher_owner.ts";

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
export interface HeldBack {
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

/** Whether one more batch may be in flight: those of unavailable partitions take no slot from the others. */
export function hasSlot(
  { isUnavailable }: Holder,
  { inFlight, limits: { batchesMax }, heldBack }: BatcherOwner,
): boolean {
  return inFlight.size < batchesMax || !isUnavailable && inFlight.size - heldBack().batches < batchesMax;
}

/**
 * The error of a push beyond the limit of pending bytes; undefined if there is room. Unavailable partitions get half of
 * it, so that there is always room for the others.
 */
export function backpressure(
  { partition, isUnavailable }: Holder,
  owner: BatcherOwner,
): BackpressureError | undefined {
  const { openBytes, queuedBytes, limits: { pendingBytesMax } } = owner;
  const pending = openBytes + queuedBytes;
  const half = pendingBytesMax / 2;
  if (pending <= half) return undefined;
  const held = owner.heldBack().pendingBytes;
  if (held > 0 && isUnavailable) {
    if (held <= half) return undefined;
    return new BackpressureError(
      `Cannot push to partition ${partition}: ${held} bytes wait for partitions that are unavailable while others ` +
        "store; push later, or raise maxPendingBytes",
    );
  }
  if (pending - held <= pendingBytesMax - Math.min(held, half)) return undefined;
  return new BackpressureError(
    `Cannot push to partition ${partition}: ${
      pending - held
    } bytes wait to be stored; await producer.ready() before ` +
      "pushing more, or raise maxPendingBytes",
  );
}

/** Whether one more batch would have to wait, in a partition that is available. */
export function isBusy({ inFlight, queuedBytes, limits: { batchesMax }, heldBack }: BatcherOwner): boolean {
  const held = heldBack();
  return inFlight.size - held.batches >= batchesMax || queuedBytes > held.queuedBytes;
}
