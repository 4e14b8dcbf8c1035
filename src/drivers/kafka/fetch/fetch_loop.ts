import { diagnostics } from "../../../diagnostics.ts";
import { TopicDeletedError } from "../../../errors.ts";
import type { ClientConsumer } from "../client.ts";
import type { Cluster } from "../client/cluster.ts";
import { isLeaderChange, isSessionLost, isTransient, leaderless } from "../client/failure.ts";
import { type FetchedPartition, isDiverging, partitionFaults } from "../format/fetched.ts";
import { partitionBytes, withRoom } from "./fetch_size.ts";
import { answerOfLeader } from "../client/moved_leader.ts";
import type { PartitionQueue } from "./partition_queue.ts";

/** While some queues are full, fetches for the others wait for this long, so that one with room is soon included. */
const SHORT_WAIT_MS = 5;
/** A partition without a leader for longer than this, in milliseconds, is reported as unavailable. */
const UNAVAILABLE_AFTER_MS = 1000;

type Pool = InstanceType<Cluster["module"]["ConnectionPool"]>;

/** What a fetch loop needs. */
export interface FetchLoopSettings {
  client: ClientConsumer;
  cluster: Cluster;
  topic: { name: string; kafkaName: string; id: string };
  /** Name of the consumer. */
  consumer: string;
  queues: readonly PartitionQueue[];
  responsesMax: number;
  /** Number of requests made by the previous loop. */
  requestsBefore: number;
  /** Called after a response; its broker sends no more for that time, because a quota of the client is used up. */
  onResponse(throttledMs: number): void;
  /** Called when a partition becomes unavailable. */
  onUnavailable(): void;
  /** Finds the start position of a partition whose leader could not be asked before. */
  place(queue: PartitionQueue): Promise<void>;
  /** Finds the next position in a partition whose fetch offset is out of range, or whose log was cut off. */
  replace(queue: PartitionQueue): Promise<void>;
  /** Called when no broker responds. */
  onFailure(error: unknown): Promise<void>;
}

/**
 * Fetches from the leaders of some partitions until the partitions change, with an independent loop for each
 * leader: a failing broker or a partition without a leader does not delay the others.
 */
export class FetchLoop {
  readonly #settings: FetchLoopSettings;
  /** A long poll occupies its connection, so each broker has a separate one for fetching. */
  readonly #pool: Pool;
  /** The partitions fetched from each leader. */
  readonly #leaders = new Map<number, PartitionQueue[]>();
  /** Partitions that are not being fetched, and since when. */
  readonly #unassigned = new Map<PartitionQueue, { sinceMs: number; error: unknown }>();
  /** Loops that wait for room in a queue. */
  #waiting: (() => void)[] = [];
  #wake: () => void = () => {};
  #fail: (error: unknown) => void = () => {};
  #attempt = 0;
  readonly #stopping = new AbortController();
  /** Number of requests so far. */
  requests: number;

  constructor(settings: FetchLoopSettings) {
    this.#settings = settings;
    this.requests = settings.requestsBefore;
    const { module, settings: { client } } = settings.cluster;
    this.#pool = new module.ConnectionPool(client.clientId, client);
    for (const queue of settings.queues) {
      this.#unassigned.set(queue, queue.trouble ?? { sinceMs: performance.now(), error: undefined });
    }
  }

  /** Whether the loop was stopped and responses are ignored. */
  get isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Fetches until it is stopped; throws errors that are not transient. */
  async run(): Promise<void> {
    const failed = new Promise<never>((_, reject) => this.#fail = reject);
    failed.catch(() => {});
    await Promise.race([failed, this.#findLeaders()]);
  }

  /** Stops it; pending responses are discarded. */
  stop(): void {
    if (this.isStopped) return;
    this.#stopping.abort();
    this.refill();
    this.#wake();
    // The pending requests fail now, which is harmless.
    this.#pool.close().catch(() => {});
  }

  /** Call this when a queue has room again. */
  refill(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  /** Looks for leaders whenever there are partitions without one. */
  async #findLeaders(): Promise<void> {
    const { cluster, topic, onFailure } = this.#settings;
    while (!this.isStopped) {
      if (this.#unassigned.size === 0) {
        await new Promise<void>((resolve) => this.#wake = resolve);
        continue;
      }
      const failed = [...this.#unassigned.values()].find(({ error }) => error !== undefined);
      if (failed !== undefined) {
        if (this.#leaders.size === 0) await onFailure(failed.error);
        if (this.isStopped) return;
        const { error } = failed;
        await cluster.pauseBefore({
          operation: this.#what,
          topic: topic.name,
          attempt: ++this.#attempt,
          error,
        });
        if (this.isStopped) return;
      }
      await this.#findLeadersOnce(failed !== undefined);
    }
  }

  /** Assigns every partition with a leader to that leader's loop. */
  async #findLeadersOnce(isAgain: boolean): Promise<void> {
    const { client, cluster, topic: { kafkaName, name, id }, place } = this.#settings;
    // Partitions with a known position first, so that all of them are in the first request.
    const lost = [...this.#unassigned.keys()].sort((one, other) =>
      Number(other.hasPosition) - Number(one.hasPosition)
    );
    try {
      // The first time cached metadata will do, which saves a request at the start.
      const metadata = await client.metadata({ topics: [kafkaName], forceUpdate: isAgain });
      const topic = metadata.topics.get(kafkaName)!;
      if (topic.id !== id) throw new TopicDeletedError(name);
      for (const queue of lost) {
        const leader = topic.partitions[queue.partition]?.leader ?? -1;
        try {
          if (!metadata.brokers.has(leader)) throw leaderless(cluster.servers, this.#what, queue.partition);
          if (!queue.hasPosition) await place(queue);
          if (this.isStopped) return;
          this.#assign(queue, leader, topic.id);
        } catch (error) {
          this.#unassign(queue, error);
        }
      }
    } catch (error) {
      for (const queue of lost) this.#unassign(queue, error);
    }
  }

  #assign(queue: PartitionQueue, leader: number, topicId: string): void {
    this.#unassigned.delete(queue);
    const ofLeader = this.#leaders.get(leader);
    if (ofLeader !== undefined) {
      ofLeader.push(queue);
      // That leader's loop may be waiting for room in its other queues.
      this.refill();
      return;
    }
    const own = [queue];
    this.#leaders.set(leader, own);
    void this.#fetchFrom(leader, topicId, own);
  }

  /** Stops fetching the partition; after a moment it is reported as unavailable. */
  #unassign(queue: PartitionQueue, error: unknown): void {
    if (this.isStopped) return;
    // Counted from the first failure until the partition's leader responds again.
    const trouble = { sinceMs: queue.trouble?.sinceMs ?? performance.now(), error };
    queue.trouble = trouble;
    this.#unassigned.set(queue, trouble);
    this.#wake();
    if (queue.isUnavailable || performance.now() - trouble.sinceMs < UNAVAILABLE_AFTER_MS) return;
    queue.isUnavailable = true;
    this.#settings.onUnavailable();
  }

  /** Fetches from one leader until it fails or no longer leads any of the partitions. */
  async #fetchFrom(node: number, topicId: string, ofLeader: PartitionQueue[]): Promise<void> {
    const { queues, responsesMax, cluster: { settings: { fetch: { bufferedBytesMax } } } } = this.#settings;
    // All partitions assigned in the same turn belong to the first request.
    await undefined;
    while (!this.isStopped && ofLeader.length > 0) {
      const wanted = withRoom(ofLeader, queues, { responsesMax, bufferedBytesMax });
      if (wanted.length === 0) {
        await new Promise<void>((resolve) => this.#waiting.push(resolve));
        continue;
      }
      try {
        await this.#fetch(node, topicId, wanted, ofLeader);
      } catch (error) {
        if (this.isStopped) break;
        try {
          await this.#onFault(error, wanted, ofLeader);
        } catch (fatal) {
          this.#fail(fatal);
          return;
        }
      }
    }
    this.#leaders.delete(node);
    this.#wake();
  }

  async #fetch(
    node: number,
    topicId: string,
    wanted: readonly PartitionQueue[],
    ofLeader: readonly PartitionQueue[],
  ): Promise<void> {
    const { client, cluster, queues: all, onResponse, topic: { kafkaName } } = this.#settings;
    const { fetch } = cluster.settings;
    const { signal: stopped } = this.#stopping;
    const question = ++this.requests;
    const waitMs = wanted.length === ofLeader.filter(({ obstacle }) => obstacle === undefined).length
      ? fetch.waitMsMax
      : Math.min(SHORT_WAIT_MS, fetch.waitMsMax);
    const fetching = client.fetch({
      node,
      connectionPool: this.#pool,
      maxWaitTime: waitMs,
      topics: [{
        topicId,
        partitions: wanted.map((queue) => ({
          partition: queue.partition,
          fetchOffset: BigInt(queue.fetchOffset),
          currentLeaderEpoch: -1,
          lastFetchedEpoch: queue.fetchedEpoch,
          partitionMaxBytes: fetch.partitionBytesMax ?? partitionBytes(queue, all),
        })),
      }],
    });
    const answer = await answerOfLeader(fetching, { waitMs, client, kafkaName, node, wanted, stopped });
    if (this.isStopped) return;
    const answered = new Map(
      answer.responses.flatMap(({ partitions }) => partitions.map((one) => [one.partitionIndex, one])),
    );
    const diverging: PartitionQueue[] = [];
    for (const queue of wanted) {
      const partition = answered.get(queue.partition);
      if (partition !== undefined && isDiverging(partition)) {
        diverging.push(queue);
        continue;
      }
      if (partition !== undefined) {
        queue.accept(partition);
        this.#report(queue, partition);
      }
      // A leader may refer to a replica instead of responding. Brokers omit partitions without changes.
      if ((partition?.preferredReadReplica ?? -1) >= 0) queue.readsReplica = true;
      else queue.lastResponse = question;
      if (queue.trouble !== undefined) this.#attempt = 0;
      queue.trouble = undefined;
      queue.isUnavailable = false;
    }
    onResponse(answer.throttleTimeMs);
    for (const queue of diverging) await this.#settings.replace(queue);
  }

  #report({ partition, fetchOffset }: PartitionQueue, { records, highWatermark }: FetchedPartition): void {
    if (!diagnostics.fetch.hasSubscribers) return;
    const { topic: { name: topic }, consumer } = this.#settings;
    const bytes = (records ?? []).reduce((sum, { length }) => sum + length, 0);
    const behind = Math.max(0, Number(highWatermark) - fetchOffset);
    diagnostics.fetch.publish({ topic, consumer, partition, bytes, behind });
  }

  get #what(): string {
    return `read topic "${this.#settings.topic.name}"`;
  }

  /** An error of one partition is handled for it alone; an error of a leader affects all of its partitions. */
  async #onFault(
    error: unknown,
    wanted: readonly PartitionQueue[],
    ofLeader: PartitionQueue[],
  ): Promise<void> {
    if (isSessionLost(error)) return;
    const faults = partitionFaults(error);
    if (faults === undefined) {
      if (!isTransient(error) && !isLeaderChange(error)) throw error;
      for (const queue of ofLeader.splice(0)) this.#unassign(queue, error);
      return;
    }
    for (const queue of wanted) {
      const fault = faults.get(queue.partition);
      if (fault === undefined) continue;
      if (fault.apiId === "OFFSET_OUT_OF_RANGE") {
        await this.#settings.replace(queue);
        continue;
      }
      if (!isLeaderChange(fault) && !isTransient(fault)) throw error;
      ofLeader.splice(ofLeader.indexOf(queue), 1);
      this.#unassign(queue, fault);
    }
  }
}
