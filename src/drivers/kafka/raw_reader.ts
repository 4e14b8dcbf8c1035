import type { ClientConsumer } from "./client.ts";
import type { Cluster } from "./cluster.ts";
import { isFault, isUnknownTopic, leaderless, unknownCompression } from "./failure.ts";
import { type FetchedPartition, type FetchedRecord, recordsOf } from "./fetched.ts";

/** Where to read, and the maximum number of records. */
export interface RawRequest {
  kafkaName: string;
  partition: number;
  offset: number;
  recordsMax: number;
  /** Whether only their times are needed: then one record stands for all that cannot be decompressed here. */
  onlyTimes?: boolean;
}

const PARTITION_BYTES_MAX = 65_536;
/** How long to wait for a leader, in milliseconds. */
const LEADER_MS_MAX = 300;

/** Reads individual records without a group: documents of topics, times of events. */
export class RawReader {
  #consumer: ClientConsumer | undefined;
  /** Serializes reads: the client requests metadata of all topics it reads, and one of them may vanish. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(private readonly cluster: Cluster) {}

  /** The records from an offset on; fewer if there are no more. */
  read(request: RawRequest): Promise<FetchedRecord[]> {
    const reading = this.#last.then(() => this.#read(request));
    this.#last = reading.catch(() => {});
    return reading;
  }

  /** Releases its connections. */
  async close(): Promise<void> {
    await this.#consumer?.close();
  }

  async #read({ kafkaName, partition, offset, recordsMax, onlyTimes }: RawRequest): Promise<FetchedRecord[]> {
    const found: FetchedRecord[] = [];
    let position = offset;
    for (;;) {
      const answer = await this.#fetch(kafkaName, partition, position);
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
      // What comes after may be those of an open transaction, which are not returned.
      if (found.length >= recordsMax || position === before || position >= Number(answer.highWatermark)) {
        return found;
      }
    }
  }

  /** One fetch response of the partition's leader; undefined if there is nothing at that offset. */
  async #fetch(
    kafkaName: string,
    partition: number,
    position: number,
  ): Promise<FetchedPartition | undefined> {
    const { cluster } = this;
    const what = `read topic "${kafkaName}"`;
    const beganMs = Date.now();
    for (let attempt = 1;; attempt++) {
      const answer = await cluster.run(
        `${what} partition ${partition}`,
        () => this.#fetchOnce(kafkaName, partition, position),
      );
      if (answer !== "no leader") return answer;
      // Listing topics must not wait long for an unreadable one: a leader is elected within a moment, or much
      // later.
      const delayMs = cluster.retryDelay(undefined, what, attempt);
      if (Date.now() - beganMs + delayMs > LEADER_MS_MAX) throw leaderless(cluster.servers, what, partition);
      await cluster.pause(delayMs);
    }
  }

  async #fetchOnce(
    kafkaName: string,
    partition: number,
    position: number,
  ): Promise<FetchedPartition | "no leader" | undefined> {
    const consumer = this.#consumer ??= this.cluster.consumer("reader", 0);
    consumer.topics.track(kafkaName);
    try {
      const metadata = await consumer.metadata({ topics: [kafkaName], forceUpdate: true });
      const topic = metadata.topics.get(kafkaName)!;
      const leader = topic.partitions[partition]?.leader;
      if (leader === undefined || !metadata.brokers.has(leader)) return "no leader";
      const answer = await consumer.fetch({
        node: leader,
        maxWaitTime: 0,
        minBytes: 0,
        topics: [{
          topicId: topic.id,
          partitions: [{
            partition,
            fetchOffset: BigInt(position),
            currentLeaderEpoch: -1,
            lastFetchedEpoch: -1,
            partitionMaxBytes: PARTITION_BYTES_MAX,
          }],
        }],
      });
      // Brokers before 3.1 keep returning the topic that was read before: they identify topics by name, and the
      // client, which has dropped the name, restores the earlier topic by its id.
      return answer.responses.find(({ topicId }) => topicId === topic.id)?.partitions
        .find(({ partitionIndex }) => partitionIndex === partition);
    } catch (error) {
      if (isFault(error, "OFFSET_OUT_OF_RANGE") || isUnknownTopic(error)) return undefined;
      throw error;
    } finally {
      consumer.topics.untrack(kafkaName);
    }
  }
}
