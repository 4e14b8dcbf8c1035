// After an outage that was longer than `message.timeout.ms`, the batches that had expired in memory were tried one
// after the other: each asked for leaders, and then for a producer id of its own, before it failed as it had to. They
// fail without a request now, and what has time left is sent at once.
import { assertEquals, assertLess, assertRejects } from "@std/assert";
import { Buffer } from "node:buffer";
import { BrokerError } from "../../src/errors.ts";
import { Cluster } from "../../src/drivers/kafka/client/cluster.ts";
import { PartitionDelivery } from "../../src/drivers/kafka/produce/partition_delivery.ts";
import { RecordBatch, recordsOf } from "../../src/drivers/kafka/format/record_batch.ts";
import { readSettings } from "../../src/drivers/kafka/settings/settings.ts";
import { FakeBroker, TOPIC_ID } from "../drivers/kafka/fake_broker.ts";
import { test } from "../harness.ts";

const MINUTE_MS = 60_000;

test("batches that expired after one that timed out fail without a request, and the next one is stored", async () => {
  await using broker = await FakeBroker.start(1);
  const cluster = await Cluster.connect(readSettings({
    "bootstrap.servers": broker.address,
    "message.timeout.ms": 100,
    "retry.backoff.ms": 10,
  }));
  const client = cluster.producer();
  try {
    const topic = { name: "t", kafkaName: "t", id: TOPIC_ID };
    const delivery = new PartitionDelivery({ cluster, client, topic, partition: 0 });
    const send = (waitedMs: number): Promise<number> => {
      const batch = RecordBatch.encode([recordsOf([Buffer.from("event")])]);
      return delivery.send(batch, performance.now() - waitedMs);
    };
    broker.orphan(0);
    const first = await assertRejects(() => send(0), BrokerError);
    // Long enough for the last one, on a slow machine, too.
    Object.assign(cluster.settings.producer, { deliveryMsMax: MINUTE_MS });
    Object.assign(broker.partitions[0], { leader: 1, error: 0 });
    const { requests } = broker;
    for (let n = 0; n < 20; n++) {
      const error = await assertRejects(() => send(2 * MINUTE_MS), BrokerError);
      assertEquals([error.reason, error.canRetry], [first.reason, true]);
    }
    // The one that timed out may have been looking for its leader.
    assertLess(broker.requests - requests, 3);
    assertEquals(broker.produced, []);
    assertEquals([await send(0), await send(0)], [100, 101]);
    assertEquals(broker.produced.map(({ sequence }) => sequence), [0, 1]);
  } finally {
    await client.close(true);
    await cluster.close();
  }
});
