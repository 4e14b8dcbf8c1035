import type { PushedData } from "../data/view.ts";
import { Future } from "../future.ts";
import type { EventID } from "../event.ts";
import type { JsonObject } from "../json.ts";
import type { ProducerLimits } from "./producer_options.ts";
import type { PreparedEvent } from "./push_pipeline.ts";
import type { PushFuture } from "./push_future.ts";

/** Adds events to their batches. */
interface PipelineTarget {
  /** Adds the event to the batch of its partition. */
  accept(event: PreparedEvent, data?: PushedData): PushFuture;
  /** The future of a push that failed. */
  refuse(error: unknown): PushFuture;
}

/** The future of a push that is in its batch. Wrapped, since a promise would resolve a bare future. */
interface Batched {
  push: PushFuture;
}

/** Approximate memory overhead of a queued event besides its metadata and data: mostly promises. */
const WAITING_EVENT_BYTES = 1024;

/** Events in asynchronous components; with strict ordering they are still stored in push order. */
export class PipelineQueue {
  readonly #pending = new Set<Promise<Batched>>();
  #tail: Promise<unknown> = Promise.resolve();
  #bytes = 0;

  constructor(private readonly target: PipelineTarget, private readonly limits: ProducerLimits) {}

  /** Number of queued events. */
  get size(): number {
    return this.#pending.size;
  }

  /** Whether one more event may wait here. */
  get hasMemory(): boolean {
    return this.#bytes <= this.limits.pendingBytesMax;
  }

  /** Whether `drain` has to wait. */
  get isFull(): boolean {
    return this.size >= this.limits.queuedMax || !this.hasMemory;
  }

  /** Whether an event that is ready now has to be queued. */
  get mustQueue(): boolean {
    // In this order: it is asked at every push, and almost always nothing is pending.
    return this.#pending.size > 0 && this.limits.strict;
  }

  /**
   * Adds an event that is not ready, or has to wait for earlier ones; `metadataBytes` is the size of its metadata.
   */
  add(
    event: PreparedEvent | Promise<PreparedEvent>,
    data: PushedData | undefined,
    metadataBytes: number,
  ): PipelineFuture {
    const { target } = this;
    const bytes = WAITING_EVENT_BYTES + metadataBytes + (data?.size ?? 0);
    this.#bytes += bytes;
    const ready = Promise.resolve(event);
    // A failure is handled when its turn comes.
    ready.catch(() => {});
    const turn = this.limits.strict ? this.#tail.then(() => ready) : ready;
    const batched = turn.then((event) => ({ push: target.accept(event, data) }))
      .catch((error) => ({ push: target.refuse(error) }));
    this.#tail = batched;
    this.#pending.add(batched);
    batched.then(() => {
      this.#pending.delete(batched);
      this.#bytes -= bytes;
    });
    return new PipelineFuture(batched);
  }

  /** Resolves when everything added so far is in a batch or has failed. */
  async drain(): Promise<void> {
    await Promise.all(this.#pending);
  }
}

/** The future of a push whose event is not in a batch yet. */
class PipelineFuture extends Future<EventID> {
  #push: PushFuture | undefined = undefined;

  constructor(private readonly batched: Promise<Batched>) {
    super();
    // This returns no value: otherwise the promise would wait for the push, and count as an observer.
    batched.then(({ push }) => {
      this.#push = push;
    });
  }

  override get completed(): boolean {
    return this.#push?.completed ?? false;
  }

  override toJSON(): JsonObject {
    return this.#push?.toJSON() ?? { completed: false };
  }

  protected override settled(): Promise<EventID> {
    return this.#push === undefined
      ? this.batched.then(({ push }) => push.then((id) => id))
      : this.#push.then((id) => id);
  }
}
