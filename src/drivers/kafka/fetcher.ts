import { TopicDeletedError } from "../../errors.ts";
import type { ClientConsumer } from "./client.ts";
import type { Cluster } from "./cluster.ts";
import { isMoving, isPassing, isUnknownTopic } from "./failure.ts";
import { FetchLoop } from "./fetch_loop.ts";
import { findTopic } from "./metadata.ts";
import type { Offsets } from "./offsets.ts";
import type { PartitionQueue } from "./partition_queue.ts";

/** After so long without an answer from any leader those who wait get an error; it goes on being tried. */
const SILENCE_MS_MAX = 20_000;

/** What a fetcher reads from, and whom it tells. */
export interface FetcherSettings {
  cluster: Cluster;
  offsets: Offsets;
  topic: { name: string; kafkaName: string; id: string };
  /** Name of the consumer. */
  consumer: string;
  /** Answers that may lie in a queue. */
  answersMax: number;
  /** Something came, or something is wrong. */
  onNews(): void;
  /** Finds where to begin in a partition whose leader could not be asked before. */
  place(queue: PartitionQueue): Promise<void>;
}

/** Keeps the queues of a consumer filled: a long question to every broker that leads one of the partitions. */
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

  constructor(settings: FetcherSettings) {
    this.#settings = settings;
    this.#client = settings.cluster.consumer("fetcher", 0);
    this.#client.topics.track(settings.topic.kafkaName);
  }

  /** What is wrong, said once; the deletion of the topic each time. */
  takeFault(): Error | undefined {
    if (this.#deleted) return new TopicDeletedError(this.#settings.topic.name);
    const fault = this.#fault;
    this.#fault = undefined;
    return fault;
  }

  /** Whether there is something to say. */
  get hasFault(): boolean {
    return this.#deleted || this.#fault !== undefined;
  }

  /** Why the last question failed that no leader answered. */
  lastFailure: unknown = undefined;

  /** Number of the latest question; an answer to a later one knows everything that was stored before now. */
  get asked(): number {
    return this.#loop?.asked ?? 0;
  }

  /** Begins, or goes on. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Other partitions, or other places: questions that were asked before are void. */
  restart(queues: readonly PartitionQueue[]): void {
    this.#queues = queues;
    this.#loop?.stop();
    this.#wakeIdle();
  }

  /** A queue has room again. */
  refill(): void {
    this.#loop?.refill();
  }

  /** Ends every question. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#loop?.stop();
    this.#wakeIdle();
    // Also ends what waits inside the client, so that the loop comes to its end.
    await this.#client.close(true);
    await this.#running;
  }

  async #run(): Promise<void> {
    const { cluster, topic, consumer, answersMax, onNews, place } = this.#settings;
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
        answersMax,
        askedBefore: this.asked,
        onAnswer: () => this.#onAnswer(),
        onReach: onNews,
        place,
        replace: (queue) => this.#findPlace(queue, loop),
        onFailure: (error) => this.#onFailure(error, loop),
      });
      this.#loop = loop;
      try {
        await loop.run();
      } catch (error) {
        if (this.#closed || loop.isDiscarded) continue;
        loop.stop();
        await this.#onFailure(error, undefined);
        const operation = `read topic "${topic.name}"`;
        await cluster.pauseBefore({ operation, topic: topic.name, attempt: ++this.#attempt, error });
      } finally {
        loop.stop();
      }
    }
  }

  #onAnswer(): void {
    this.#silentSinceMs = undefined;
    this.#attempt = 0;
    this.#settings.onNews();
  }

  /** No leader answers, or one said what no waiting changes: those who read hear of it in time. */
  async #onFailure(error: unknown, loop: FetchLoop | undefined): Promise<void> {
    const { cluster, topic } = this.#settings;
    const now = Date.now();
    this.lastFailure = error;
    try {
      if (isUnknownTopic(error) && await this.#isDeleted()) {
        this.#deleted = true;
        loop?.stop();
        return this.#settings.onNews();
      }
    } catch (other) {
      error = other;
    }
    if (this.#closed || loop?.isDiscarded === true) return;
    this.#silentSinceMs ??= now;
    const silentMs = now - this.#silentSinceMs;
    const isHopeless = !isPassing(error) && !isUnknownTopic(error) && !isMoving(error);
    if (!isHopeless && silentMs <= SILENCE_MS_MAX) return;
    this.#fault = cluster.failure(error, `read topic "${topic.name}"`, silentMs);
    this.#silentSinceMs = undefined;
    this.#settings.onNews();
  }

  /** Finds where to go on in a partition whose next offset is not there (any more). */
  async #findPlace(queue: PartitionQueue, loop: FetchLoop): Promise<void> {
    const { offsets } = this.#settings;
    const { partition } = queue;
    const first = (await offsets.known([partition], "earliest")).get(partition);
    const next = (await offsets.known([partition], "latest")).get(partition);
    if (loop.isDiscarded || first === undefined || next === undefined) return;
    if (queue.fetchOffset < first) queue.lose(first);
    else if (queue.fetchOffset > next) queue.lose(next);
    this.#settings.onNews();
  }

  async #isDeleted(): Promise<boolean> {
    const { cluster, topic } = this.#settings;
    const found = await findTopic(cluster, topic.kafkaName);
    return found === undefined || found.id !== topic.id;
  }
}
