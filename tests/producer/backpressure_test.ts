// What is pending stays bounded, and nothing is lost silently.
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { BackpressureError } from "../../mod.ts";
import { test } from "../harness.ts";
import { turn } from "../waiting.ts";
import { microtasks, ScriptedTopic } from "./scripted_topic.ts";

test("a push over the bound is refused, and says how to go on", async () => {
  const topic = new ScriptedTopic();
  topic.answer = "later";
  await using producer = topic.producer({ batchSize: 2, maxNumBatches: 2 });
  const futures = Array.from({ length: 7 }, (_, n) => producer.push(n));
  assertEquals(topic.batches, [["0", "1"], ["2", "3"]]);
  const error = await assertRejects(async () => await futures[6], BackpressureError);
  assertEquals([error.code, error.canRetry], ["ERR_BACKPRESSURE", true]);
  assertStringIncludes(error.message, "await producer.ready()");
  assertEquals(futures[5].completed, false);
  let isReady = false;
  const ready = producer.ready().then(() => isReady = true);
  await turn();
  assertEquals(isReady, false);
  topic.handed[0].store();
  await microtasks();
  // The batch that waited goes, and takes the room.
  assertEquals(topic.batches[2], ["4", "5"]);
  topic.handed[1].store();
  await ready;
  topic.handed[2].store();
  assertEquals(await Promise.all(futures.slice(0, 6)), [0, 1, 2, 3, 4, 5]);
  topic.answer = "now";
  assertEquals(await producer.push(6), 6);
});

test("where the engine can block it is asked to, and nothing is refused", async () => {
  const topic = new ScriptedTopic();
  topic.answer = "later";
  const blocked: number[] = [];
  topic.blocking = ({ count }) => {
    // An engine that blocks has stored what came before.
    for (const { store } of topic.handed.splice(0)) store();
    blocked.push(count);
    return 1000 + blocked.length * 10;
  };
  await using producer = topic.producer({ batchSize: 2, maxNumBatches: 1 });
  const futures = Array.from({ length: 6 }, (_, n) => producer.push(n));
  assertEquals(blocked, [2, 2]);
  assertEquals(await Promise.all(futures), [0, 1, 1010, 1011, 1020, 1021]);
  topic.answer = "now";
});

test("an engine that cannot block just now has the push refused", async () => {
  const topic = new ScriptedTopic();
  topic.answer = "later";
  topic.blocking = () => undefined;
  await using producer = topic.producer({ batchSize: 1, maxNumBatches: 1 });
  producer.push(0);
  producer.push(1);
  await assertRejects(async () => await producer.push(2), BackpressureError);
  const flushed = producer.flush();
  topic.answer = "now";
  topic.handed[0].store();
  assertEquals(await flushed, true);
  assertEquals(topic.batches, [["0"], ["1"]]);
});

test("flush() waits until there is room, and stores everything", async () => {
  const topic = new ScriptedTopic(3);
  topic.answer = "later";
  await using producer = topic.producer({ maxNumBatches: 1 });
  for (let n = 0; n < 3; n++) producer.push(n, undefined, { partition: n });
  const flushed = producer.flush();
  for (let batch = 0; batch < 3; batch++) {
    await microtasks();
    assertEquals(topic.handed.length, batch + 1);
    topic.handed[batch].store();
  }
  assertEquals(await flushed, true);
});

test("a loop that awaits ready() is never refused", async () => {
  const topic = new ScriptedTopic();
  topic.answer = "later";
  await using producer = topic.producer({ batchSize: 10, maxNumBatches: 3 });
  let most = 0;
  const storing = setInterval(() => {
    most = Math.max(most, topic.handed.length);
    for (const { store } of topic.handed.splice(0)) store();
  }, 1);
  for (let n = 0; n < 500; n++) {
    await producer.ready();
    producer.push(n);
  }
  await producer.flush();
  clearInterval(storing);
  assert(most <= 3, `${most} batches were pending`);
  assertEquals(topic.takeIds(0, 0), 500);
});

test("a driver that answers at once never refuses, however much is pushed", async () => {
  const topic = new ScriptedTopic();
  await using producer = topic.producer({ batchSize: 1, maxNumBatches: 1 });
  for (let n = 0; n < 1000; n++) producer.push(n);
  await producer.flush();
  assertEquals(topic.handed.length, 1000);
});
