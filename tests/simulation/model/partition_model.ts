import { BrokenPromise } from "./broken_promise.ts";
import type { Push } from "./push.ts";

/** What is known about one partition. */
export class PartitionModel {
  /** Which event was seen under each id: a different one may never be seen there. */
  readonly seen: Map<number, string> = new Map();
  /** Events below this id may be gone: their segments were removed, and each removal was checked. */
  removedTo = 0;
  /** One past the highest id seen. */
  endId = 0;

  constructor(readonly partition: number) {}

  /** One past the highest id of a completed push. */
  completedEnd(pushes: ReadonlyMap<string, Push>): number {
    let endId = 0;
    for (const [id, key] of this.seen) {
      if (pushes.get(key)!.outcome === "completed") endId = Math.max(endId, id + 1);
    }
    return endId;
  }

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
