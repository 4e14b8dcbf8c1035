import { assertEquals } from "@std/assert";
import { randomBytes } from "node:crypto";
import { Cluster } from "../../../src/drivers/kafka/cluster.ts";
import { PartitionDelivery } from "../../../src/drivers/kafka/partition_delivery.ts";
import { RecordBatch, recordsOf } from "../../../src/drivers/kafka/record_batch.ts";
import { readSettings } from "../../../src/drivers/kafka/settings.ts";
import { test } from "../../harness.ts";
import { FakeBroker, TOPIC_ID } from "./fake_broker.ts";

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
