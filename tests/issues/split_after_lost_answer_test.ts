// The answer to a batch was lost, and before it was sent again the topic's limit fell: the batch was split, and its parts
// were stored besides the whole, under another producer id. They keep its numbers now, by which brokers refuse them.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Buffer } from "node:buffer";
import { BrokerError } from "../../src/errors.ts";
import { Cluster } from "../../src/drivers/kafka/client/cluster.ts";
import { PartitionDelivery } from "../../src/drivers/kafka/produce/partition_delivery.ts";
import { RecordBatch, recordsOf } from "../../src/drivers/kafka/format/record_batch.ts";
import { readSettings } from "../../src/drivers/kafka/settings/settings.ts";
import {
  FakeBroker,
  MESSAGE_TOO_LARGE,
  type ProduceOutcome,
  TOPIC_ID,
} from "../drivers/kafka/fake_broker.ts";
import { test } from "../harness.ts";

/** What was sent, with these outcomes first: each batch as a whole, and then in parts of that many events. */
async function outcomesOf(
  outcomes: ProduceOutcome[],
  ...batches: number[][]
): Promise<{ results: (number | BrokerError)[]; broker: FakeBroker }> {
  await using broker = await FakeBroker.start(1);
  const cluster = await Cluster.connect(
    readSettings({ "bootstrap.servers": broker.address, "retry.backoff.ms": 1 }),
  );
  const client = cluster.producer();
  try {
    const topic = { name: "t", kafkaName: "t", id: TOPIC_ID };
    const delivery = new PartitionDelivery({ cluster, client, topic, partition: 0 });
    broker.outcomes.push(...outcomes);
    const results = [];
    for (const counts of batches) {
      delivery.begin();
      for (const count of counts) {
        const values = Array.from({ length: count }, () => Buffer.from("event"));
        const batch = RecordBatch.encode([recordsOf(values)]);
        results.push(await delivery.send(batch).catch((error) => error as BrokerError));
      }
    }
    return { results, broker };
  } finally {
    await client.close(true);
    await cluster.close();
  }
}

/** How many events were stored, and from which number on, by producer. */
function storedBy({ produced }: FakeBroker): [producer: number, sequence: number, count: number][] {
  const ids = [...new Set(produced.map(({ producerId }) => producerId))];
  return produced.map(({ producerId, sequence, count }) => [ids.indexOf(producerId), sequence, count]);
}

test("parts of a batch that is stored already are not stored again, and it is said that they may be", async () => {
  const { results, broker } = await outcomesOf(["cut after storing", MESSAGE_TOO_LARGE], [8, 4, 4], [3]);
  const [whole, first, second, next] = results;
  assert(whole instanceof BrokerError);
  assertEquals(whole.reason, "MESSAGE_TOO_LARGE");
  for (const part of [first, second]) {
    assert(part instanceof BrokerError);
    assertStringIncludes(part.message, "they may be stored, since an answer was lost");
    assert(!part.canRetry);
  }
  assertEquals(next, 108);
  assertEquals(storedBy(broker), [[0, 0, 8], [1, 0, 3]]);
});

test("parts of a batch that is not stored are, and of a part that is refused, too", async () => {
  const { results, broker } = await outcomesOf(
    ["cut", MESSAGE_TOO_LARGE, "cut", MESSAGE_TOO_LARGE],
    [8, 4, 2, 2, 4],
    [3],
  );
  assertEquals(results.slice(2), [100, 102, 104, 108]);
  assertEquals(storedBy(broker), [[0, 0, 2], [0, 2, 2], [0, 4, 4], [0, 8, 3]]);
});

test("an event that may be stored and is too large alone is not taken for the next one", async () => {
  const { results, broker } = await outcomesOf(["cut after storing", MESSAGE_TOO_LARGE], [1], [1]);
  assertEquals(results[1], 101);
  assertEquals(storedBy(broker), [[0, 0, 1], [1, 0, 1]]);
});

test("after one that is too large and was not stored, the producer keeps its id", async () => {
  const { results, broker } = await outcomesOf([0, MESSAGE_TOO_LARGE], [2], [1], [2]);
  assertEquals([results[0], results[2]], [100, 102]);
  assertEquals(storedBy(broker), [[0, 0, 2], [0, 2, 2]]);
});

// All of them failed after the first one, and might be stored, as it was said.
test("an event that is too large does not take those after it with it, after an answer was lost", async () => {
  const refused = [MESSAGE_TOO_LARGE, MESSAGE_TOO_LARGE, MESSAGE_TOO_LARGE];
  const lost = await outcomesOf(["cut", ...refused], [4, 2, 1, 1, 2]);
  assertEquals(lost.results.slice(3), [100, 101]);
  assertEquals(storedBy(lost.broker), [[0, 0, 1], [0, 1, 2]]);
  const stored = await outcomesOf(["cut after storing", ...refused], [4, 2, 1, 1, 2]);
  for (const part of stored.results.slice(3)) {
    assertStringIncludes((part as BrokerError).message, "they may be stored, since an answer was lost");
  }
  assertEquals(storedBy(stored.broker), [[0, 0, 4]]);
});

test("a batch is not taken for the one before, of which no part was sent after an answer was lost", async () => {
  const { results, broker } = await outcomesOf(["cut after storing", MESSAGE_TOO_LARGE], [4], [4]);
  assertEquals(results[1], 104);
  assertEquals(storedBy(broker), [[0, 0, 4], [1, 0, 4]]);
});
