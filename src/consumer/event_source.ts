import type { Serializer } from "../components/contract.ts";
import type { ConsumerInterface, IncomingBatch } from "../contract.ts";
import { diagnostics } from "../diagnostics.ts";
import { CorruptedLogError, EventGoneError } from "../errors.ts";
import { Event } from "../event.ts";
import type { Future } from "../future.ts";
import { endOf, type Ends } from "./events_options.ts";
import { OwnedPartitions } from "./owned_partitions.ts";
import { PartitionTurns } from "./partition_turns.ts";
import { publishDamage, publishPulled } from "./pull_report.ts";
import type { SourceSettings } from "./source_settings.ts";
import { type AcknowledgedEvent, EventBatch, type EventOwner } from "../event/event_batch.ts";

/** Delivers the events of all partitions one by one, some of each partition in turn. */
export class EventSource<T> implements EventOwner {
  /** Replaced once the real one has loaded, before the first event is read. */
  serializer: Serializer;
  readonly topic: string;
  readonly deliversWholeData: boolean;
  /** Share of the last batch's events whose metadata was accessed. */
  accessedShare = 1;
  readonly #driver: ConsumerInterface;
  readonly #settings: SourceSettings;
  #current: EventBatch | undefined = undefined;
  #index = 0;
  /** The next event, once its data is loaded. */
  #head: Event<T> | undefined = undefined;
  readonly #owned: OwnedPartitions;
  /** Batches set aside because an iteration ends within them, each with the index of its next event. */
  readonly #parked = new Map<number, { batch: EventBatch; index: number }>();
  /** A batch that was read and whose metadata is still being deserialized. */
  #deserializing: EventBatch | undefined = undefined;
  readonly #turns: PartitionTurns;
  #pending: Promise<boolean> | undefined = undefined;
  /** Thrown once, by the next call of {@linkcode head}: the position has moved past what was removed. */
  #gone: EventGoneError | undefined = undefined;
  /** Whether the serializer is asynchronous; known from the first batch on. */
  #isAsynchronous: boolean | undefined = undefined;

  constructor(driver: ConsumerInterface, settings: SourceSettings) {
    this.#driver = driver;
    this.#owned = new OwnedPartitions(driver);
    this.#settings = settings;
    this.#turns = new PartitionTurns(settings.eventsMax);
    this.topic = settings.topic;
    this.serializer = settings.serializer;
    this.deliversWholeData = settings.delivery?.isWhole === true;
  }

  /**
   * The next event; undefined if there is none now. A promise means that it is still being read: when it resolves
   * with true, call again; false means that there is none now. The event remains the next one until
   * {@linkcode take}. Throws `EventGoneError` once if events, or their selected data, were removed.
   */
  head(ends?: Ends): Event<T> | undefined | Promise<boolean> {
    for (;;) {
      if (this.#pending !== undefined) return this.#pending;
      const gone = this.#gone;
      if (gone !== undefined) {
        this.#gone = undefined;
        throw gone;
      }
      if (this.#owned.mayHaveChanged) this.#dropLost();
      const batch = this.#current;
      if (batch === undefined || this.#index === batch.count) {
        const read = this.#readNext(ends);
        if (read === true) continue;
        return read === false ? undefined : read;
      }
      if (ends !== undefined && batch.baseId + this.#index >= endOf(ends, batch.partition)) {
        this.#park(batch);
        continue;
      }
      if (this.#head !== undefined) return this.#head;
      const { delivery } = this.#settings;
      if (delivery === undefined) return this.#head = new Event<T>(batch, this.#index);
      try {
        const buffers = delivery.deliver(batch, this.#index);
        if (!(buffers instanceof Promise)) return this.#head = new Event<T>(batch, this.#index, buffers);
        return this.#setPending(buffers.then((later) => {
          this.#head = new Event<T>(batch, this.#index, later);
          return true;
        }, (error) => this.#skip(error)));
      } catch (error) {
        this.#skip(error);
      }
    }
  }

  /** Skips an event whose data was removed, or is damaged and damage is to be skipped; otherwise throws. */
  #skip(error: unknown): true {
    const { onDataDamage } = this.#settings;
    if (error instanceof EventGoneError) {
      // Kept for the next call: perhaps nothing awaits the promise that detected it.
      this.#gone = error;
      const { baseId, count } = this.#current!;
      this.take();
      while (this.#index < count && baseId + this.#index < error.firstId) this.take();
      return true;
    }
    if (onDataDamage === undefined || !(error instanceof CorruptedLogError)) throw error;
    this.take();
    onDataDamage(error);
    return true;
  }

  /** Consumes the event that {@linkcode head} returned. */
  take(): void {
    this.#index++;
    this.#head = undefined;
  }

  /** Consumes the rest of the current batch up to the iteration's end, or to an event still being loaded. */
  takeRest(ends: Ends): Event<T>[] {
    const batch = this.#current;
    if (batch === undefined || this.#pending !== undefined) return [];
    if (this.#owned.haveChanged) return [];
    const end = ends === undefined
      ? batch.count
      : Math.min(batch.count, endOf(ends, batch.partition) - batch.baseId);
    const events: Event<T>[] = [];
    if (this.#settings.delivery !== undefined) return this.#takeDelivered(events, end, ends);
    for (let index = this.#index; index < end; index++) events.push(new Event<T>(batch, index));
    this.#index = Math.max(this.#index, end);
    this.#head = undefined;
    return events;
  }

  /** Consumes the events before index `end` of the current batch, each with its data. */
  #takeDelivered(events: Event<T>[], end: number, ends: Ends): Event<T>[] {
    const batch = this.#current;
    try {
      while (this.#index < end) {
        const head = this.head(ends);
        // After skipped damage, the head may belong to another batch.
        if (head === undefined || head instanceof Promise || this.#current !== batch) break;
        events.push(head);
        this.take();
      }
    } catch (error) {
      // The event was not consumed: the next call gets the error, after the events before it.
      if (error instanceof EventGoneError) this.#gone = error;
    }
    return events;
  }

  /** Id of the next event to be delivered from a partition. */
  position(partition: number): number {
    if (this.#deserializing?.partition === partition) return this.#deserializing.baseId;
    const current = this.#current;
    if (current !== undefined && current.partition === partition && this.#index < current.count) {
      return current.baseId + this.#index;
    }
    const parked = this.#parked.get(partition);
    return parked === undefined ? this.#driver.position(partition) : parked.batch.baseId + parked.index;
  }

  /** Stops delivering events already read from a partition; returns the id after the last delivered one. */
  release(partition: number): number {
    const position = this.position(partition);
    this.#owned.release(partition);
    return position;
  }

  /** Asks the driver which partitions are assigned before it delivers another event. */
  recheck(): void {
    this.#owned.recheck();
  }

  /** Drops what was read ahead of a partition; call it only while no read is pending. */
  drop(partition: number): void {
    this.#parked.delete(partition);
    if (this.#gone?.partition === partition) this.#gone = undefined;
    if (this.#current?.partition === partition) this.#current = undefined;
  }

  #dropLost(): void {
    for (const partition of this.#owned.update()) this.drop(partition);
  }

  /** Resolves when no read is pending. */
  async idle(): Promise<void> {
    while (this.#pending !== undefined) await this.#pending.catch(() => {});
  }

  /** Acknowledges this event and every earlier one of its partition. */
  acknowledge(event: AcknowledgedEvent): Future<true> {
    return this.#settings.acknowledge(event);
  }

  /** Makes the next available batch of any partition the current one; returns whether there was any. */
  #readNext(ends: Ends): boolean | Promise<boolean> {
    const { assigned } = this.#driver;
    for (let tried = 0; tried < assigned.length; tried++) {
      const found = this.#readNextPartition(ends);
      if (found === true) return true;
      if (found !== false) return this.#setPending(this.#readRest(found, assigned.length - tried - 1, ends));
    }
    const reached = this.#awaitDelayed(ends);
    return reached === undefined ? false : this.#setPending(reached);
  }

  /**
   * For an iteration with an end, waits for a partition that is delayed before its end; undefined if there is
   * none. Called only when nothing else is left to read, so that an unavailable partition does not delay the
   * others.
   */
  #awaitDelayed(ends: Ends): Promise<boolean> | undefined {
    if (ends === undefined || this.#driver.reach === undefined) return undefined;
    for (const partition of this.#driver.assigned) {
      if (this.position(partition) >= endOf(ends, partition)) continue;
      const reached = this.#driver.reach(partition);
      if (reached !== undefined) return reached.then(() => true);
    }
    return undefined;
  }

  /** Visits the remaining partitions of a round after one of them is asynchronous. */
  async #readRest(first: Promise<boolean>, turnsLeft: number, ends: Ends): Promise<boolean> {
    let found = await first;
    for (let left = turnsLeft; left > 0 && !found; left--) found = await this.#readNextPartition(ends);
    return found || await (this.#awaitDelayed(ends) ?? false);
  }

  /** Reads from the next partition in the round. */
  #readNextPartition(ends: Ends): boolean | Promise<boolean> {
    const { assigned } = this.#driver;
    // The driver may have lost a partition just now, and have it again: what is read from here on is not to be dropped.
    if (this.#owned.hasReleased) this.#dropLost();
    const partition = this.#turns.next(assigned);
    if (partition === undefined) return false;
    let eventsMax = this.#turns.eventsLeft;
    if (ends !== undefined) {
      eventsMax = Math.min(eventsMax, endOf(ends, partition) - this.position(partition));
      if (eventsMax <= 0) return false;
    }
    const parked = this.#parked.get(partition);
    if (parked !== undefined) {
      this.#parked.delete(partition);
      this.#startBatch(parked.batch, parked.index);
      return true;
    }
    try {
      const read = this.#driver.read(partition, eventsMax);
      if (!(read instanceof Promise)) return this.#receive(read);
      return read.then((incoming) => this.#receive(incoming), (error) => this.#fail(error));
    } catch (error) {
      return this.#fail(error);
    }
  }

  /** Keeps an error that is thrown once for the next call of {@linkcode head}; throws all others. */
  #fail(error: unknown): true {
    if (error instanceof EventGoneError) {
      this.#gone = error;
      return true;
    }
    if (error instanceof CorruptedLogError && diagnostics.corruption.hasSubscribers) {
      publishDamage(this.#settings, error, false);
    }
    throw error;
  }

  #receive(incoming: IncomingBatch | undefined): boolean | Promise<boolean> {
    if (incoming === undefined) return false;
    this.#turns.noteRead(incoming);
    const batch = new EventBatch(this, incoming);
    if (diagnostics.pull.hasSubscribers) publishPulled(this.#settings, batch);
    this.#isAsynchronous ??= batch.deserializesAsynchronously();
    if (!this.#isAsynchronous) {
      this.#startBatch(batch, 0);
      return true;
    }
    this.#deserializing = batch;
    return batch.deserialize().then(() => {
      this.#startBatch(batch, 0);
      return true;
    }).finally(() => this.#deserializing = undefined);
  }

  #startBatch(batch: EventBatch, index: number): void {
    if (this.#current !== undefined) this.accessedShare = this.#current.accessedShare;
    this.#current = batch;
    this.#index = index;
    // Of the batch before, which was set aside or dropped.
    this.#head = undefined;
  }

  #park(batch: EventBatch): void {
    this.#parked.set(batch.partition, { batch, index: this.#index });
    this.#current = undefined;
  }

  #setPending(step: Promise<boolean>): Promise<boolean> {
    const end = () => void (this.#pending = undefined);
    // Handles both outcomes: callers that await the step see a failure, and otherwise it is not unhandled.
    step.then(end, end);
    return this.#pending = step;
  }
}
