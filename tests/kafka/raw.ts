// Kafka as another program sees it, without the driver.
import type { Buffer } from "node:buffer";
import { setTimeout as sleep } from "node:timers/promises";
import { loadClient } from "../../src/drivers/kafka/client.ts";

const CLIENT = { clientId: "outside", retries: 20, retryDelay: 100, autocreateTopics: false };

/** Another program's connection to the brokers. */
export class Outside {
  constructor(private readonly servers: string) {}

  /** Creates a topic; the brokers confirm that before they list it, some time before on a busy machine. */
  async createTopic(topic: string, partitions = 1): Promise<void> {
    await this.#admin((admin) => admin.createTopics({ topics: [topic], partitions, replicas: 1 }));
    while (!(await this.topics()).includes(topic)) await sleep(20);
  }

  /** Deletes a topic. */
  async deleteTopic(topic: string): Promise<void> {
    await this.#admin((admin) => admin.deleteTopics({ topics: [topic] }));
  }

  /** Every topic's name. */
  async topics(): Promise<string[]> {
    return (await this.#admin((admin) => admin.listTopics())).sort();
  }

  /** Stores records, each in a separate batch. */
  async produce(topic: string, values: Buffer[], partition = 0): Promise<void> {
    const { Producer, ProduceAcks } = await loadClient();
    const producer = new Producer({ ...CLIENT, bootstrapBrokers: this.servers.split(",") });
    try {
      for (const value of values) {
        await producer.send({ messages: [{ topic, partition, value }], acks: ProduceAcks.ALL });
      }
    } finally {
      await producer.close();
    }
  }

  /** Values of the first records. */
  async consume(topic: string, count: number, partition = 0): Promise<Buffer[]> {
    const { Consumer } = await loadClient();
    const consumer = new Consumer({
      ...CLIENT,
      bootstrapBrokers: this.servers.split(","),
      groupId: "outside",
    });
    const values: Buffer[] = [];
    try {
      consumer.topics.track(topic);
      const metadata = await consumer.metadata({ topics: [topic] });
      const { id, partitions } = metadata.topics.get(topic)!;
      let offset = 0n;
      while (values.length < count) {
        const answer = await consumer.fetch({
          node: partitions[partition].leader,
          maxWaitTime: 100,
          minBytes: 1,
          topics: [{
            topicId: id,
            partitions: [{
              partition,
              fetchOffset: offset,
              currentLeaderEpoch: -1,
              lastFetchedEpoch: -1,
              partitionMaxBytes: 1_048_576,
            }],
          }],
        });
        for (const batch of answer.responses[0]?.partitions[0]?.records ?? []) {
          values.push(...batch.records.map(({ value }) => value!));
          offset = batch.firstOffset + BigInt(batch.lastOffsetDelta) + 1n;
        }
      }
      return values.slice(0, count);
    } finally {
      await consumer.close(true);
    }
  }

  /** A group's committed offset in a topic's first partition; -1 if there is none. */
  async position(group: string, topic: string): Promise<number> {
    const [answer] = await this.#admin((admin) =>
      admin.listConsumerGroupOffsets({
        groups: [{ groupId: group, topics: [{ name: topic, partitionIndexes: [0] }] }],
      })
    );
    return Number(answer.topics[0].partitions[0].committedOffset);
  }

  async #admin<R>(
    ask: (admin: InstanceType<Awaited<ReturnType<typeof loadClient>>["Admin"]>) => Promise<R>,
  ): Promise<R> {
    const { Admin } = await loadClient();
    const admin = new Admin({ ...CLIENT, bootstrapBrokers: this.servers.split(",") });
    try {
      return await ask(admin);
    } finally {
      await admin.close();
    }
  }
}
