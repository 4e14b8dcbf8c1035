/** What is known about the stored position of a consumer in one partition. */
interface PositionModel {
  /** The stored position is not below this one. */
  acknowledged: number;
  /** No higher position was ever stored. */
  greatest: number;
  /** Events below this id may never be delivered: the position was moved there. */
  skippedTo: number;
}

/** What is known about a consumer. */
export class ConsumerModel {
  /** Keys of the events delivered to it. */
  readonly delivered: Set<string> = new Set();
  readonly positions: PositionModel[];
  /**
   * Since when it certainly has a stored position (in steps of the world); Infinity while that is not
   * certain.
   */
  registeredSince = Infinity;
  /** When moving or deleting its position last ended or began (in steps of the world). */
  disturbedAt = -1;
  /** When it was last deleted, or moved by a call that may have been cut short (in steps of the world). */
  #unsettledAt = -1;
  /** How many processes are moving or deleting its position. */
  disturbing = 0;

  constructor(readonly name: string, numPartitions: number) {
    this.positions = Array.from(
      { length: numPartitions },
      () => ({ acknowledged: 0, greatest: 0, skippedTo: 0 }),
    );
  }

  /** An acknowledgement begins. */
  acknowledging(partition: number, nextId: number): void {
    const position = this.positions[partition];
    position.greatest = Math.max(position.greatest, nextId);
  }

  /** It is done; `openedAt` is the step in which its consumer was opened, `step` that in which it began. */
  acknowledged(
    partition: number,
    nextId: number,
    { openedAt, step }: { openedAt: number; step: number },
  ): void {
    // What is moved at the same time may be moved after it.
    if (this.disturbing > 0 || step <= this.disturbedAt) return;
    // A consumer that was opened before may write to a file that was removed, or that it does not know to be retired.
    if (openedAt <= this.#unsettledAt) return;
    const position = this.positions[partition];
    position.acknowledged = Math.max(position.acknowledged, nextId);
    if (this.registeredSince === Infinity) this.registeredSince = step;
  }

  /** Another process begins to move or delete its position. */
  beginDisturbance(step: number): void {
    this.disturbing++;
    this.#disturb(step);
  }

  /**
   * That is done, or its process was killed; it leaves the position no higher than `endId`, or deleted if there is no
   * partition. `isWhole` if it is certain that it was not cut short.
   */
  endDisturbance(step: number, partition: number | undefined, endId: number, isWhole = false): void {
    this.disturbing--;
    this.#disturb(step);
    if (!isWhole) this.#unsettledAt = step;
    if (partition !== undefined) this.skipTo(partition, endId);
  }

  /** Events below an id may be skipped from now on. */
  skipTo(partition: number, id: number): void {
    const position = this.positions[partition];
    position.skippedTo = Math.max(position.skippedTo, id);
    position.greatest = Math.max(position.greatest, id);
  }

  /** The power was cut: positions are not synced. */
  forget(): void {
    this.registeredSince = Infinity;
    this.disturbing = 0;
    for (const position of this.positions) position.acknowledged = 0;
  }

  /** After a power cut the log ends here: what comes next is new to every consumer. */
  logEndsAt(partition: number, endId: number): void {
    const position = this.positions[partition];
    position.skippedTo = Math.min(position.skippedTo, endId);
  }

  #disturb(step: number): void {
    this.disturbedAt = step;
    this.registeredSince = Infinity;
    for (const position of this.positions) position.acknowledged = 0;
  }
}
