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
