import { clearImmediate, setImmediate } from "node:timers";
import type { ConsumerInterface } from "../contract.ts";
import { diagnostics } from "../diagnostics.ts";
import { ClosedError } from "../errors.ts";
import type { AcknowledgedEvent } from "../event/event_batch.ts";
import { Future } from "../future.ts";
import { faultOf } from "../inspect.ts";
import type { JsonObject } from "../json.ts";
import { UnfinishedEvents } from "./unfinished_events.ts";

/** Without a turn of the event loop for this long, the next acknowledgement stores the pending ones. */
const TURN_MS_MAX = 5;

/** Stores acknowledgements: one write per turn of the event loop. */
export class Acknowledger {
  #pending: AcknowledgedTurn | undefined = undefined;
  /** Turns being stored. */
  readonly #storing = new Set<Promise<void>>();
  #unobserved: { part: PartitionAcknowledgement; error: unknown } | undefined = undefined;
  #closed = false;
  /**
   * Calls of `process` with several concurrent callbacks that run, or that failed beside others that still run: none
   * covers the unfinished events of another.
   */
  readonly #calls = new Set<UnfinishedEvents>();
  /** The call of `process` that delivered an event; only for those calls. */
  readonly #deliveredBy = new WeakMap<AcknowledgedEvent, UnfinishedEvents>();

  constructor(
    private readonly driver: ConsumerInterface,
    private readonly topic: string,
    private readonly consumer: string,
  ) {}

  /**
   * Acknowledges every event of the partition below `nextId`, limited to the first event whose callback in
   * `process` is running or has failed. `event` is the acknowledged event, if the acknowledgement is for a single
   * one.
   */
  acknowledge(partition: number, nextId: number, event?: AcknowledgedEvent): Future<true> {
    if (this.#closed) return PartitionAcknowledgement.failed(partition, new ClosedError("the consumer"));
    const pending = this.#pending;
    const turn = this.#pending ??= new AcknowledgedTurn((turn) => this.#store(turn));
    const part = turn.of(partition);
    part.add(this.#acknowledgeable(partition, nextId, event));
    // Synchronous work that never lets the event loop turn would delay its own acknowledgements indefinitely.
    if (turn === pending && performance.now() - turn.begun > TURN_MS_MAX) turn.start();
    return part;
  }

  /** Holds back acknowledgements of events whose callbacks are running or have failed, until `endProcessing`. */
  beginProcessing(): UnfinishedEvents {
    const unfinished = new UnfinishedEvents((partition, nextId) => this.acknowledge(partition, nextId));
    this.#calls.add(unfinished);
    return unfinished;
  }

  /**
   * Remembers which call of `process` delivered an event: a failure there still limits its acknowledgement later.
   */
  recordDelivery(event: AcknowledgedEvent, by: UnfinishedEvents): void {
    this.#deliveredBy.set(event, by);
    by.add(event);
    for (const call of this.#calls) {
      call.redeliver(event);
      if (call.isOver) this.#calls.delete(call);
    }
  }

  /**
   * Moves the stored positions of partitions by `seek`. What was held back before must not move them again; if it
   * rejects, nothing has changed.
   */
  async move(partitions: readonly number[], seek: () => Promise<void>): Promise<void> {
    const heldBack = partitions.map((partition): [number, number] => [
      partition,
      Math.max(0, ...Array.from(this.#calls, (call) => call.takeHeldBack(partition))),
    ]);
    try {
      await seek();
    } catch (error) {
      for (const [partition, nextId] of heldBack) if (nextId > 0) this.acknowledge(partition, nextId);
      throw error;
    }
    for (const call of this.#calls) for (const partition of partitions) call.forget(partition);
  }

  /** All callbacks of a call of `process` have ended; throws if an acknowledgement failed unobserved. */
  async endProcessing(unfinished: UnfinishedEvents): Promise<void> {
    unfinished.hasEnded = true;
    if (unfinished.isOver) this.#calls.delete(unfinished);
    if ([...this.#calls].every(({ hasEnded }) => hasEnded)) this.#calls.clear();
    await this.drain();
    const failed = this.#unobserved;
    this.#unobserved = undefined;
    if (failed?.part.observed === false) throw failed.error;
  }

  /** Resolves when everything acknowledged so far is stored or has failed. */
  async drain(): Promise<void> {
    this.#pending?.start();
    await Promise.all(this.#storing);
  }

  /** Stores pending acknowledgements; throws a failure that was never observed. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.drain();
    if (this.#unobserved?.part.observed === false) throw this.#unobserved.error;
  }

  #acknowledgeable(partition: number, nextId: number, event: AcknowledgedEvent | undefined): number {
    let acknowledgeable = nextId;
    const deliveredBy = event === undefined ? undefined : this.#deliveredBy.get(event);
    for (const call of this.#calls) {
      // It may be one that failed there: it was pulled since then, or delivered twice at a time.
      if (event !== undefined) call.redeliver(event);
      acknowledgeable = Math.min(acknowledgeable, call.acknowledgeable(partition, nextId, event));
    }
    if (deliveredBy === undefined || this.#calls.has(deliveredBy)) return acknowledgeable;
    return Math.min(acknowledgeable, deliveredBy.acknowledgeable(partition, nextId, event));
  }

  #store(turn: AcknowledgedTurn): void {
    this.#pending = undefined;
    const storing = this.#storeAll(turn).finally(() => this.#storing.delete(storing));
    this.#storing.add(storing);
  }

  #publish(
    { partition, nextId }: PartitionAcknowledgement,
    durationMs: number,
    outcome: { error?: unknown },
  ): void {
    const { topic, consumer } = this;
    diagnostics.acknowledge.publish({ topic, consumer, partition, nextId, durationMs, ...outcome });
  }

  async #storeAll(turn: AcknowledgedTurn): Promise<void> {
    const begunMs = performance.now();
    const storing: Promise<void>[] = [];
    for (const part of turn.parts.values()) {
      // There is no event before the first one.
      if (part.nextId === 0) {
        part.succeed();
        continue;
      }
      try {
        const result = this.driver.acknowledge(part.partition, part.nextId);
        if (result === undefined) this.#succeeded(part, begunMs);
        else storing.push(this.#settle(part, begunMs, result));
      } catch (error) {
        this.#failed(part, begunMs, error);
      }
    }
    if (storing.length > 0) await Promise.all(storing);
  }

  async #settle(part: PartitionAcknowledgement, begunMs: number, result: Promise<void>): Promise<void> {
    try {
      await result;
    } catch (error) {
      return this.#failed(part, begunMs, error);
    }
    this.#succeeded(part, begunMs);
  }

  #succeeded(part: PartitionAcknowledgement, begunMs: number): void {
    part.succeed();
    if (diagnostics.acknowledge.hasSubscribers) this.#publish(part, performance.now() - begunMs, {});
  }

  #failed(part: PartitionAcknowledgement, begunMs: number, error: unknown): void {
    part.fail(error);
    if (diagnostics.acknowledge.hasSubscribers) this.#publish(part, performance.now() - begunMs, { error });
    // The caller may start to observe it only after this call.
    if (!part.observed && this.#unobserved?.part.observed !== false) this.#unobserved = { part, error };
  }
}

/** The acknowledgements of one turn of the event loop. */
class AcknowledgedTurn {
  readonly parts = new Map<number, PartitionAcknowledgement>();
  readonly begun = performance.now();
  #started = false;
  readonly #idle: ReturnType<typeof setImmediate>;

  constructor(private readonly store: (turn: AcknowledgedTurn) => void) {
    this.#idle = setImmediate(() => this.start());
  }

  of(partition: number): PartitionAcknowledgement {
    let part = this.parts.get(partition);
    if (part === undefined) {
      part = new PartitionAcknowledgement(partition, () => this.start());
      this.parts.set(partition, part);
    }
    return part;
  }

  start(): void {
    if (this.#started) return;
    this.#started = true;
    clearImmediate(this.#idle);
    this.store(this);
  }
}

/** The acknowledgements of one partition; all callers share this future. */
class PartitionAcknowledgement extends Future<true> {
  /** Id of the next event to be delivered after a restart. */
  nextId = 0;
  observed = false;
  #completed = false;
  #failure: JsonObject | undefined = undefined;
  #resolve: () => void = () => {};
  #reject: (error: unknown) => void = () => {};
  readonly #promise: Promise<true>;

  constructor(readonly partition: number, private readonly start: () => void) {
    super();
    this.#promise = new Promise<true>((resolve, reject) => {
      this.#resolve = () => resolve(true);
      this.#reject = reject;
    });
    this.#promise.catch(() => {});
  }

  static failed(partition: number, error: unknown): PartitionAcknowledgement {
    const part = new PartitionAcknowledgement(partition, () => {});
    part.fail(error);
    return part;
  }

  override get completed(): boolean {
    return this.#completed;
  }

  add(nextId: number): void {
    this.nextId = Math.max(this.nextId, nextId);
  }

  succeed(): void {
    this.#completed = true;
    this.#resolve();
  }

  fail(error: unknown): void {
    this.#completed = true;
    this.#failure = { error: faultOf(error) };
    this.#reject(error);
  }

  override toJSON(): JsonObject {
    if (!this.#completed) return { completed: false };
    return { completed: true, ...this.#failure ?? { value: true } };
  }

  // The future is being awaited: store once the current synchronous code has finished.
  protected override settled(): Promise<true> {
    if (!this.observed) {
      this.observed = true;
      queueMicrotask(() => this.start());
    }
    return this.#promise;
  }
}
