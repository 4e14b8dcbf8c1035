import { BatchSize } from "./options.ts";
import { type DataPart, normalizeData, type PushedData } from "./data/view.ts";
import type { ProducerInterface, TopicInterface } from "./contract.ts";
import { diagnostics } from "./diagnostics.ts";
import { BackpressureError, ClosedError, TopicDeletedError } from "./errors.ts";
import type { EventID } from "./event.ts";
import { type Future, TaskFuture } from "./future.ts";
import { type Maker, type TopicHandle, topicOf } from "./handles.ts";
import { makeInspectable } from "./inspect.ts";
import type { JsonObject, JsonValue } from "./json.ts";
import type { PushedMetadata } from "./metadata.ts";
import { ofPartition } from "./contract/partitions.ts";
import {
  documentOf,
  type PipelineComponents,
  type PreparedEvent,
  PushPipeline,
} from "./producer/push_pipeline.ts";
import { type BatcherOwner, heldBackBy, NOTHING_HELD_BACK } from "./producer/batcher_owner.ts";
import { isBusy } from "./producer/backpressure.ts";
import { PipelineQueue } from "./producer/pipeline_queue.ts";
import { UnobservedFailures } from "./producer/unobserved_failures.ts";
import { PartitionBatcher } from "./producer/partition_batcher.ts";
import {
  limitsOf,
  type ProducerLimits,
  type ProducerOptions,
  type PushOptions,
  requestedPartition,
} from "./producer/producer_options.ts";
import { PushBatch } from "./producer/push_batch.ts";
import { PushFuture } from "./producer/push_future.ts";
import { publishFlush } from "./producer/push_report.ts";
import { type PushItem, writableOf } from "./producer/writable.ts";

/**
 * Pushes events into a topic. Created by {@linkcode Topic.producer}.
 *
 * @example
 * ```ts
 * import { Driver } from "@diaspora/stream";
 *
 * await using driver = await Driver.open("memory", {});
 * await driver.createTopic("readings", { num_partitions: 2 });
 * await using topic = await driver.openTopic("readings");
 * await using producer = topic.producer("app");
 * producer.push({ energy: 42 });
 * producer.push('{"energy": 43}', new Uint8Array([1, 2, 3]), { partition: 1 });
 * await producer.flush();
 * ```
 */
export class Producer<T = JsonValue> implements AsyncDisposable {
  /** The name it was created with; empty if none was given. */
  readonly name: string;
  /** Number of events after which a batch is stored, or `BatchSize.Adaptive`. */
  readonly batchSize: BatchSize;
  /** Number of batches that may be in flight at a time. */
  readonly maxNumBatches: number;
  /** Whether the events of a partition keep their push order even if components are asynchronous. */
  readonly ordering: "strict" | "loose";
  readonly #topicName: string;
  readonly #driver: ProducerInterface;
  readonly #maker: Maker<T> | undefined;
  #pipeline: PushPipeline;
  /** Resolves when the components have loaded or failed to; undefined if they were available at once. */
  readonly #loading: Promise<unknown> | undefined;
  readonly #queue: PipelineQueue;
  readonly #batchers: PartitionBatcher[];
  readonly #limits: ProducerLimits;
  readonly #shared: BatcherOwner;
  readonly #failures = new UnobservedFailures();
  readonly #inFlight = new Set<PushBatch>();
  /** Called when a batch was stored: those waiting for room check again. */
  #roomWaiters: (() => void)[] = [];
  #closing: Promise<void> | undefined = undefined;

  /** Created by {@linkcode Topic.producer}. */
  constructor(
    name: string,
    topic: TopicInterface,
    components: PipelineComponents,
    options: ProducerOptions = {},
    maker?: Maker<T>,
  ) {
    const numPartitions = topic.partitions.length;
    // This comes first: if the topic's components may not be loaded, no producer must be created.
    this.#pipeline = new PushPipeline(components, numPartitions);
    this.#loading = components.loading?.then(
      () => this.#pipeline = new PushPipeline(components, numPartitions),
      // Every push reports the error.
      () => {},
    );
    this.name = name;
    this.#limits = limitsOf(options);
    this.batchSize = options.batchSize ?? BatchSize.Adaptive;
    this.maxNumBatches = this.#limits.batchesMax;
    this.ordering = this.#limits.strict ? "strict" : "loose";
    this.#topicName = topic.name;
    this.#driver = topic.producer(name);
    if (this.#driver.unavailable !== undefined) this.#driver.onUnavailable = () => this.#onRoom();
    this.#maker = maker;
    this.#queue = new PipelineQueue(
      { accept: (event, data) => this.#accept(event, data), refuse: (error) => this.#refuse(error) },
      this.#limits,
    );
    const owner: BatcherOwner = this.#shared = {
      topic: topic.name,
      name,
      driver: this.#driver,
      limits: this.#limits,
      failures: this.#failures,
      inFlight: this.#inFlight,
      openBytes: 0,
      queuedBytes: 0,
      heldBack: () => this.#driver.unavailable?.size ? heldBackBy(this.#batchers) : NOTHING_HELD_BACK,
      submitAll: () => {
        for (const batcher of this.#batchers) batcher.submit();
      },
      expectsMore: () => this.#queue.size > 0,
      onSettled: (batch) => {
        this.#inFlight.delete(batch);
        this.#onRoom();
      },
    };
    this.#batchers = Array.from(
      { length: numPartitions },
      (_, partition) => new PartitionBatcher(partition, owner),
    );
  }

  /** The topic it pushes into: the same object that created it. */
  get topic(): TopicHandle<T> {
    return topicOf(this.#maker);
  }

  /** What `JSON.stringify` and `console.log` show. */
  toJSON(): JsonObject {
    const { name, batchSize, maxNumBatches, ordering } = this;
    return {
      name,
      topic: this.#topicName,
      batchSize,
      maxNumBatches,
      ordering,
    };
  }

  /**
   * Adds an event without waiting. The future resolves with its id once it is stored at the topic's durability
   * level; it rejects if the event is invalid or cannot be stored. A failed push whose future is never observed is
   * reported by the next {@linkcode flush}.
   *
   * `metadata` is any JSON value, or a string that *is* a JSON document and is stored as that text. The metadata
   * is copied at once. `data` is not: do not modify it until the future completes or `flush()` does.
   */
  push(metadata: PushedMetadata<T>, data?: DataPart, options?: PushOptions): Future<EventID> {
    try {
      if (this.#closing !== undefined) throw new ClosedError("the producer");
      const pipeline = this.#pipeline;
      const requested = options === undefined ? undefined : requestedPartition(options);
      if (!pipeline.textOnly || this.#queue.mustQueue) return this.#pushQueued(metadata, data, requested);
      const text = documentOf(metadata);
      const partition = pipeline.partitionOf(requested);
      if (typeof partition !== "number") {
        // If the data is refused, nothing else handles its failure.
        partition.catch(() => {});
        const part = pushed(data);
        const event = partition.then((later) => ({ partition: later, metadata: text }));
        return this.#queue.add(event, part, text.length);
      }
      // The pipeline has checked that there is one.
      return this.#batchers[partition]!.add(text, data);
    } catch (error) {
      return this.#refuse(error);
    }
  }

  /**
   * Stores everything pushed before, as durably as the topic promises. The future then resolves with `true`. It
   * rejects with `FlushError` if there were failed pushes whose futures were never observed.
   */
  flush(): Future<true> {
    const flushing = this.#flush(() => flushed.observed);
    const flushed: TaskFuture<true> = new TaskFuture(
      diagnostics.flush.hasSubscribers ? publishFlush(this.#shared, flushing) : flushing,
    );
    return flushed;
  }

  /**
   * Resolves when there is room: fewer than `maxNumBatches` batches are in flight, none is queued, and the topic's
   * components are loaded. It does not wait for a partition that stores nothing for now while others do. Needed only
   * between pushes that are not awaited, with an engine that stores asynchronously, or with components from modules.
   */
  async ready(): Promise<void> {
    if (this.#loading !== undefined) await this.#loading;
    while (isBusy(this.#shared) || this.#queue.isFull) {
      if (this.#queue.isFull) await this.#queue.drain();
      else await this.#moreRoom();
    }
  }

  /**
   * A stream that pushes what is written to it, with backpressure; closing it flushes. An {@linkcode Event} is
   * stored again unchanged: its metadata text and all of its data, which is loaded if it was not delivered. For an
   * event with data or for a given partition write a {@linkcode PushEnvelope}. Any other chunk is metadata by
   * itself. A failed push errors the stream.
   */
  writable(): WritableStream<PushItem<T>> {
    return writableOf<T>({
      producer: this,
      hasFailed: () => this.#failures.count > 0,
      moreRoom: () => this.#inFlight.size > 0 ? this.#moreRoom() : Promise.resolve(),
      settled: () => this.#flush(() => false).then(() => {}, () => {}),
    });
  }

  /** Flushes and releases everything; rejects if the flush does. Later pushes fail with `ClosedError`. */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  /** Same as {@linkcode close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #pushQueued(metadata: unknown, data: unknown, requested?: number): Future<EventID> {
    if (!this.#queue.hasMemory) {
      throw new BackpressureError(
        `Cannot push: ${this.#queue.size} events wait for the topic's components; await producer.ready() before ` +
          `pushing more, or raise maxPendingBytes`,
      );
    }
    const part = pushed(data);
    const event = this.#pipeline.prepare(metadata, part, requested);
    if (event instanceof Promise || this.#queue.mustQueue) {
      return this.#queue.add(event, part, documentOf(metadata).length);
    }
    return this.#accept(event, part);
  }

  #accept(event: PreparedEvent, data?: PushedData): PushFuture {
    return ofPartition(this.#batchers, event.partition).add(event.metadata, data);
  }

  #refuse(error: unknown): PushFuture {
    const batch = new PushBatch({ failures: this.#failures, submitSoon: () => {} }, { metadata: [] });
    batch.count = 1;
    batch.fail(error);
    return new PushFuture(batch, 0);
  }

  #moreRoom(): Promise<void> {
    return new Promise((resolve) => this.#roomWaiters.push(resolve));
  }

  #onRoom(): void {
    for (const batcher of this.#batchers) batcher.retry();
    const waiters = this.#roomWaiters;
    this.#roomWaiters = [];
    for (const wake of waiters) wake();
  }

  async #flush(isObserved: () => boolean, isClosing = false): Promise<true> {
    if (this.#queue.size > 0) await this.#queue.drain();
    for (const batcher of this.#batchers) {
      while (!batcher.submit()) await this.#moreRoom();
    }
    if (this.#inFlight.size > 0) {
      await Promise.allSettled(Array.from(this.#inFlight, (batch) => batch.stored()));
    }
    await this.#driver.flush().catch((error) => {
      // Nothing of a deleted topic has to be on the disk.
      if (!isClosing || !(error instanceof TopicDeletedError)) throw error;
    });
    const failure = this.#failures.take();
    if (failure === undefined) return true;
    // A flush that is never observed must not consume failures that the next flush can still report.
    queueMicrotask(() => !isObserved() && this.#failures.restore(failure));
    throw failure;
  }

  async #close(): Promise<void> {
    try {
      await this.#flush(() => true, true);
    } finally {
      this.#maker?.onClose();
      await this.#driver.close();
    }
  }
}

makeInspectable<Producer<unknown>>(Producer, "Producer");

/** A snapshot of the data part, for an event that is stored later. */
function pushed(data: unknown): PushedData | undefined {
  return data === undefined || data === null ? undefined : normalizeData(data);
}
