// A topic was deleted and created again while a producer had it open. If the next id there happened to fit, the producer
// went on and pushed into the new topic, until it looked for leaders again, up to five minutes later: requests named the
// topic by its name. They name it by its id now, where brokers know such requests.
import { assertEquals, assertRejects } from "@std/assert";
import { Buffer } from "node:buffer";
import { TopicDeletedError } from "../../mod.ts";
import { Cluster } from "../../src/drivers/kafka/client/cluster.ts";
import { PartitionDelivery } from "../../src/drivers/kafka/produce/partition_delivery.ts";
import { RecordBatch, recordsOf } from "../../src/drivers/kafka/format/record_batch.ts";
import { readSettings } from "../../src/drivers/kafka/settings/settings.ts";
import { FakeBroker, TOPIC_ID, UNKNOWN_TOPIC } from "../drivers/kafka/fake_broker.ts";
import { test } from "../harness.ts";

const NEW_ID = "00000000-0000-0000-0000-000000000008";

interface Rig extends AsyncDisposable {
  broker: FakeBroker;
  push(...texts: string[]): Promise<number>;
}

async function rigWith(said: number, known: number): Promise<Rig> {
  const broker = await FakeBroker.start(1);
  broker.produceVersion = { said, known };
  const cluster = await Cluster.connect(
    readSettings({ "bootstrap.servers": broker.address, "retry.backoff.ms": 10 }),
  );
  const client = cluster.producer();
  const topic = { name: "t", kafkaName: "t", id: TOPIC_ID };
  const delivery = new PartitionDelivery({ cluster, client, topic, partition: 0 });
  return {
    broker,
    push: (...texts) =>
      delivery.send(RecordBatch.encode([recordsOf(texts.map((text) => Buffer.from(text)))])),
    async [Symbol.asyncDispose]() {
      await client.close(true);
      await cluster.close();
      await broker[Symbol.asyncDispose]();
    },
  };
}

test("a push into a topic that was deleted and created again is refused, although its next id fits", async () => {
  await using rig = await rigWith(13, 13);
  const { broker, push } = rig;
  assertEquals(await push("1", "2"), 100);
  broker.topicId = NEW_ID;
  await assertRejects(() => push("3"), TopicDeletedError);
  assertEquals([broker.produced.length, broker.produceVersions], [1, [13, 13]]);
});

// With brokers before 4.1, which know topics by their names only, a producer that had learned that its topic was deleted
// pushed the next batches into the new one: each failed, was stored, and was confirmed once there were as many as before.
test("after a push failed because the topic was deleted, no other gets into the new one of its name", async () => {
  await using rig = await rigWith(11, 11);
  const { broker, push } = rig;
  await push("1", "2");
  broker.outcomes.push(UNKNOWN_TOPIC);
  broker.topicError = UNKNOWN_TOPIC;
  await assertRejects(() => push("3"), TopicDeletedError);
  broker.topicError = 0;
  broker.topicId = NEW_ID;
  broker.partitions[0].end = 0;
  for (const text of ["4", "5"]) await assertRejects(() => push(text), TopicDeletedError);
  assertEquals(broker.produced.length, 1);
});

test("of a topic that was deleted and created again at once the new one gets a single batch", async () => {
  await using rig = await rigWith(11, 11);
  const { broker, push } = rig;
  await push("1", "2");
  broker.topicId = NEW_ID;
  broker.partitions[0].end = 0;
  for (const text of ["3", "4", "5"]) await assertRejects(() => push(text), TopicDeletedError);
  assertEquals(broker.produced.length, 2);
});

test("brokers that know topics by their names only get names", async () => {
  await using rig = await rigWith(11, 11);
  const { broker, push } = rig;
  assertEquals([await push("1"), await push("2")], [100, 101]);
  assertEquals(broker.produceVersions, [11, 11]);
});

test("where a leader is older than the broker that was asked, events are stored once, and soon at the first attempt", async () => {
  await using rig = await rigWith(13, 11);
  const { broker, push } = rig;
  for (let n = 0; n < 4; n++) assertEquals(await push(`${n}`), 100 + n);
  assertEquals(broker.produceVersions, [13, 11, 13, 11, 11, 11]);
  assertEquals(broker.produced.map(({ sequence }) => sequence), [0, 1, 2, 3]);
});

test("a connection that is closed now and then does not make it name topics by their names", async () => {
  await using rig = await rigWith(13, 13);
  const { broker, push } = rig;
  for (let n = 0; n < 4; n++) {
    broker.outcomes.push("cut");
    assertEquals(await push(`${n}`), 100 + 2 * n);
    assertEquals(await push(`${n}`), 101 + 2 * n);
  }
  assertEquals(broker.produceVersions, Array.from({ length: 4 }, () => [13, 11, 13]).flat());
});
