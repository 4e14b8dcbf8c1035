import type { PushedData } from "../data_view.ts";
import { Future } from "../future.ts";
import type { EventID } from "../event_id.ts";
import type { JsonObject } from "../json.ts";
import type { PreparedEvent } from "./push_pipeline.ts";
import type { PushFuture } from "./push_future.ts";

/** Takes an event into its batch, or gives a future that failed. */
export interface PipelineTarget {
  /** Adds it to the batch of its partition. */
  accept(event: PreparedEvent, data?: PushedData): PushFuture;
  /** The future of a push that failed. */
  refuse(error: unknown): PushFuture;
}

/** A push in its batch. Wrapped, since a promise would follow a bare future to its end. */
interface Batched {
  push: PushFuture;
}

/** What an event that waits takes in memory beside its metadata and data, roughly: promises, most of all. */
const WAITING_EVENT_BYTES = 1024;

/** Events whose components have not answered yet; when strict, they are stored in push order all the same. */
export class PipelineQueue {
  readonly #pending = new Set<Promise<Batched>>();
  #tail: Promise<unknown> = Promise.resolve();
  #bytes = 0;

  constructor(private readonly target: PipelineTarget, private readonly strict: boolean) {}

  /** Events that wait. */
  get size(): number {
    return this.#pending.size;
  }

  /** Memory that they hold, roughly. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether an event that is ready now has to stand in line. */
  get holds(): boolean {
    return this.strict && this.#pending.size > 0;
  }

  /** Adds an event that is ready later, or now but after others; `metadataBytes` is the size of its metadata. */
  add(
    event: PreparedEvent | Promise<PreparedEvent>,
    data: PushedData | undefined,
    metadataBytes: number,
  ): PipelineFuture {
    const { target } = this;
    const bytes = WAITING_EVENT_BYTES + metadataBytes + (data?.size ?? 0);
    this.#bytes += bytes;
    const ready = Promise.resolve(event);
    // Its failure is looked at when its turn comes.
    ready.catch(() => {});
    const turn = this.strict ? this.#tail.then(() => ready) : ready;
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

  /** Resolves when everything added so far is in its batch or refused. */
  async drain(): Promise<void> {
    await Promise.all(this.#pending);
  }
}

/** The future of a push whose event is not in a batch yet. */
export class PipelineFuture extends Future<EventID> {
  #push: PushFuture | undefined = undefined;

  constructor(private readonly batched: Promise<Batched>) {
    super();
    // No value comes back from here: a promise would wait for the push, and count as an observer.
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
