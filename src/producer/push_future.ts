import type { EventID } from "../event_id.ts";
import { Future, waitLimit, type WaitOptions, withinLimit } from "../future.ts";
import type { PushBatch } from "./push_batch.ts";

/** The id of one pushed event, to be. Two fields and a mark: there is one for every push. */
export class PushFuture extends Future<EventID> {
  #observed = false;

  constructor(private readonly batch: PushBatch, private readonly index: number) {
    super();
  }

  override get completed(): boolean {
    return this.batch.completed;
  }

  override wait(timeoutMs?: number, options?: WaitOptions): Promise<EventID | undefined> {
    const limit = waitLimit(timeoutMs);
    return withinLimit(this.settled(), limit, options?.signal);
  }

  protected override settled(): Promise<EventID> {
    if (!this.#observed) {
      this.#observed = true;
      this.batch.observe();
    }
    const { batch, index } = this;
    if (batch.baseId >= 0) return Promise.resolve(batch.baseId + index);
    return batch.stored().then((baseId) => baseId + index);
  }
}
