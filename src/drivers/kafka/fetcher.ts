import { TopicDeletedError } from "../../errors.ts";
import type { ClientConsumer } from "./client.ts";
import type { Cluster } from "./cluster.ts";
import { faultsOf, isFault, isPassing, isUnknownTopic } from "./failure.ts";
import { findTopic } from "./metadata.ts";
import type { Offsets } from "./offsets.ts";
import type { PartitionQueue } from "./partition_queue.ts";
import { Round } from "./round.ts";

/** After so long without an answer those who wait get an error; it goes on being tried. */
const SILENCE_MS_MAX = 20_000;

/** What a fetcher reads from, and whom it tells. */
export interface FetcherSettings {
  cluster: Cluster;
  offsets: Offsets;
  topic: { name: string; kafkaName: string; id: string };
  /** Answers that may lie in a queue. */
  answersMax: number;
  /** Something came, or something is wrong. */
  onNews(): void;
}

/** Keeps the queues of a consumer filled: a long question to every broker that leads one of the partitions. */
export class Fetcher {
  readonly #settings: FetcherSettings;
  readonly #client: ClientConsumer;
  #queues: readonly PartitionQueue[] = [];
  #round: Round | undefined;
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

  /** Why the last question failed. */
  lastFailure: unknown = undefined;

  /** Number of the latest question; an answer to a later one knows everything that was stored before now. */
  get asked(): number {
    return this.#round?.asked ?? 0;
  }

  /** Begins, or goes on. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Other partitions, or other places: questions that were asked before are void. */
  restart(queues: readonly PartitionQueue[]): void {
    this.#queues = queues;
    this.#round?.stop();
    this.#wakeIdle();
  }

  /** A queue has room again. */
  refill(): void {
    this.#round?.refill();
  }

  /** Ends every question. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#round?.stop();
    this.#wakeIdle();
    // Also ends what waits inside the client, so that the loop comes to its end.
    await this.#client.close(true);
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      if (this.#queues.length === 0 || this.#deleted) {
        await new Promise<void>((resolve) => this.#wakeIdle = resolve);
        continue;
      }
      const round = new Round({
        client: this.#client,
        cluster: this.#settings.cluster,
        kafkaName: this.#settings.topic.kafkaName,
        queues: this.#queues,
        answersMax: this.#settings.answersMax,
        askedBefore: this.asked,
        onAnswer: () => this.#onAnswer(),
      });
      this.#round = round;
      try {
        await round.run();
      } catch (error) {
        if (!this.#closed && !round.isDiscarded) await this.#onFailure(error, round);
      } finally {
        round.stop();
      }
    }
  }

  #onAnswer(): void {
    this.#silentSinceMs = undefined;
    this.#attempt = 0;
    this.#settings.onNews();
  }

  async #onFailure(error: unknown, round: Round): Promise<void> {
    const { cluster, topic } = this.#settings;
    const now = Date.now();
    this.lastFailure = error;
    this.#client.clearMetadata();
    try {
      if (isFault(error, "OFFSET_OUT_OF_RANGE")) return await this.#findPlace(round);
      if (isUnknownTopic(error) && await this.#isDeleted()) {
        this.#deleted = true;
        return this.#settings.onNews();
      }
    } catch (other) {
      error = other;
    }
    if (this.#closed) return;
    this.#silentSinceMs ??= now;
    const silentMs = now - this.#silentSinceMs;
    const isHopeless = !isPassing(error) && !isUnknownTopic(error) && !isMoving(error);
    if (isHopeless || silentMs > SILENCE_MS_MAX) {
      this.#fault = cluster.failure(error, `read topic "${topic.name}"`, silentMs);
      this.#silentSinceMs = undefined;
      this.#settings.onNews();
    }
    await cluster.pause(cluster.retryDelay(undefined, "fetch", ++this.#attempt));
  }

  /** Finds where to go on for partitions whose next offset is not there (any more). */
  async #findPlace(round: Round): Promise<void> {
    const partitions = this.#queues.map(({ partition }) => partition);
    const earliest = await this.#settings.offsets.earliest(partitions);
    const latest = await this.#settings.offsets.latest(partitions);
    if (round.isDiscarded) return;
    for (const queue of this.#queues) {
      const first = earliest.get(queue.partition)!;
      const next = latest.get(queue.partition)!;
      if (queue.fetchOffset < first) queue.lose(first);
      else if (queue.fetchOffset > next) queue.lose(next);
    }
    this.#settings.onNews();
  }

  async #isDeleted(): Promise<boolean> {
    const { cluster, topic } = this.#settings;
    const found = await findTopic(cluster, topic.kafkaName);
    return found === undefined || found.id !== topic.id;
  }
}

/** Leaders change, and brokers come back with another address: that passes. */
function isMoving(error: unknown): boolean {
  return faultsOf(error).some(({ hasStaleMetadata, message }) =>
    hasStaleMetadata === true || message?.startsWith("Cannot find broker") === true
  );
}
