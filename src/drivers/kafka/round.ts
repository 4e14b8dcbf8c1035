import type { ClientConsumer } from "./client.ts";
import type { Cluster } from "./cluster.ts";
import type { PartitionQueue } from "./partition_queue.ts";

/** While a queue is full the others are asked about so shortly that it need not wait long for its turn. */
const SHORT_WAIT_MS = 5;
/** What one answer may bring of all partitions together, if their events are large. */
const ANSWER_BYTES_MAX = 8 * 1024 * 1024;
/** What it may bring of a partition in any case. */
const PARTITION_BYTES = 1024 * 1024;
/** Events of a partition that are enough for one answer: more of them at a time only take memory. */
const ANSWER_EVENTS = 512;

type Pool = InstanceType<Cluster["module"]["ConnectionPool"]>;

/** What a round needs. */
export interface RoundSettings {
  client: ClientConsumer;
  cluster: Cluster;
  kafkaName: string;
  queues: readonly PartitionQueue[];
  answersMax: number;
  /** Number of the last question of the round before. */
  askedBefore: number;
  onAnswer(): void;
}

/** Questions about the same partitions, until one fails or the partitions change. */
export class Round {
  readonly #settings: RoundSettings;
  /** A long question keeps its connection busy: each broker has one for nothing else. */
  readonly #pool: Pool;
  /** Those who wait for room in a queue. */
  #waiting: (() => void)[] = [];
  /** Number of questions so far. */
  asked: number;
  /** Whether answers no longer count. */
  isDiscarded = false;

  constructor(settings: RoundSettings) {
    this.#settings = settings;
    this.asked = settings.askedBefore;
    const { module, settings: { client } } = settings.cluster;
    this.#pool = new module.ConnectionPool(client.clientId, client);
  }

  /** Asks until it is stopped; throws what went wrong first. */
  async run(): Promise<void> {
    const { client, kafkaName, queues } = this.#settings;
    const metadata = await client.metadata({ topics: [kafkaName] });
    const topic = metadata.topics.get(kafkaName)!;
    const byLeader = new Map<number, PartitionQueue[]>();
    for (const queue of queues) {
      const leader = topic.partitions[queue.partition]?.leader ?? -1;
      byLeader.set(leader, [...byLeader.get(leader) ?? [], queue]);
    }
    await Promise.all(Array.from(byLeader, ([node, led]) => this.#askOn(node, topic.id, led)));
  }

  /** Ends it: answers on their way are thrown away. */
  stop(): void {
    if (this.isDiscarded) return;
    this.isDiscarded = true;
    this.refill();
    // The one that asked gets an error now, which does no harm.
    this.#pool.close().catch(() => {});
  }

  /** A queue has room again. */
  refill(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  /** Those that may be asked about: enough lies in memory of the others, or of all. */
  #withRoom(queues: readonly PartitionQueue[]): PartitionQueue[] {
    const { cluster, answersMax, queues: all } = this.#settings;
    const bytes = all.reduce((sum, queue) => sum + queue.bytes, 0);
    // A partition without news is asked about all the same, that none starves.
    const isFull = bytes >= cluster.settings.fetch.bufferedBytesMax;
    return queues.filter(({ answers }) => answers === 0 || (!isFull && answers < answersMax));
  }

  /** A question costs the same whatever it brings: large events are asked for by many MiB. */
  #bytesMax({ eventBytes }: PartitionQueue): number {
    const { cluster, queues } = this.#settings;
    const { partitionBytesMax } = cluster.settings.fetch;
    if (partitionBytesMax !== undefined) return partitionBytesMax;
    const share = ANSWER_BYTES_MAX / queues.length;
    return Math.round(Math.max(PARTITION_BYTES, Math.min(share, eventBytes * ANSWER_EVENTS)));
  }

  async #askOn(node: number, topicId: string, queues: readonly PartitionQueue[]): Promise<void> {
    const { client, cluster, onAnswer } = this.#settings;
    const { fetch } = cluster.settings;
    while (!this.isDiscarded) {
      const wanted = this.#withRoom(queues);
      if (wanted.length === 0) {
        await new Promise<void>((resolve) => this.#waiting.push(resolve));
        continue;
      }
      const question = ++this.asked;
      const answer = await client.fetch({
        node,
        connectionPool: this.#pool,
        maxWaitTime: wanted.length === queues.length
          ? fetch.waitMsMax
          : Math.min(SHORT_WAIT_MS, fetch.waitMsMax),
        topics: [{
          topicId,
          partitions: wanted.map((queue) => ({
            partition: queue.partition,
            fetchOffset: BigInt(queue.fetchOffset),
            currentLeaderEpoch: -1,
            lastFetchedEpoch: -1,
            partitionMaxBytes: this.#bytesMax(queue),
          })),
        }],
      });
      if (this.isDiscarded) return;
      const answered = new Map(
        answer.responses.flatMap(({ partitions }) => partitions.map((one) => [one.partitionIndex, one])),
      );
      for (const queue of wanted) {
        const partition = answered.get(queue.partition);
        if (partition !== undefined) queue.accept(partition);
        // Brokers leave out of their answer what has not changed.
        queue.answered = question;
      }
      onAnswer();
    }
  }
}
