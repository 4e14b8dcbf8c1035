import { BatchSize, checkOptions, invalidOption } from "./options.ts";
import type { Serializer } from "./components/contract.ts";
import { Acknowledger } from "./consumer/acknowledger.ts";
import { BatchIterator, EventIterator, readableOf } from "./consumer/event_iterator.ts";
import { DataDelivery } from "./consumer/data_delivery.ts";
import type { DataAllocator, DataSelector } from "./consumer/data_selection.ts";
import { type Ends, type EventsOptions, readEventsOptions } from "./consumer/events_options.ts";
import { EventSource } from "./consumer/event_source.ts";
import { publishDamage } from "./consumer/pull_report.ts";
import {
  BATCHES_MAX,
  checkedPartitions,
  checkedPosition,
  type ConsumerOptions,
  eventsMaxOf,
  requestOf,
  selectorOf,
} from "./consumer/consumer_options.ts";
import { processEvents, type ProcessOptions } from "./consumer/process.ts";
import { PullQueue } from "./consumer/pull_queue.ts";
import { diagnostics } from "./diagnostics.ts";
import type { ConsumerInterface, StartPosition, TopicInterface } from "./contract.ts";
import { type CorruptedLogError, NotSupportedError } from "./errors.ts";
import type { Event } from "./event.ts";
import { type Future, waitLimit } from "./future.ts";
import { type Maker, type TopicHandle, topicOf } from "./handles.ts";
import { makeInspectable } from "./inspect.ts";
import type { JsonObject, JsonValue } from "./json.ts";

/** What a consumer needs from its topic's components. */
interface ConsumerComponents {
  /** Deserializes metadata. */
  readonly serializer: Serializer;
  /** Resolves once the real serializer has loaded; until then `serializer` stands in for it. */
  readonly serializerLoading?: Promise<unknown> | undefined;
}

/** What {@linkcode Consumer.seek} accepts besides the position. */
export interface SeekOptions {
  /** Only these partitions. Default: all that the consumer reads. */
  partitions?: readonly number[] | undefined;
  /**
   * Whether to move the stored position of the consumer's name as well, even backwards: in all of the partitions or in
   * none. Default: false, so a restart continues after the last acknowledgement.
   */
  store?: boolean | undefined;
}

/**
 * Reads the events of a topic under a name, starting after the last event that name acknowledged. Created by
 * {@linkcode Topic.consumer}.
 *
 * @example
 * ```ts
 * import { Driver } from "@diaspora/stream";
 *
 * await using driver = await Driver.open("memory", {});
 * await driver.createTopic("readings", { num_partitions: 1 });
 * await using topic = await driver.openTopic("readings");
 * await using producer = topic.producer("app");
 * producer.push({ energy: 42 });
 * await producer.flush();
 *
 * await using consumer = topic.consumer("reader");
 * for await (const event of consumer.events({ until: "end" })) {
 *   console.log(event.id, event.metadata); // 0 { energy: 42 }
 *   await event.acknowledge();
 * }
 * ```
 */
export class Consumer<T = JsonValue> implements AsyncDisposable, AsyncIterable<Event<T>> {
  /** The name under which acknowledgements are stored. */
  readonly name: string;
  /** Number of events read from one partition before moving to the next, or `BatchSize.Adaptive`. */
  readonly batchSize: BatchSize;
  /** Number of batches an engine may read ahead. */
  readonly maxNumBatches: number;
  readonly #driver: ConsumerInterface;
  readonly #topic: TopicInterface;
  /** The partitions it was created for; undefined if it was created for all. */
  readonly #chosen: readonly number[] | undefined;
  readonly #source: EventSource<T>;
  /**
   * Decides which data is delivered with events; undefined for none. An allocator alone implies
   * `FullDataSelector`.
   */
  readonly dataSelector: DataSelector<never> | undefined;
  /** Allocates memory for selected data; undefined if the library allocates it. */
  readonly dataAllocator: DataAllocator<never> | undefined;
  readonly #queue: PullQueue<T>;
  readonly #acknowledger: Acknowledger;
  readonly #maker: Maker<T> | undefined;
  readonly #end = new AbortController();
  #closing: Promise<void> | undefined = undefined;

  /** Created by {@linkcode Topic.consumer}. */
  constructor(
    name: string,
    topic: TopicInterface,
    components: ConsumerComponents,
    options: ConsumerOptions<T> = {},
    maker?: Maker<T>,
  ) {
    // This comes first: if the topic's serializer may not be loaded, no consumer must be created.
    const { serializer } = components;
    const count = topic.partitions.length;
    const request = requestOf(options, count);
    const eventsMax = eventsMaxOf(options.batchSize, request.partitions?.length ?? count);
    if (request.group === true && topic.members === undefined) {
      throw new NotSupportedError(
        `Cannot open consumer "${name}" of topic "${topic.name}" with the option group: the driver has no groups`,
      );
    }
    const { dataAllocator } = options;
    const dataSelector = selectorOf(options);
    this.name = name;
    this.dataSelector = dataSelector;
    this.dataAllocator = dataAllocator;
    this.batchSize = options.batchSize ?? BatchSize.Adaptive;
    this.maxNumBatches = options.maxNumBatches ?? BATCHES_MAX;
    this.#topic = topic;
    this.#chosen = request.partitions;
    this.#maker = maker;
    const onDamage = (error: CorruptedLogError) => {
      publishDamage({ topic: topic.name, consumer: name }, error, true);
      request.onDamage?.(error);
    };
    let known: readonly number[] = [];
    const onAssigned = (partitions: readonly number[]) => {
      const gained = partitions.filter((partition) => !known.includes(partition));
      const lost = known.filter((partition) => !partitions.includes(partition));
      known = partitions;
      // A driver may call this before it is returned.
      this.#source?.recheck();
      diagnostics.assignment.publish({ topic: topic.name, consumer: name, partitions, gained, lost });
    };
    const release = (partition: number) => this.#source.release(partition);
    const calls = { onDamage, onAssigned, release, recheck: () => this.#source.recheck() };
    this.#driver = topic.consumer(name, { ...request, ...calls, closing: this.#end.signal });
    this.#acknowledger = new Acknowledger(this.#driver, topic.name, name);
    this.#source = new EventSource<T>(this.#driver, {
      topic: topic.name,
      consumer: name,
      serializer,
      eventsMax,
      onDataDamage: request.onCorruption === "skip" ? onDamage : undefined,
      delivery: dataSelector === undefined ? undefined : new DataDelivery(
        dataSelector as DataSelector<unknown>,
        dataAllocator as DataAllocator<unknown> | undefined,
      ),
      acknowledge: (event) => this.#acknowledger.acknowledge(event.partition, event.id + 1, event),
    });
    const loading = components.serializerLoading?.then(() => this.#source.serializer = components.serializer);
    this.#queue = new PullQueue<T>(this.#driver, this.#source, loading);
  }

  /** The topic it reads: the same object that created it. */
  get topic(): TopicHandle<T> {
    return topicOf(this.#maker);
  }

  /**
   * The partitions read now; empty until {@linkcode ready}. In a group this is a new array after each rebalance.
   */
  get partitions(): readonly number[] {
    return this.#driver.assigned;
  }

  /**
   * Resolves when the start positions are known. Pulling need not wait for it. If it rejects with an
   * error whose `canRetry` is true, the next pull, or the next call of this, tries again.
   */
  ready(): Promise<void> {
    return this.#queue.open();
  }

  /** The id of the next event to be read from a partition. */
  position(partition: number): number {
    return this.#source.position(partition);
  }

  /**
   * The next event, as a future. It reserves nothing: an event is consumed only when a wait receives it, so a wait
   * that times out, or a future that is dropped, loses none. Concurrent waits are served in the order they began.
   *
   * `await` waits without a limit, also within `Promise.race`: to give up, use `wait(ms)` or its `signal`.
   */
  pull(): Future<Event<T>> {
    return this.#queue.pull();
  }

  /** Iterates over the events, waiting for new ones unless `until` says otherwise. */
  events(options: EventsOptions = {}): AsyncIterableIterator<Event<T>> {
    return this.#iterate(options);
  }

  /** Same as {@linkcode events} without options: `for await (const event of consumer)`. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Event<T>> {
    return this.events();
  }

  /**
   * Like {@linkcode events}, but yields the available events as arrays of at least one: the fastest way to go
   * through many events. All events of a yielded array count as consumed.
   */
  batches(options: EventsOptions = {}): AsyncIterableIterator<Event<T>[]> {
    return new BatchIterator<T>(this.#iterate(options));
  }

  /**
   * Calls `callback` with each event until `maxEvents` events were processed, none arrived for `timeoutMs`,
   * `until` is reached or the callback throws {@linkcode StopEventProcessor}. Resolves with the number of events
   * processed. Any other error of the callback also stops it, and is thrown once the running callbacks are done.
   */
  process(callback: (event: Event<T>) => unknown, options: ProcessOptions = {}): Promise<number> {
    return processEvents(callback, options, (limits) => this.#iterate(limits), this.#acknowledger);
  }

  /** A stream of the events; nothing is consumed before it is read. Cancelling it leaves the consumer open. */
  readable(options: EventsOptions = {}): ReadableStream<Event<T>> {
    const { signal: outer, ...limits } = readEventsOptions(options);
    return readableOf((signal, onTaken) => this.#iterate({ ...limits, signal }, onTaken), outer);
  }

  /** Moves the read position, unless it rejects: the next event is the one at that position. */
  async seek(to: StartPosition, options: SeekOptions = {}): Promise<void> {
    const position = checkedPosition("seek", "to", to);
    checkOptions("seek", options, ["partitions", "store"]);
    const { partitions, store = false } = options;
    if (typeof store !== "boolean") throw invalidOption("seek", "store", store, "true or false");
    const wanted = partitions === undefined
      ? undefined
      : checkedPartitions("seek", partitions, this.#topic.partitions.length, this.#chosen);
    if (store) await this.#acknowledger.drain();
    await this.#queue.pause(async () => {
      const partitions = wanted ?? this.#driver.assigned;
      const seek = () => this.#driver.seek(partitions, position, store);
      await (store ? this.#acknowledger.move(partitions, seek) : seek());
      for (const partition of partitions) this.#source.drop(partition);
    });
  }

  /** What `JSON.stringify` and `console.log` show. */
  toJSON(): JsonObject {
    const { name, batchSize, maxNumBatches } = this;
    return {
      name,
      topic: this.#topic.name,
      partitions: [...this.partitions],
      batchSize,
      maxNumBatches,
    };
  }

  /** Stores pending acknowledgements and releases everything. Pending pulls fail with `ClosedError`. */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  /** Same as {@linkcode close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #iterate(options: EventsOptions, onTaken?: (event: Event<unknown>) => void): EventIterator<T> {
    const { until, timeoutMs, signal } = readEventsOptions(options);
    return new EventIterator<T>(this.#queue, {
      ends: () => this.#endsOf(until),
      once: until !== undefined,
      limit: waitLimit(timeoutMs),
      signal,
      onTaken,
    });
  }

  async #endsOf(until: EventsOptions["until"]): Promise<Ends> {
    if (until === undefined) return undefined;
    await this.#queue.open();
    const idMax = until === "end" ? Infinity : until.id;
    const descriptions = await this.#topic.describe(this.#chosen);
    // If the end is unknown, assume that there are more events.
    return new Map(descriptions.map(({ partition, nextId, fault }) => [
      partition,
      fault === undefined ? Math.min(nextId, idMax) : idMax,
    ]));
  }

  async #close(): Promise<void> {
    this.#end.abort();
    await this.#queue.close();
    try {
      await this.#acknowledger.close();
    } finally {
      this.#maker?.onClose();
      await this.#driver.close();
    }
  }
}

makeInspectable<Consumer<unknown>>(Consumer, "Consumer");
