// A partition that stores nothing for now, e.g. without a leader, does not stop the others, however much waits for it.
import { assertEquals, assertRejects } from "@std/assert";
import { BackpressureError, type Producer } from "../../mod.ts";
import { test } from "../harness.ts";
import { turn } from "../waiting.ts";
import { microtasks, ScriptedTopic } from "./scripted_topic.ts";

function scripted(): ScriptedTopic {
  const topic = new ScriptedTopic(3);
  topic.answer = "later";
  topic.unavailable = new Set();
  return topic;
}

function push(producer: Producer, partition: number, count = 1): void {
  for (let n = 0; n < count; n++) producer.push(n, undefined, { partition });
}

/** The partitions of the batches that were handed over, in order. */
function partitionsOf({ handed }: ScriptedTopic): number[] {
  return handed.map(({ partition }) => partition);
}

async function isReady(producer: Producer): Promise<boolean> {
  let ready = false;
  void producer.ready().then(() => ready = true);
  await turn();
  return ready;
}

async function storeAll(topic: ScriptedTopic, producer: Producer): Promise<void> {
  topic.unavailable!.clear();
  topic.answer = "now";
  const flushed = producer.flush();
  for (const { store } of topic.handed) store();
  assertEquals(await flushed, true);
}

test("a partition that took every slot gives them back when it becomes unavailable", async () => {
  const topic = scripted();
  await using producer = topic.producer({ batchSize: 1, maxNumBatches: 2 });
  push(producer, 0, 3);
  push(producer, 1, 2);
  assertEquals([partitionsOf(topic), await isReady(producer)], [[0, 0], false]);
  topic.lose(0);
  await microtasks();
  assertEquals([partitionsOf(topic), await isReady(producer)], [[0, 0, 1, 1], false]);
  topic.handed.splice(2, 1)[0].store();
  await microtasks();
  assertEquals(await isReady(producer), true);
  push(producer, 2);
  push(producer, 0);
  assertEquals(partitionsOf(topic), [0, 0, 1, 2]);
  await storeAll(topic, producer);
  assertEquals([0, 1, 2].map((partition) => topic.takeIds(partition, 0)), [4, 2, 1]);
});

test("half of the room for pending events is there for the others", async () => {
  const topic = scripted();
  await using producer = topic.producer({ batchSize: 1, maxNumBatches: 1, maxPendingBytes: 20 * 65 });
  push(producer, 0);
  push(producer, 1);
  topic.lose(0);
  await microtasks();
  assertEquals(partitionsOf(topic), [0, 1]);
  push(producer, 0, 11);
  await assertRejects(
    async () => await producer.push(0, undefined, { partition: 0 }),
    BackpressureError,
    "unavailable",
  );
  push(producer, 1, 11);
  await assertRejects(
    async () => await producer.push(0, undefined, { partition: 1 }),
    BackpressureError,
    "ready()",
  );
  topic.handed.splice(1, 1)[0].store();
  await microtasks();
  assertEquals(partitionsOf(topic), [0, 1]);
  await storeAll(topic, producer);
  assertEquals([0, 1].map((partition) => topic.takeIds(partition, 0)), [12, 12]);
});

test("a producer that pushes to unavailable partitions only has to wait for them, as for any others", async () => {
  const topic = scripted();
  await using producer = topic.producer({ batchSize: 1, maxNumBatches: 1, maxPendingBytes: 10 * 65 });
  push(producer, 0);
  topic.lose(0);
  push(producer, 0, 10);
  assertEquals([partitionsOf(topic), await isReady(producer)], [[0], false]);
  await storeAll(topic, producer);
  assertEquals(topic.takeIds(0, 0), 11);
});
