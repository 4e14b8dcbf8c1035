/**
 * How far partitions are known to reach. A reader that has not come so far waits for what is on its way, and
 * only then says that nothing is there: a program that pushed an event, or saw it counted, can read it.
 */
export class HighWatermarks {
  readonly #ends = new Map<number, number>();

  /** One past the last id that is known; 0 while none is. */
  of(partition: number): number {
    return this.#ends.get(partition) ?? 0;
  }

  /** The partition has events below this id. */
  learn(partition: number, nextId: number): void {
    if (nextId > this.of(partition)) this.#ends.set(partition, nextId);
  }

  /** Several at once. */
  learnAll(ends: ReadonlyMap<number, number>): void {
    for (const [partition, nextId] of ends) this.learn(partition, nextId);
  }
}
