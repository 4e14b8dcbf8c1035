import type { ClientConsumer } from "../client.ts";
import type { Cluster } from "../client/cluster.ts";
import { isFault, isUnknownTopic, leaderless, unknownCompression } from "../client/failure.ts";
import { type FetchedPartition, type FetchedRecord, recordsOf } from "../format/fetched.ts";

/** Where to read, and the maximum number of records. */
interface RawRequest {
  kafkaName: string;
  partition: number;
  offset: number;
  recordsMax: number;
  /**
   * Whether only their times are needed: then one record stands for all that cannot be decompressed here, and one for
   * those of an open transaction and after it, which cannot be read yet.
   */
  onlyTimes?: boolean;
  /** How long the leader may be silent, in milliseconds; by default it is waited for, or asked again. */
  silenceMs?: number | undefined;
}

const PARTITION_BYTES_MAX = 65_536;
/** From this version on, a Fetch request has the topic's id where it had its name. */
const WITH_IDS = 13;
/** The epoch of a request that belongs to no session, of which a broker and a client have one at a time. */
const NO_SESSION = -1;
/** Of the levels of isolation; the one that was configured replaces it. */
const READ_UNCOMMITTED = 0;
/** How long to wait for a leader, in milliseconds. */
const LEADER_MS_MAX = 300;

type ClusterMetadata = Awaited<ReturnType<ClientConsumer["metadata"]>>;

interface FetchAnswer {
  responses: { partitions: FetchedPartition[] }[];
}

/** Reads individual records without a group: documents of topics, times of events. */
export class RawReader {
  #consumer: ClientConsumer | undefined;
  /** What is known of topics that are being looked for, which is shared by those who read them at once. */
  readonly #looking = new Map<string, Promise<ClusterMetadata>>();
  /** How many answers each broker has given. */
  readonly #answers = new Map<number, number>();

  constructor(private readonly cluster: Cluster) {}

  /** The records from an offset on; fewer if there are no more. */
  async read(request: RawRequest): Promise<FetchedRecord[]> {
    const { kafkaName, partition, offset, recordsMax, onlyTimes } = request;
    const found: FetchedRecord[] = [];
    let position = offset;
    for (;;) {
      const answer = await this.#fetch(request, position);
      if (answer === undefined) return found;
      const before = position;
      for (const batch of answer.records ?? []) {
        if (batch.unknownCodec !== undefined) {
          const what = `read topic "${kafkaName}" partition ${partition} event ${position}`;
          if (onlyTimes !== true) throw unknownCompression(what, batch.unknownCodec);
          return [...found, { offset: position, timestamp: Number(batch.firstTimestamp), value: undefined }];
        }
        const { records, nextOffset } = recordsOf(batch, position);
        found.push(...records.slice(0, recordsMax - found.length));
        position = nextOffset;
      }
      if (found.length >= recordsMax || position >= Number(answer.highWatermark)) return found;
      if (position > before) continue;
      // What comes after is an open transaction, and what was stored after it began.
      return onlyTimes === true
        ? [...found, { offset: position, timestamp: Date.now(), value: undefined }]
        : found;
    }
  }

  /** Releases its connections. */
  async close(): Promise<void> {
    await this.#consumer?.close();
  }

  /** One fetch response of the partition's leader; undefined if there is nothing at that offset. */
  async #fetch(request: RawRequest, position: number): Promise<FetchedPartition | undefined> {
    const { cluster } = this;
    const { kafkaName, partition, silenceMs } = request;
    const what = `read topic "${kafkaName}"`;
    const beganMs = performance.now();
    const fetch = () => this.#fetchOnce(request, position);
    for (let attempt = 1;; attempt++) {
      const whole = `${what} partition ${partition}`;
      // One that cannot be reached is silent, too, until the cluster notices that it is down.
      const answer =
        await (silenceMs === undefined ? cluster.ask(whole, fetch) : cluster.run(whole, fetch, silenceMs));
      if (answer === "silence") {
        throw cluster.failure(new Error("its leader is silent"), whole, silenceMs!);
      }
      if (answer !== "no leader") return answer;
      // Listing topics must not wait long for an unreadable one: a leader is elected within a moment, or much
      // later.
      const delayMs = cluster.retryDelay(undefined, what, attempt);
      if (performance.now() - beganMs + delayMs > LEADER_MS_MAX) {
        throw leaderless(cluster.servers, what, partition);
      }
      await cluster.pause(delayMs);
    }
  }

  async #fetchOnce(
    { kafkaName, partition, silenceMs }: RawRequest,
    position: number,
  ): Promise<FetchedPartition | "no leader" | "silence" | undefined> {
    const consumer = this.#consumer ??= this.cluster.consumer("reader", 0);
    try {
      const metadata = await this.#look(consumer, kafkaName);
      const topic = metadata.topics.get(kafkaName)!;
      const id = topic.partitions[partition]?.leader ?? -1;
      const leader = metadata.brokers.get(id);
      if (leader === undefined) return "no leader";
      const { fetch: { bytesMax } } = this.cluster.settings;
      const wanted = {
        partition,
        fetchOffset: BigInt(position),
        currentLeaderEpoch: -1,
        lastFetchedEpoch: -1,
        partitionMaxBytes: PARTITION_BYTES_MAX,
      };
      // Not by the client's own method, which has a session with each broker, so that requests cannot overlap.
      const answering = this.cluster.request<FetchAnswer>(consumer, leader, {
        name: "Fetch",
        parameters: (version) => {
          const topics = [{ topicId: version < WITH_IDS ? kafkaName : topic.id, partitions: [wanted] }];
          return [0, 0, bytesMax, READ_UNCOMMITTED, 0, NO_SESSION, topics, [], ""];
        },
      });
      const answer =
        await (silenceMs === undefined ? answering : this.#unlessSilent(id, silenceMs, answering));
      return answer === "silence" ? answer : answer.responses[0]?.partitions[0];
    } catch (error) {
      if (isFault(error, "OFFSET_OUT_OF_RANGE") || isUnknownTopic(error)) return undefined;
      throw error;
    }
  }

  /** The answer of a broker, unless it gives no answer for a while, nor one to the other requests that it has. */
  async #unlessSilent<T>(id: number, ms: number, answer: Promise<T>): Promise<T | "silence"> {
    const count = () => this.#answers.get(id) ?? 0;
    let isThere = false;
    const arrive = () => {
      isThere = true;
      this.#answers.set(id, count() + 1);
    };
    answer.then(arrive, arrive);
    for (;;) {
      const before = count();
      try {
        return await this.cluster.within(ms, answer);
      } catch (error) {
        if (isThere) throw error;
        if (count() === before) return "silence";
      }
    }
  }

  #look(consumer: ClientConsumer, kafkaName: string): Promise<ClusterMetadata> {
    const pending = this.#looking.get(kafkaName);
    if (pending !== undefined) return pending;
    const looking = consumer.metadata({ topics: [kafkaName], forceUpdate: true })
      .finally(() => this.#looking.delete(kafkaName));
    this.#looking.set(kafkaName, looking);
    return looking;
  }
}
