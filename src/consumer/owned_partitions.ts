import type { ConsumerInterface } from "../contract.ts";

/** A driver that does not say otherwise is asked once for this many events. */
const EVENTS_PER_CHECK = 32;

/** The partitions that a consumer owns, according to its driver. */
export class OwnedPartitions {
  /** The partitions that were assigned at the last update. */
  #assigned: readonly number[];
  /** Revoked partitions, even if reassigned to us: events read before must no longer be delivered. */
  readonly #released = new Set<number>();
  /** Whether a partition was revoked since the last update. */
  hasReleased = false;
  #eventsLeft = 0;

  constructor(private readonly driver: ConsumerInterface) {
    this.#assigned = driver.assigned;
  }

  /** Whether they have changed; to be asked before each event, of which some ask the driver. */
  get mayHaveChanged(): boolean {
    return this.#eventsLeft-- <= 0 && this.haveChanged;
  }

  /** Whether they have changed, according to the driver now. */
  get haveChanged(): boolean {
    // Such a driver calls `release` for everything that is lost.
    const events = this.driver.checkOwnership?.();
    const haveChanged = this.hasReleased ||
      (events === undefined && this.driver.assigned !== this.#assigned);
    this.#eventsLeft = haveChanged ? 0 : (events ?? EVENTS_PER_CHECK) - 1;
    return haveChanged;
  }

  /** A partition is revoked. */
  release(partition: number): void {
    this.#released.add(partition);
    this.hasReleased = true;
    this.#eventsLeft = 0;
  }

  /** The driver is asked before the next event. */
  recheck(): void {
    this.#eventsLeft = 0;
  }

  /** Applies the change; returns the partitions that were lost, even if they were reassigned to us. */
  update(): number[] {
    const { assigned } = this.driver;
    const lost = [...this.#released, ...this.#assigned.filter((each) => !assigned.includes(each))];
    this.#released.clear();
    this.hasReleased = false;
    this.#assigned = assigned;
    return lost;
  }
}
