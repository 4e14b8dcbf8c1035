import { BrokerError, TopicDeletedError } from "../../../errors.ts";
import type { ClientConsumer } from "../client.ts";
import type { Cluster } from "../client/cluster.ts";
import { findEpochEnd } from "./leader_epochs.ts";
import { isLeaderChange, isTransient, isUnknownTopic, outOfQuota } from "../client/failure.ts";
import { FetchLoop } from "./fetch_loop.ts";
import { isTopicDeleted } from "../client/metadata.ts";
import type { Offsets } from "../offsets/offsets.ts";
import type { PartitionQueue } from "./partition_queue.ts";

/** After this long without a response from any leader readers get an error; the retries continue. */
const SILENCE_MS_MAX = 20_000;

/** The source of a fetcher, and its callbacks. */
interface FetcherSettings {
  cluster: Cluster;
  offsets: Offsets;
  topic: { name: string; kafkaName: string; id: string };
  /** Name of the consumer. */
  consumer: string;
  /** Maximum number of responses in a queue. */
  responsesMax: number;
  /** Called when events arrived or an error occurred. */
  onNews(): void;
  /** Finds the start position of a partition whose leader could not be asked before. */
  place(queue: PartitionQueue): Promise<void>;
  /** Called when the events of a partition from an id on are others than those that were read. */
  onCutOff(partition: number, id: number): void;
}

/** Keeps the queues of a consumer filled, with a long poll at every broker that leads one of the partitions. */
export class Fetcher {
  readonly #settings: FetcherSettings;
  readonly #client: ClientConsumer;
  #queues: readonly PartitionQueue[] = [];
  #loop: FetchLoop | undefined;
  #running: Promise<void> | undefined;
  #wakeIdle: () => void = () => {};
  #closed = false;
  #fault: Error | undefined;
  #deleted = false;
  #silentSinceMs: number | undefined;
  #attempt = 0;
  /** How far all partitions were fetched at the latest response. */
  #fetched = 0;
  /** When events of any partition arrived last. */
  #eventsMs = -Infinity;
  /** Until when a broker sends nothing because of a quota. */
  #throttledUntilMs = -Infinity;

  constructor(settings: FetcherSettings) {
    this.#settings = settings;
    this.#client = settings.cluster.consumer("fetcher", 0);
    this.#client.topics.track(settings.topic.kafkaName);
  }

  /** The pending error, returned once; if the topic was deleted, that is returned every time. */
  takeFault(): Error | undefined {
    if (this.#deleted) return new TopicDeletedError(this.#settings.topic.name);
    const fault = this.#fault;
    this.#fault = undefined;
    return fault;
  }

  /** Whether there is an error to report. */
  get hasFault(): boolean {
    return this.#deleted || this.#fault !== undefined;
  }

  /** Why the last request failed that no leader responded to. */
  lastFailure: unknown = undefined;

  /** Whether events of any partition arrived within that time. */
  hasReceivedWithin(ms: number): boolean {
    return performance.now() - this.#eventsMs < ms;
  }

  /** Why nothing arrived within that time. */
  silence(what: string, ms: number): unknown {
    const isThrottled = performance.now() - this.#throttledUntilMs < ms;
    if (isThrottled) return outOfQuota(this.#settings.cluster.servers, what, ms);
    return this.lastFailure ?? new Error("no answer");
  }

  /** Number of the latest request; a response to a later one reflects everything stored before now. */
  get requests(): number {
    return this.#loop?.requests ?? 0;
  }

  /** Starts or continues fetching. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** The partitions or positions have changed: pending requests are discarded. */
  restart(queues: readonly PartitionQueue[]): void {
    this.#queues = queues;
    this.#loop?.stop();
    this.#wakeIdle();
  }

  /** Call this when a queue has room again. */
  refill(): void {
    this.#loop?.refill();
  }

  /** Stops fetching. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#loop?.stop();
    this.#wakeIdle();
    // This also ends waits inside the client, so that the loop ends.
    await this.#client.close(true);
    await this.#running;
  }

  async #run(): Promise<void> {
    const { cluster, topic, consumer, responsesMax, onNews, place } = this.#settings;
    while (!this.#closed) {
      if (this.#queues.length === 0 || this.#deleted) {
        await new Promise<void>((resolve) => this.#wakeIdle = resolve);
        continue;
      }
      const loop: FetchLoop = new FetchLoop({
        client: this.#client,
        cluster,
        topic,
        consumer,
        queues: this.#queues,
        responsesMax,
        requestsBefore: this.requests,
        onResponse: (throttledMs) => this.#onResponse(throttledMs),
        onUnavailable: onNews,
        place,
        replace: (queue) => this.#findNext(queue, loop),
        onFailure: (error) => this.#onFailure(error, loop),
      });
      this.#loop = loop;
      try {
        await loop.run();
      } catch (error) {
        if (this.#closed || loop.isStopped) continue;
        loop.stop();
        await this.#onFailure(error, undefined);
        const operation = `read topic "${topic.name}"`;
        await cluster.pauseBefore({ operation, topic: topic.name, attempt: ++this.#attempt, error });
      } finally {
        loop.stop();
      }
    }
  }

  #onResponse(throttledMs: number): void {
    const now = performance.now();
    const fetched = this.#queues.reduce((sum, { fetchOffset }) => sum + fetchOffset, 0);
    if (fetched !== this.#fetched) this.#eventsMs = now;
    this.#fetched = fetched;
    if (throttledMs > 0) this.#throttledUntilMs = now + throttledMs;
    this.#silentSinceMs = undefined;
    this.#attempt = 0;
    this.#settings.onNews();
  }

  /** No leader responds, or an error is permanent: readers get the error in time. */
  async #onFailure(error: unknown, loop: FetchLoop | undefined): Promise<void> {
    const { cluster, topic } = this.#settings;
    const now = performance.now();
    this.lastFailure = error;
    const mayBeDeleted = isUnknownTopic(error) || error instanceof TopicDeletedError;
    try {
      if (mayBeDeleted && await this.#isDeleted()) return this.#onDeleted(loop);
    } catch (other) {
      error = other;
    }
    if (this.#closed || loop?.isStopped === true) return;
    this.#silentSinceMs ??= now;
    const silentMs = now - this.#silentSinceMs;
    const isHopeless = !isTransient(error) && !mayBeDeleted && !isLeaderChange(error);
    if (!isHopeless && silentMs <= SILENCE_MS_MAX) return;
    this.#fault = cluster.failure(error, `read topic "${topic.name}"`, silentMs);
    this.#silentSinceMs = undefined;
    this.#settings.onNews();
  }

  #onDeleted(loop: FetchLoop | undefined): void {
    this.#deleted = true;
    loop?.stop();
    this.#settings.onNews();
  }

  /** Finds the next position in a partition whose fetch offset is out of range, or whose log was cut off. */
  async #findNext(queue: PartitionQueue, loop: FetchLoop): Promise<void> {
    const { cluster, topic: { kafkaName }, offsets, onNews, onCutOff } = this.#settings;
    const { partition, fetchOffset, fetchedEpoch: epoch } = queue;
    const first = (await offsets.known([partition], "earliest")).get(partition);
    const next = (await offsets.known([partition], "latest")).get(partition);
    if (loop.isStopped || first === undefined || next === undefined) return;
    if (fetchOffset < first) queue.lose(first);
    else {
      const beyondEnd = fetchOffset > next ? next : undefined;
      const cutAt = epoch < 0
        ? beyondEnd
        : queue.epochs.divergence(await findEpochEnd(cluster, { kafkaName, partition, epoch }), fetchOffset);
      if (loop.isStopped) return;
      if (cutAt === undefined) return queue.trustOnce();
      // Brokers before 3.1 give events by the topic's name, which may be that of another topic by now.
      if (await this.#isDeleted()) return this.#onDeleted(loop);
      this.#fault = this.#lostEvents(queue, cutAt);
      queue.cutOff(cutAt);
      onCutOff(partition, cutAt);
    }
    onNews();
  }

  #lostEvents({ partition, fetchOffset, position }: PartitionQueue, cutAt: number): BrokerError {
    const { cluster: { servers }, topic: { name } } = this.#settings;
    return new BrokerError(
      servers,
      `Cannot read topic "${name}" partition ${partition} from event ${fetchOffset} on: Kafka at "${servers}" has ` +
        `lost the events from ${cutAt} on; those stored since then have the same ids, and reading continues at ` +
        `${Math.min(cutAt, position)}`,
      { reason: "LOG_TRUNCATED", canRetry: true },
    );
  }

  #isDeleted(): Promise<boolean> {
    return isTopicDeleted(this.#settings.cluster, this.#settings.topic);
  }
}
