import type { Serializer } from "../components/contract.ts";
import type { ConsumerInterface, IncomingBatch } from "../contract.ts";
import { diagnostics } from "../diagnostics.ts";
import { CorruptedLogError, EventGoneError } from "../errors.ts";
import { Event } from "../event.ts";
import type { Future } from "../future.ts";
import { endOf, type Ends } from "./ends.ts";
import { publishDamage, publishPulled } from "./pull_report.ts";
import type { SourceSettings } from "./source_settings.ts";
import { type AcknowledgedEvent, EventBatch, type EventOwner } from "../event/event_batch.ts";

/** Gives the events of all partitions one by one; the partitions take turns, a batch each. */
export class EventSource<T> implements EventOwner {
  /** Another one from when it is loaded, which is before the first event is read. */
  serializer: Serializer;
  readonly topic: string;
  readonly givesWholeData: boolean;
  /** Share of the last batch's events whose metadata was looked at. */
  touchedShare = 1;
  readonly #driver: ConsumerInterface;
  readonly #settings: SourceSettings;
  #current: EventBatch | undefined = undefined;
  #index = 0;
  /** The event that comes next, once its data is there. */
  #head: Event<T> | undefined = undefined;
  /** The partitions that were ours when last looked at. */
  #assigned: readonly number[];
  /** Batches set aside because an iteration ends within them, and the event of each that comes next. */
  readonly #parked = new Map<number, { batch: EventBatch; index: number }>();
  /** Partitions that went to another consumer, also if they are back: what was read of them is not ours to give. */
  readonly #released = new Set<number>();
  /** Read, and not entered yet because its metadata takes a moment. */
  #arriving: EventBatch | undefined = undefined;
  #turn = 0;
  #pending: Promise<boolean> | undefined = undefined;
  /** Said once, at the next call of {@linkcode head}: the position has moved past what was removed. */
  #gone: EventGoneError | undefined = undefined;
  /** Whether the serializer gives promises; known from the first batch on. */
  #deserializesLater: boolean | undefined = undefined;

  constructor(driver: ConsumerInterface, settings: SourceSettings) {
    this.#driver = driver;
    this.#assigned = driver.assigned;
    this.#settings = settings;
    this.topic = settings.topic;
    this.serializer = settings.serializer;
    this.givesWholeData = settings.delivery?.isWhole === true;
  }

  /**
   * The next event; undefined when there is none now. A promise says that it takes a moment: ask again when it
   * gives true; false says that there is none now. The event stays the next one until {@linkcode take}. Throws
   * `EventGoneError` once where events, or the data asked for, were removed.
   */
  head(ends?: Ends): Event<T> | undefined | Promise<boolean> {
    for (;;) {
      if (this.#pending !== undefined) return this.#pending;
      this.#throwGone();
      if (this.#driver.assigned !== this.#assigned || this.#released.size > 0) this.#reassign();
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
        return this.#later(buffers.then((later) => {
          this.#head = new Event<T>(batch, this.#index, later);
          return true;
        }, (error) => this.#passOver(error)));
      } catch (error) {
        this.#passOver(error);
      }
    }
  }

  #throwGone(): void {
    const gone = this.#gone;
    this.#gone = undefined;
    if (gone !== undefined) throw gone;
  }

  /** Passes over an event whose data was removed, or is damaged where that is wanted; else throws. */
  #passOver(error: unknown): true {
    const { onDataDamage } = this.#settings;
    if (error instanceof EventGoneError) {
      // Kept for the next call: it may be that no one waits for the promise which found it out.
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

  /** Passes over the event that {@linkcode head} gave. */
  take(): void {
    this.#index++;
    this.#head = undefined;
  }

  /** Takes the rest of the current batch up to where the iteration ends; nothing if an event takes a moment. */
  takeRest(ends: Ends): Event<T>[] {
    const batch = this.#current;
    if (batch === undefined || this.#pending !== undefined) return [];
    if (this.#driver.assigned !== this.#assigned || this.#released.size > 0) return [];
    const end = ends === undefined
      ? batch.count
      : Math.min(batch.count, endOf(ends, batch.partition) - batch.baseId);
    const events: Event<T>[] = [];
    if (this.#settings.delivery === undefined) {
      for (let index = this.#index; index < end; index++) events.push(new Event<T>(batch, index));
      this.#index = Math.max(this.#index, end);
      this.#head = undefined;
      return events;
    }
    try {
      while (this.#index < end) {
        const head = this.head(ends);
        // After damage that was passed over, the head may be another batch's.
        if (head === undefined || head instanceof Promise || this.#current !== batch) break;
        events.push(head);
        this.take();
      }
    } catch (error) {
      // The event was not taken: who asks for it next gets the error, after those before it.
      if (error instanceof EventGoneError) this.#gone = error;
    }
    return events;
  }

  /** Id of the event of a partition that is delivered next. */
  position(partition: number): number {
    if (this.#arriving?.partition === partition) return this.#arriving.baseId;
    const current = this.#current;
    if (current !== undefined && current.partition === partition && this.#index < current.count) {
      return current.baseId + this.#index;
    }
    const parked = this.#parked.get(partition);
    return parked === undefined ? this.#driver.position(partition) : parked.batch.baseId + parked.index;
  }

  /** Gives out nothing more of what was read of a partition; gives the id after the last event that was given out. */
  release(partition: number): number {
    const position = this.position(partition);
    this.#released.add(partition);
    return position;
  }

  /** Forgets what was read ahead of a partition; called when nothing is pending. */
  drop(partition: number): void {
    this.#parked.delete(partition);
    if (this.#gone?.partition === partition) this.#gone = undefined;
    if (this.#current?.partition !== partition) return;
    this.#current = undefined;
    this.#head = undefined;
  }

  /** Resolves when nothing is pending. */
  async idle(): Promise<void> {
    while (this.#pending !== undefined) await this.#pending.catch(() => {});
  }

  /** Stores that this event and every earlier one of its partition are done with. */
  acknowledge(event: AcknowledgedEvent): Future<true> {
    return this.#settings.acknowledge(event);
  }

  /** Makes a batch of the next partition that has one the current one; whether there was any. */
  #readNext(ends: Ends): boolean | Promise<boolean> {
    const { assigned } = this.#driver;
    for (let tried = 0; tried < assigned.length; tried++) {
      const found = this.#readTurn(ends);
      if (found === true) return true;
      if (found !== false) return this.#later(this.#readOn(found, assigned.length - tried - 1, ends));
    }
    const reached = this.#reachEnds(ends);
    return reached === undefined ? false : this.#later(reached);
  }

  /**
   * Where an iteration has an end and a partition is kept back from it, waits for that; undefined when none is. Only
   * once nothing else is left: a partition that cannot be read keeps no other back.
   */
  #reachEnds(ends: Ends): Promise<boolean> | undefined {
    if (ends === undefined || this.#driver.reach === undefined) return undefined;
    for (const partition of this.#driver.assigned) {
      if (this.position(partition) >= endOf(ends, partition)) continue;
      const reached = this.#driver.reach(partition);
      if (reached !== undefined) return reached.then(() => true);
    }
    return undefined;
  }

  /** The rest of a round over the partitions, once one of them takes a moment. */
  async #readOn(first: Promise<boolean>, turnsLeft: number, ends: Ends): Promise<boolean> {
    let found = await first;
    for (let left = turnsLeft; left > 0 && !found; left--) found = await this.#readTurn(ends);
    return found || await (this.#reachEnds(ends) ?? false);
  }

  /** Reads of the partition whose turn it is. */
  #readTurn(ends: Ends): boolean | Promise<boolean> {
    const { assigned } = this.#driver;
    if (this.#turn >= assigned.length) this.#turn = 0;
    const partition = assigned[this.#turn++];
    if (partition === undefined) return false;
    let eventsMax = this.#settings.eventsMax;
    if (ends !== undefined) {
      eventsMax = Math.min(eventsMax, endOf(ends, partition) - this.position(partition));
      if (eventsMax <= 0) return false;
    }
    const parked = this.#parked.get(partition);
    if (parked !== undefined) {
      this.#parked.delete(partition);
      this.#enter(parked.batch, parked.index);
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

  /** Keeps what is said once for the next call of {@linkcode head}; throws everything else. */
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
    const batch = new EventBatch(this, incoming);
    if (diagnostics.pull.hasSubscribers) publishPulled(this.#settings, batch);
    this.#deserializesLater ??= batch.deserializesLater();
    if (!this.#deserializesLater) {
      this.#enter(batch, 0);
      return true;
    }
    this.#arriving = batch;
    return batch.deserialize().then(() => {
      this.#enter(batch, 0);
      return true;
    }).finally(() => this.#arriving = undefined);
  }

  #enter(batch: EventBatch, index: number): void {
    if (this.#current !== undefined) this.touchedShare = this.#current.touchedShare;
    this.#current = batch;
    this.#index = index;
    this.#head = undefined;
  }

  #park(batch: EventBatch): void {
    this.#parked.set(batch.partition, { batch, index: this.#index });
    this.#current = undefined;
    this.#head = undefined;
  }

  /** What was read of partitions that went to another consumer is the other's to give. */
  #reassign(): void {
    const assigned = this.#driver.assigned;
    for (const partition of this.#assigned) if (!assigned.includes(partition)) this.drop(partition);
    for (const partition of this.#released) this.drop(partition);
    this.#released.clear();
    this.#assigned = assigned;
  }

  #later(step: Promise<boolean>): Promise<boolean> {
    const end = () => void (this.#pending = undefined);
    // Two handlers, so that those who await the step see its failure and no one else has to.
    step.then(end, end);
    return this.#pending = step;
  }
}
