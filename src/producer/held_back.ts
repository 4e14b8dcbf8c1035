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
