import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { randomBytes } from "node:crypto";
import { BrokerError } from "../../../../mod.ts";
import { Cluster } from "../../../../src/drivers/kafka/client/cluster.ts";
import { PartitionDelivery } from "../../../../src/drivers/kafka/produce/partition_delivery.ts";
import { RecordBatch, recordsOf } from "../../../../src/drivers/kafka/format/record_batch.ts";
import { readSettings } from "../../../../src/drivers/kafka/settings/settings.ts";
import { test } from "../../../harness.ts";
import { FakeBroker, TOPIC_ID } from "../fake_broker.ts";

const CODECS = { gzip: 1, snappy: 2, lz4: 3 };

test("a batch that compression makes larger is sent as it is: it would not fit where it fits now", async () => {
  await using broker = await FakeBroker.start(1);
  for (const [codec, number] of Object.entries(CODECS)) {
    const cluster = await Cluster.connect(readSettings({
      "bootstrap.servers": broker.address,
      "compression.type": codec,
    }));
    const client = cluster.producer();
    try {
      const topic = { name: "t", kafkaName: "t", id: TOPIC_ID };
      const delivery = new PartitionDelivery({ cluster, client, topic, partition: 0 });
      const before = broker.codecs.length;
      for (const value of [randomBytes(3000), new Uint8Array(3000)]) {
        await delivery.send(RecordBatch.encode([recordsOf([value])]));
      }
      assertEquals(broker.codecs.slice(before), [0, number]);
    } finally {
      await client.close(true);
      await cluster.close();
    }
  }
});

// Creating a topic at brokers whose advertised host is unknown took message.timeout.ms, and with 0 it never ended.
test("a batch with a limit of its own is given up after it, however long pushes may take", async () => {
  await using broker = await FakeBroker.start(1);
  broker.orphan(0);
  for (const timeoutMs of [0, 100_000]) {
    const cluster = await Cluster.connect(readSettings({
      "bootstrap.servers": broker.address,
      "message.timeout.ms": timeoutMs,
      "retry.backoff.ms": 1,
    }));
    const client = cluster.producer();
    try {
      const topic = { name: "t", kafkaName: "t", id: TOPIC_ID };
      const delivery = new PartitionDelivery({ cluster, client, topic, partition: 0, msMax: 50 });
      const { message } = await assertRejects(
        () => delivery.send(RecordBatch.encode([recordsOf([new Uint8Array(9)])])),
        BrokerError,
      );
      assertStringIncludes(message, 'Cannot store events in topic "t" partition 0');
    } finally {
      await client.close(true);
      await cluster.close();
    }
  }
});

test("a batch whose leader hangs goes to the new leader, with the same sequence number", async () => {
  await using hung = await FakeBroker.start(2);
  await using next = await FakeBroker.start(2);
  hung.otherPort = Number(next.address.split(":")[1]);
  const cluster = await Cluster.connect(readSettings({
    "bootstrap.servers": hung.address,
    "retry.backoff.ms": 1,
  }));
  const client = cluster.producer();
  try {
    const topic = { name: "t", kafkaName: "t", id: TOPIC_ID };
    const deliver = (partition: number) => {
      const delivery = new PartitionDelivery({ cluster, client, topic, partition, silenceMs: 10 });
      return (values: number) =>
        delivery.send(RecordBatch.encode([recordsOf(Array.from({ length: values }, () => randomBytes(9)))]));
    };
    const [moved, slow] = [deliver(0), deliver(1)];
    assertEquals([await moved(3), await slow(3)], [100, 100]);
    const { producerId } = hung.produced[0];

    // The answer about the other partition is held back until both have arrived: that one is slow, and still leads.
    hung.outcomes.push("silence");
    hung.answeredTogether = 2;
    const arrived = async (count: number) => {
      while (hung.produceVersions.length < count) await new Promise((resolve) => setTimeout(resolve, 1));
    };
    const first = moved(2);
    await arrived(3);
    const second = slow(2);
    await arrived(4);
    hung.partitions[0].leader = 2;
    next.partitions[0].end = 103;
    assertEquals(await first, 103);
    assertEquals(next.produced, [{ partition: 0, producerId, sequence: 3, count: 2 }]);
    assertEquals(await moved(1), 105);
    hung.answeredTogether = 1;
    assertEquals([await deliver(1)(1), await second], [105, 103]);
    assertEquals(hung.produced.map(({ partition, count }) => `${partition}: ${count}`), [
      "0: 3",
      "1: 3",
      "1: 2",
      "1: 1",
    ]);
  } finally {
    await client.close(true);
    await cluster.close();
  }
});
