import { BrokenPromise } from "./broken_promise.ts";

/** What is known of one partition. */
export class PartitionModel {
  /** Which event was seen under each id: no one may ever see another one there. */
  readonly seen: Map<number, string> = new Map();
  /** Events below this id may be gone: their segments were removed, and each removal was looked at. */
  removedTo = 0;
  /** One past the greatest id seen. */
  endId = 0;

  constructor(readonly partition: number) {}

  /** An event was seen under an id. */
  note(id: number, key: string): void {
    const before = this.seen.get(id);
    if (before !== undefined && before !== key) {
      throw new BrokenPromise(`id ${id} of partition ${this.partition} is ${before} and ${key}`);
    }
    this.seen.set(id, key);
    this.endId = Math.max(this.endId, id + 1);
  }
}
