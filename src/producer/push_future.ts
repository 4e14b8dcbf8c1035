import type { EventID } from "../event.ts";
import { Future } from "../future.ts";
import { faultOf } from "../inspect.ts";
import type { JsonObject } from "../json.ts";
import type { PushBatch } from "./push_batch.ts";

/** The future id of one pushed event. Kept small, since there is one for every push. */
export class PushFuture extends Future<EventID> {
  #observed = false;

  constructor(private readonly batch: PushBatch, private readonly index: number) {
    super();
  }

  override get completed(): boolean {
    return this.batch.batchOf(this.index).completed;
  }

  override toJSON(): JsonObject {
    const batch = this.batch.batchOf(this.index);
    if (batch.failed) return { completed: true, error: faultOf(batch.error) };
    return batch.completed ? { completed: true, value: batch.idOf(this.index) } : { completed: false };
  }

  protected override settled(): Promise<EventID> {
    const { index } = this;
    const batch = this.batch.batchOf(index);
    if (!this.#observed) {
      this.#observed = true;
      batch.observe(index);
    }
    if (batch.baseId >= 0) return Promise.resolve(batch.idOf(index));
    // The event may be removed from its batch in the meantime.
    return batch.stored().then(() => this.#outcome(), () => this.#outcome());
  }

  #outcome(): EventID {
    const batch = this.batch.batchOf(this.index);
    if (batch.failed) throw batch.error;
    return batch.idOf(this.index);
  }
}
