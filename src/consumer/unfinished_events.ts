import type { AcknowledgedEvent } from "../event/event_batch.ts";

/** How the callback of an event ended. */
type CallbackEnd = "done" | "failed" | "stopped";

/**
 * Events that a call of `process` delivered and that are unfinished: their callbacks are running or have failed.
 * An acknowledgement covers every earlier event of its partition, so it is stored only up to the first of these,
 * and the rest as soon as possible.
 */
export class UnfinishedEvents {
  /** The events by partition; few, since few callbacks run at a time. */
  readonly #partitions = new Map<number, Set<AcknowledgedEvent>>();
  /** By partition: the highest id that was to be acknowledged. */
  readonly #wanted = new Map<number, number>();
  /** Events that were acknowledged individually. */
  readonly #acknowledged = new WeakSet<AcknowledgedEvent>();
  /** Events whose callbacks have thrown; few, since the call then ends. */
  readonly #thrown = new Map<AcknowledgedEvent, CallbackEnd>();
  /** Whether the call of `process` has ended. */
  hasEnded = false;

  /** `store` stores an acknowledgement that was held back. */
  constructor(private readonly store: (partition: number, nextId: number) => void) {}

  /** Called before an event's callback. */
  add(event: AcknowledgedEvent): void {
    const events = this.#partitions.get(event.partition);
    if (events === undefined) this.#partitions.set(event.partition, new Set([event]));
    else events.add(event);
  }

  /** Whether the call has ended, and nothing of it is unfinished. */
  get isOver(): boolean {
    return this.hasEnded && [...this.#partitions.values()].every(({ size }) => size === 0);
  }

  /** An event that failed is delivered again, and no longer unfinished here. */
  redeliver(again: AcknowledgedEvent): void {
    if (this.#thrown.size === 0 || this.#thrown.has(again)) return;
    for (const event of this.#thrown.keys()) {
      if (event.id === again.id && event.partition === again.partition) this.#remove(event);
    }
  }

  /** The highest id whose acknowledgement is held back in a partition, which ends; 0 for none. */
  takeHeldBack(partition: number): number {
    const wanted = this.#wanted.get(partition) ?? 0;
    this.#wanted.delete(partition);
    return wanted;
  }

  /** The stored position of a partition has moved: what was held back or has failed there counts no more. */
  forget(partition: number): void {
    this.#wanted.delete(partition);
    for (const event of this.#thrown.keys()) this.#partitions.get(partition)?.delete(event);
  }

  /**
   * Called after an event's callback. The event that stopped the processing counts as done if it was acknowledged.
   */
  end(event: AcknowledgedEvent, how: CallbackEnd): void {
    if (how !== "done") this.#thrown.set(event, how);
    if (how === "done" || (how === "stopped" && this.#acknowledged.has(event))) this.#remove(event);
  }

  /** How much of an acknowledgement may be stored now: every event below the returned id is done. */
  acknowledgeable(partition: number, nextId: number, event: AcknowledgedEvent | undefined): number {
    if (event !== undefined) {
      this.#acknowledged.add(event);
      if (this.#thrown.get(event) === "stopped") this.#remove(event);
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

  /** Id of the first unfinished event of a partition. */
  #limitOf(partition: number): number {
    let limit = Infinity;
    for (const { id } of this.#partitions.get(partition) ?? []) if (id < limit) limit = id;
    return limit;
  }
}
