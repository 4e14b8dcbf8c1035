/** The partitions of a topic, as many as were last seen: another program may add some while the topic is open. */
export class KnownPartitions {
  /** Their numbers. */
  numbers: readonly number[] = [];

  constructor(count: number) {
    this.see(count);
  }

  /** The topic has that many. */
  see(count: number): void {
    if (count > this.numbers.length) {
      this.numbers = Array.from({ length: count }, (_, partition) => partition);
    }
  }
}

/**
 * The known high watermarks of partitions. A reader below one waits for pending fetches before it reports that
 * nothing is stored: a program that has pushed an event, or seen it counted, can read it.
 */
export class HighWatermarks {
  readonly #ends = new Map<number, number>();

  /** One past the last known id; initially 0. */
  of(partition: number): number {
    return this.#ends.get(partition) ?? 0;
  }

  /** The partition is known to have events below this id. */
  raise(partition: number, nextId: number): void {
    if (nextId > this.of(partition)) this.#ends.set(partition, nextId);
  }

  /** The same for several partitions. */
  raiseAll(ends: ReadonlyMap<number, number>): void {
    for (const [partition, nextId] of ends) this.raise(partition, nextId);
  }

  /** The partition has lost the events from an id on. */
  cutOff(partition: number, id: number): void {
    if (id < this.of(partition)) this.#ends.set(partition, id);
  }
}
