// On Kafka 2.8, which keeps its metadata in ZooKeeper, the lag of a consumer was always 0: the broker's answer
// also contained the topic that was read before, which was mistaken for the one requested. A setting that the
// broker refused was reported as a broker fault, not as an invalid option. A topic created right after it was
// deleted "existed already".
import { assertEquals, assertRejects } from "@std/assert";
import { BrokerError, DiasporaError, InvalidOptionError } from "../../mod.ts";
import { changeConfigs } from "../../src/drivers/kafka/client/configs.ts";
import type { BrokerRequest } from "../../src/drivers/kafka/client/client_internals.ts";
import type { Cluster } from "../../src/drivers/kafka/client/cluster.ts";
import { RawReader } from "../../src/drivers/kafka/fetch/raw_reader.ts";
import { type NewTopic, TopicAdmin } from "../../src/drivers/kafka/admin/topic_admin.ts";
import { test } from "../harness.ts";

/** A cluster that sends the requests that the test provides. */
function clusterOf(client: Record<string, unknown>, more: Record<string, unknown> = {}): Cluster {
  const run = (_: string, read: (admin: unknown) => unknown) => read(client);
  return {
    run,
    ask: run,
    consumer: () => client,
    pause: () => Promise.resolve(),
    servers: "a:1",
    ...more,
  } as never;
}

function metadataOf(topic: string): unknown {
  const partitions = [{ leader: 1, replicas: [1] }, { leader: 1, replicas: [1] }];
  return {
    topics: new Map([[topic, { id: `id of ${topic}`, partitions, partitionsCount: 2 }]]),
    brokers: new Map([[1, { host: "a", port: 1 }]]),
  };
}

for (const [version, topicId] of [[12, "t"], [13, "id of t"]] as const) {
  test(`version ${version} of a fetch names the topic by its ${topicId}, and continues no earlier one`, async () => {
    let asked: unknown[] = [];
    const request = (_client: unknown, _leader: unknown, { parameters }: BrokerRequest) => {
      asked = (parameters as (version: number) => unknown[])(version);
      const records = Array.from({ length: 10 }, (_, offsetDelta) => ({ offsetDelta, timestampDelta: 0n }));
      const batch = { firstOffset: 0n, lastOffsetDelta: 9, attributes: 0, firstTimestamp: 0n, records };
      return Promise.resolve({ responses: [{ partitions: [{ highWatermark: 10n, records: [batch] }] }] });
    };
    const client = { metadata: () => Promise.resolve(metadataOf("t")) };
    const reader = new RawReader(clusterOf(client, { request, settings: { fetch: { bytesMax: 1000 } } }));
    const found = await reader.read({ kafkaName: "t", partition: 1, offset: 7, recordsMax: 10 });
    assertEquals(found.map(({ offset }) => offset), [7, 8, 9]);
    const [session, epoch, [{ topicId: named, partitions: [{ partition, fetchOffset }] }]] = asked.slice(
      4,
    ) as [
      number,
      number,
      [{ topicId: string; partitions: [{ partition: number; fetchOffset: bigint }] }],
    ];
    assertEquals([session, epoch, named, partition, fetchOffset], [0, -1, topicId, 1, 7n]);
  });
}

for (
  const [reason, text, isOption] of [
    ["INVALID_CONFIG", "Value must be at least 14", true],
    ["INVALID_REQUEST", "Invalid config value for resource ConfigResource: Value must be at least 14", true],
    ["INVALID_REQUEST", "The request is cut off", false],
  ] as const
) {
  test(`${reason} "${text}" is ${isOption ? "the option's fault" : "the broker's word"}`, async () => {
    const module = {
      ConfigResourceTypes: { TOPIC: 2 },
      IncrementalAlterConfigOperationTypes: { SET: 0, DELETE: 1 },
    };
    const incrementalAlterConfigs = () => Promise.reject(new BrokerError("a:1", text, { reason }));
    const error = await assertRejects(
      () =>
        changeConfigs(clusterOf({ incrementalAlterConfigs }, { module }), "t", [{ name: "n", value: "1" }]),
      DiasporaError,
    );
    assertEquals([error instanceof InvalidOptionError, error.message], [isOption, text]);
  });
}

for (const [what, isThere] of [["being deleted", false], ["there", true]] as const) {
  test(`a topic whose name is taken by one that is ${what} ${isThere ? "exists" : "is created a little later"}`, async () => {
    let attempts = 0;
    const topicAdmin = new TopicAdmin(
      clusterOf({
        createTopics() {
          if (++attempts < 3 || isThere) {
            throw Object.assign(new Error("taken"), { apiId: "TOPIC_ALREADY_EXISTS" });
          }
          return Promise.resolve([]);
        },
        metadata: () => Promise.resolve(metadataOf(isThere || attempts === 3 ? "t" : "another")),
      }),
      undefined,
    );
    const topic: NewTopic = { kafkaName: "t", localName: "t", numPartitions: 2, configs: [] } as never;
    assertEquals([await topicAdmin.create(topic), attempts], [!isThere, isThere ? 1 : 3]);
  });
}
