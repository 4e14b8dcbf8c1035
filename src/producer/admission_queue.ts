import type { PushedData } from "../data_view.ts";
import { Future, waitLimit, type WaitOptions, withinLimit } from "../future.ts";
import type { EventID } from "../event_id.ts";
import type { AdmittedEvent } from "./admission.ts";
import type { PushFuture } from "./push_future.ts";

/** Takes an event into its batch, or gives a future that failed. */
export interface AdmissionTarget {
  /** Adds it to the batch of its partition. */
  accept(event: AdmittedEvent, data?: PushedData): PushFuture;
  /** The future of a push that failed. */
  refuse(error: unknown): PushFuture;
}

/** A push in its batch. Wrapped, since a promise would follow a bare future to its end. */
interface Admitted {
  push: PushFuture;
}

/** Events whose components have not answered yet; when strict, they are stored in push order all the same. */
export class AdmissionQueue {
  readonly #pending = new Set<Promise<Admitted>>();
  #tail: Promise<unknown> = Promise.resolve();

  constructor(private readonly target: AdmissionTarget, private readonly strict: boolean) {}

  /** Events that wait. */
  get size(): number {
    return this.#pending.size;
  }

  /** Whether an event that is ready now has to stand in line. */
  get holds(): boolean {
    return this.strict && this.#pending.size > 0;
  }

  /** Adds an event that is ready later, or now but behind others. */
  add(event: AdmittedEvent | Promise<AdmittedEvent>, data?: PushedData): AdmissionFuture {
    const { target } = this;
    const ready = Promise.resolve(event);
    // Its failure is looked at when its turn comes.
    ready.catch(() => {});
    const turn = this.strict ? this.#tail.then(() => ready) : ready;
    const admitted = turn.then((event) => ({ push: target.accept(event, data) }))
      .catch((error) => ({ push: target.refuse(error) }));
    this.#tail = admitted;
    this.#pending.add(admitted);
    admitted.then(() => this.#pending.delete(admitted));
    return new AdmissionFuture(admitted);
  }

  /** Resolves when everything added so far is in its batch or refused. */
  async drain(): Promise<void> {
    await Promise.all(this.#pending);
  }
}

/** The future of a push whose event is not in a batch yet. */
export class AdmissionFuture extends Future<EventID> {
  #push: PushFuture | undefined = undefined;

  constructor(private readonly admitted: Promise<Admitted>) {
    super();
    // No value comes back from here: a promise would wait for the push, and count as somebody waiting.
    admitted.then(({ push }) => {
      this.#push = push;
    });
  }

  override get completed(): boolean {
    return this.#push?.completed ?? false;
  }

  override wait(timeoutMs?: number, options?: WaitOptions): Promise<EventID | undefined> {
    const limit = waitLimit(timeoutMs);
    return withinLimit(this.settled(), limit, options?.signal);
  }

  protected override settled(): Promise<EventID> {
    return this.#push === undefined
      ? this.admitted.then(({ push }) => push.then((id) => id))
      : this.#push.then((id) => id);
  }
}
