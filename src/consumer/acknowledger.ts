import { clearImmediate, setImmediate } from "node:timers";
import type { ConsumerInterface } from "../contract.ts";
import { diagnostics } from "../diagnostics.ts";
import { ClosedError } from "../errors.ts";
import type { AcknowledgedEvent } from "../event/event_batch.ts";
import { Future, waitFor, type WaitOptions } from "../future.ts";
import { faultOf } from "../inspect.ts";
import type { JsonObject } from "../json.ts";
import { UnfinishedEvents } from "./unfinished_events.ts";

/** An acknowledgement is stored at the latest by the next one after this time. */
const ROUND_MS_MAX = 5;

/** Stores acknowledgements: those of one turn of the event loop in one go. */
export class Acknowledger {
  readonly #driver: ConsumerInterface;
  #round: Round | undefined = undefined;
  /** Rounds being stored, and why one failed that no one waited for. */
  readonly #storing = new Set<Promise<void>>();
  #unnoticed: { error: unknown } | undefined = undefined;
  #closed = false;
  /** Calls of `process` under way that run several callbacks at a time. */
  readonly #processing = new Set<UnfinishedEvents>();
  /** The call that gave an event out; only of such calls. */
  readonly #givenBy = new WeakMap<AcknowledgedEvent, UnfinishedEvents>();

  constructor(driver: ConsumerInterface, private readonly topic: string, private readonly consumer: string) {
    this.#driver = driver;
  }

  /**
   * Stores that every event of the partition below `nextId` is done with, up to the first whose callback in `process`
   * runs or has failed. `event`: the one that is acknowledged, if it is one.
   */
  acknowledge(partition: number, nextId: number, event?: AcknowledgedEvent): Future<true> {
    const round = this.#round ??= new Round((round) => this.#store(round));
    if (this.#closed) round.fail(new ClosedError("the consumer"));
    else round.add(partition, this.#admitted(partition, nextId, event));
    // Work that never lets the event loop turn would keep back what it acknowledges.
    if (performance.now() - round.begun > ROUND_MS_MAX) round.start();
    return round;
  }

  /** Holds back what acknowledgements say of events whose callbacks run, until `endProcessing`. */
  beginProcessing(): UnfinishedEvents {
    const unfinished = new UnfinishedEvents((partition, nextId) => this.acknowledge(partition, nextId));
    this.#processing.add(unfinished);
    return unfinished;
  }

  /** Remembers which call of `process` gave an event out: what failed there stays a limit for it. */
  given(event: AcknowledgedEvent, by: UnfinishedEvents): void {
    this.#givenBy.set(event, by);
    by.add(event);
  }

  /** All callbacks of a call of `process` have ended; throws why an acknowledgement failed that no one waited for. */
  async endProcessing(unfinished: UnfinishedEvents): Promise<void> {
    this.#processing.delete(unfinished);
    await this.drain();
    const failed = this.#unnoticed;
    this.#unnoticed = undefined;
    if (failed !== undefined) throw failed.error;
  }

  /** Resolves when everything acknowledged so far is stored, or failed. */
  async drain(): Promise<void> {
    this.#round?.start();
    await Promise.all(this.#storing);
  }

  /** Stores what is left; throws what failed without anybody noticing. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.drain();
    if (this.#unnoticed !== undefined) throw this.#unnoticed.error;
  }

  #admitted(partition: number, nextId: number, event: AcknowledgedEvent | undefined): number {
    let admitted = nextId;
    for (const unfinished of this.#processing) {
      admitted = Math.min(admitted, unfinished.admit(partition, nextId, event));
    }
    const givenBy = event === undefined ? undefined : this.#givenBy.get(event);
    if (givenBy === undefined || this.#processing.has(givenBy)) return admitted;
    return Math.min(admitted, givenBy.admit(partition, nextId, event));
  }

  #store(round: Round): void {
    this.#round = undefined;
    const storing = this.#storeAll(round).finally(() => this.#storing.delete(storing));
    this.#storing.add(storing);
  }

  #publish(round: Round, durationMs: number, outcome: { error?: unknown }): void {
    const { topic, consumer } = this;
    for (const [partition, nextId] of round.positions) {
      diagnostics.acknowledge.publish({ topic, consumer, partition, nextId, durationMs, ...outcome });
    }
  }

  async #storeAll(round: Round): Promise<void> {
    const begunMs = performance.now();
    try {
      const results = [];
      for (const [partition, nextId] of round.positions) {
        results.push(this.#driver.acknowledge(partition, nextId));
      }
      if (results.some((result) => result !== undefined)) await Promise.all(results);
      round.succeed();
      if (diagnostics.acknowledge.hasSubscribers) this.#publish(round, performance.now() - begunMs, {});
    } catch (error) {
      round.fail(error);
      if (diagnostics.acknowledge.hasSubscribers) {
        this.#publish(round, performance.now() - begunMs, { error });
      }
      if (!round.observed) this.#unnoticed ??= { error };
    }
  }
}

/** The acknowledgements of one turn of the event loop; everybody who acknowledged has this same future. */
class Round extends Future<true> {
  /** By partition: the id of the event that comes next. */
  readonly positions = new Map<number, number>();
  observed = false;
  readonly begun = performance.now();
  #completed = false;
  #failure: JsonObject | undefined = undefined;
  #started = false;
  #resolve: () => void = () => {};
  #reject: (error: unknown) => void = () => {};
  readonly #promise: Promise<true>;
  readonly #idle: ReturnType<typeof setImmediate>;

  constructor(private readonly store: (round: Round) => void) {
    super();
    this.#promise = new Promise<true>((resolve, reject) => {
      this.#resolve = () => resolve(true);
      this.#reject = reject;
    });
    this.#promise.catch(() => {});
    this.#idle = setImmediate(() => this.start());
  }

  override get completed(): boolean {
    return this.#completed;
  }

  add(partition: number, nextId: number): void {
    // Nothing lies before the first event.
    if (nextId === 0) return;
    const before = this.positions.get(partition);
    if (before === undefined || before < nextId) this.positions.set(partition, nextId);
  }

  start(): void {
    if (this.#started) return;
    this.#started = true;
    clearImmediate(this.#idle);
    this.store(this);
  }

  succeed(): void {
    this.#completed = true;
    this.#resolve();
  }

  fail(error: unknown): void {
    this.#started = true;
    clearImmediate(this.#idle);
    this.#completed = true;
    this.#failure = { error: faultOf(error) };
    this.#reject(error);
  }

  override wait(timeoutMs?: number, options?: WaitOptions): Promise<true | undefined> {
    return waitFor(() => this.settled(), timeoutMs, options);
  }

  override toJSON(): JsonObject {
    if (!this.#completed) return { completed: false };
    return { completed: true, ...this.#failure ?? { value: true } };
  }

  // A future is waited for: store as soon as the running code has acknowledged all it wants to.
  protected override settled(): Promise<true> {
    if (!this.observed) {
      this.observed = true;
      queueMicrotask(() => this.start());
    }
    return this.#promise;
  }
}
