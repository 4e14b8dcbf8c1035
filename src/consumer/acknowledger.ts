import { clearImmediate, setImmediate } from "node:timers";
import type { ConsumerInterface } from "../contract.ts";
import { diagnostics } from "../diagnostics.ts";
import { ClosedError } from "../errors.ts";
import type { AcknowledgedEvent } from "../event/event_batch.ts";
import { Future } from "../future.ts";
import { faultOf } from "../inspect.ts";
import type { JsonObject } from "../json.ts";
import { UnfinishedEvents } from "./unfinished_events.ts";

/** An acknowledgement is stored at the latest by the next one after this time. */
const TURN_MS_MAX = 5;

/** Stores acknowledgements: those of one turn of the event loop in one go. */
export class Acknowledger {
  readonly #driver: ConsumerInterface;
  #pending: AcknowledgedTurn | undefined = undefined;
  /** Turns being stored, and why one failed that no one waited for. */
  readonly #storing = new Set<Promise<void>>();
  #unnoticed: { part: Part; error: unknown } | undefined = undefined;
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
    if (this.#closed) return Part.failed(partition, new ClosedError("the consumer"));
    const turn = this.#pending ??= new AcknowledgedTurn((turn) => this.#store(turn));
    const part = turn.of(partition);
    part.add(this.#admitted(partition, nextId, event));
    // Work that never lets the event loop turn would keep back what it acknowledges.
    if (performance.now() - turn.begun > TURN_MS_MAX) turn.start();
    return part;
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
    if (failed?.part.observed === false) throw failed.error;
  }

  /** Resolves when everything acknowledged so far is stored, or failed. */
  async drain(): Promise<void> {
    this.#pending?.start();
    await Promise.all(this.#storing);
  }

  /** Stores what is left; throws what failed without anybody noticing. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.drain();
    if (this.#unnoticed?.part.observed === false) throw this.#unnoticed.error;
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

  #store(turn: AcknowledgedTurn): void {
    this.#pending = undefined;
    const storing = this.#storeAll(turn).finally(() => this.#storing.delete(storing));
    this.#storing.add(storing);
  }

  #publish({ partition, nextId }: Part, durationMs: number, outcome: { error?: unknown }): void {
    const { topic, consumer } = this;
    diagnostics.acknowledge.publish({ topic, consumer, partition, nextId, durationMs, ...outcome });
  }

  async #storeAll(turn: AcknowledgedTurn): Promise<void> {
    const begunMs = performance.now();
    const storing: Promise<void>[] = [];
    for (const part of turn.parts.values()) {
      // Nothing lies before the first event.
      if (part.nextId === 0) {
        part.succeed();
        continue;
      }
      try {
        const result = this.#driver.acknowledge(part.partition, part.nextId);
        if (result === undefined) this.#succeeded(part, begunMs);
        else storing.push(this.#settle(part, begunMs, result));
      } catch (error) {
        this.#failed(part, begunMs, error);
      }
    }
    if (storing.length > 0) await Promise.all(storing);
  }

  async #settle(part: Part, begunMs: number, result: Promise<void>): Promise<void> {
    try {
      await result;
    } catch (error) {
      return this.#failed(part, begunMs, error);
    }
    this.#succeeded(part, begunMs);
  }

  #succeeded(part: Part, begunMs: number): void {
    part.succeed();
    if (diagnostics.acknowledge.hasSubscribers) this.#publish(part, performance.now() - begunMs, {});
  }

  #failed(part: Part, begunMs: number, error: unknown): void {
    part.fail(error);
    if (diagnostics.acknowledge.hasSubscribers) this.#publish(part, performance.now() - begunMs, { error });
    // The caller may look at it only after this call.
    if (!part.observed && this.#unnoticed?.part.observed !== false) this.#unnoticed = { part, error };
  }
}

/** The acknowledgements of one turn of the event loop. */
class AcknowledgedTurn {
  readonly parts = new Map<number, Part>();
  readonly begun = performance.now();
  #started = false;
  readonly #idle: ReturnType<typeof setImmediate>;

  constructor(private readonly store: (turn: AcknowledgedTurn) => void) {
    this.#idle = setImmediate(() => this.start());
  }

  of(partition: number): Part {
    let part = this.parts.get(partition);
    if (part === undefined) this.parts.set(partition, part = new Part(partition, () => this.start()));
    return part;
  }

  start(): void {
    if (this.#started) return;
    this.#started = true;
    clearImmediate(this.#idle);
    this.store(this);
  }
}

/** Those of one partition; everybody who acknowledged has this same future. */
class Part extends Future<true> {
  /** Id of the event that comes next. */
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

  static failed(partition: number, error: unknown): Part {
    const part = new Part(partition, () => {});
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

  // A future is waited for: store as soon as the running code has acknowledged all it wants to.
  protected override settled(): Promise<true> {
    if (!this.observed) {
      this.observed = true;
      queueMicrotask(() => this.start());
    }
    return this.#promise;
  }
}
