import { counted } from "../text/counted.ts";
import { BackpressureError } from "../errors.ts";
import type { BatcherOwner, Holder } from "./batcher_owner.ts";
import type { BatchLimits } from "./producer_options.ts";

/** Whether one more batch may be in flight: those of unavailable partitions take no slot from the others. */
export function hasSlot(
  holder: Holder,
  { inFlight, limits: { batchesMax }, heldBack }: BatcherOwner,
): boolean {
  return inFlight.size < batchesMax ||
    !holder.isUnavailable && inFlight.size - heldBack().batches < batchesMax;
}

/** Up to this many pending bytes there is memory for every event, also of unavailable partitions. */
export function freeBytesOf({ pendingBytesMax }: BatchLimits): number {
  return pendingBytesMax / 2;
}

/**
 * Whether one more event may be pending. Unavailable partitions get half of the room, so that there is always some for
 * the others.
 */
export function hasMemory(holder: Holder, owner: BatcherOwner): boolean {
  const { openBytes, queuedBytes, limits: { pendingBytesMax } } = owner;
  const pending = openBytes + queuedBytes;
  const half = freeBytesOf(owner.limits);
  if (pending <= half) return true;
  const held = owner.heldBack().pendingBytes;
  return held > 0 && holder.isUnavailable
    ? held <= half
    : pending - held <= pendingBytesMax - Math.min(held, half);
}

/** The error of a push for which there is no memory. */
export function backpressure({ partition, isUnavailable }: Holder, owner: BatcherOwner): BackpressureError {
  const held = owner.heldBack().pendingBytes;
  const remedy = held > 0 && isUnavailable
    ? `${counted(held, "byte")} wait for partitions that are unavailable while others store; push later`
    : `${
      counted(owner.openBytes + owner.queuedBytes - held, "byte")
    } wait to be stored; await producer.ready() before pushing more`;
  return new BackpressureError(`Cannot push to partition ${partition}: ${remedy}, or raise maxPendingBytes`);
}

/** Whether one more batch would have to wait, in a partition that is available. */
export function isBusy({ inFlight, queuedBytes, limits: { batchesMax }, heldBack }: BatcherOwner): boolean {
  const held = heldBack();
  return inFlight.size - held.batches >= batchesMax || queuedBytes > held.queuedBytes;
}
