import type { AcknowledgedEvent } from "../event/event_batch.ts";

/** How the callback of an event ended. */
export type CallbackEnd = "done" | "failed" | "stopped";

/**
 * The events that a call of `process` gave out and that are not done with: their callbacks run, or have failed. An
 * acknowledgement covers every earlier event of its partition, so none is stored beyond the first of these; what was
 * asked for beyond it is stored as soon as it may be.
 */
export class UnfinishedEvents {
  /** Those of one partition; few, since few callbacks run at a time. */
  readonly #partitions = new Map<number, Set<AcknowledgedEvent>>();
  /** By partition: the highest id that acknowledgements asked to store. */
  readonly #wanted = new Map<number, number>();
  /** Events acknowledged by themselves, and those of them whose callback stopped the processing before. */
  readonly #acknowledged = new WeakSet<AcknowledgedEvent>();
  readonly #stopped = new WeakSet<AcknowledgedEvent>();

  /** `store` stores an acknowledgement that was held back. */
  constructor(private readonly store: (partition: number, nextId: number) => void) {}

  /** Its callback is called. */
  add(event: AcknowledgedEvent): void {
    const events = this.#partitions.get(event.partition);
    if (events === undefined) this.#partitions.set(event.partition, new Set([event]));
    else events.add(event);
  }

  /** Its callback has ended. What made the processing stop counts as done if it was acknowledged itself. */
  end(event: AcknowledgedEvent, how: CallbackEnd): void {
    if (how === "stopped") this.#stopped.add(event);
    if (how === "done" || (how === "stopped" && this.#acknowledged.has(event))) this.#remove(event);
  }

  /** As much of an acknowledgement as may be stored now: every event below the number returned is done with. */
  admit(partition: number, nextId: number, event: AcknowledgedEvent | undefined): number {
    if (event !== undefined) {
      this.#acknowledged.add(event);
      if (this.#stopped.has(event)) this.#remove(event);
    }
    const limit = this.#limitOf(partition);
    if (nextId > limit && nextId > (this.#wanted.get(partition) ?? 0)) this.#wanted.set(partition, nextId);
    return Math.min(nextId, limit);
  }

  #remove(event: AcknowledgedEvent): void {
    const { partition } = event;
    const before = this.#limitOf(partition);
    if (this.#partitions.get(partition)?.delete(event) !== true) return;
    const limit = this.#limitOf(partition);
    const wanted = this.#wanted.get(partition);
    if (wanted === undefined || limit === before) return;
    if (wanted <= limit) this.#wanted.delete(partition);
    this.store(partition, Math.min(wanted, limit));
  }

  /** Id of the first event of a partition that is not done with. */
  #limitOf(partition: number): number {
    let limit = Infinity;
    for (const { id } of this.#partitions.get(partition) ?? []) if (id < limit) limit = id;
    return limit;
  }
}
