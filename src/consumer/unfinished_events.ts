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
  /** Events that were acknowledged individually, and events whose callback stopped the processing. */
  readonly #acknowledged = new WeakSet<AcknowledgedEvent>();
  readonly #stopped = new WeakSet<AcknowledgedEvent>();

  /** `store` stores an acknowledgement that was held back. */
  constructor(private readonly store: (partition: number, nextId: number) => void) {}

  /** Called before an event's callback. */
  add(event: AcknowledgedEvent): void {
    const events = this.#partitions.get(event.partition);
    if (events === undefined) this.#partitions.set(event.partition, new Set([event]));
    else events.add(event);
  }

  /** Whether any event is unfinished. */
  get hasAny(): boolean {
    for (const events of this.#partitions.values()) if (events.size > 0) return true;
    return false;
  }

  /** An event that failed is delivered again, and no longer unfinished here. */
  redeliver({ partition, id }: AcknowledgedEvent): void {
    for (const event of this.#partitions.get(partition) ?? []) if (event.id === id) this.#remove(event);
  }

  /** Forgets what is held back in a partition, whose stored position moves; if all have ended, what failed, too. */
  forget(partition: number, haveEnded: boolean): void {
    this.#wanted.delete(partition);
    if (haveEnded) this.#partitions.delete(partition);
  }

  /**
   * Called after an event's callback. The event that stopped the processing counts as done if it was acknowledged.
   */
  end(event: AcknowledgedEvent, how: CallbackEnd): void {
    if (how === "stopped") this.#stopped.add(event);
    if (how === "done" || (how === "stopped" && this.#acknowledged.has(event))) this.#remove(event);
  }

  /** How much of an acknowledgement may be stored now: every event below the returned id is done. */
  acknowledgeable(partition: number, nextId: number, event: AcknowledgedEvent | undefined): number {
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

  /** Id of the first unfinished event of a partition. */
  #limitOf(partition: number): number {
    let limit = Infinity;
    for (const { id } of this.#partitions.get(partition) ?? []) if (id < limit) limit = id;
    return limit;
  }
}
