// Pending events are bounded, and none is lost silently.
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { BackpressureError } from "../../mod.ts";
import { test } from "../harness.ts";
import { turn } from "../waiting.ts";
import { microtasks, ScriptedTopic } from "./scripted_topic.ts";

/** Enough for two numbers to wait: an event counts 64 bytes in addition to its text. */
const maxPendingBytes = 2 * 65 - 1;

test("a push over the limit is refused, with the remedy", async () => {
  const topic = new ScriptedTopic();
  topic.answer = "later";
  await using producer = topic.producer({ batchSize: 2, maxNumBatches: 2, maxPendingBytes });
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
  // The waiting batch is sent, which makes room.
  assertEquals(topic.batches[2], ["4", "5"]);
  topic.handed[1].store();
  await ready;
  topic.handed[2].store();
  assertEquals(await Promise.all(futures.slice(0, 6)), [0, 1, 2, 3, 4, 5]);
  topic.answer = "now";
  assertEquals(await producer.push(6), 6);
});

test("an engine that can block is asked to, and nothing is refused", async () => {
  const topic = new ScriptedTopic();
  topic.answer = "later";
  const blocked: number[] = [];
  topic.blocking = ({ count }) => {
    // A blocking engine has stored what was pushed before.
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

test("an engine that cannot block at the moment has the push refused once too much is pending", async () => {
  const topic = new ScriptedTopic();
  topic.answer = "later";
  topic.blocking = () => undefined;
  await using producer = topic.producer({ batchSize: 1, maxNumBatches: 1, maxPendingBytes: 64 });
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

test("a synchronous driver never refuses, however much is pushed", async () => {
  const topic = new ScriptedTopic();
  await using producer = topic.producer({ batchSize: 1, maxNumBatches: 1 });
  for (let n = 0; n < 1000; n++) producer.push(n);
  await producer.flush();
  assertEquals(topic.handed.length, 1000);
});

test("a loop that never awaits is stored by its flush, even if the engine cannot block", async () => {
  const topic = new ScriptedTopic(3);
  topic.answer = "later";
  await using producer = topic.producer({ batchSize: 10, maxNumBatches: 2 });
  const futures = Array.from({ length: 5000 }, (_, n) => producer.push(n));
  let most = 0;
  const storing = setInterval(() => {
    most = Math.max(most, topic.handed.length);
    for (const { store } of topic.handed.splice(0)) store();
  }, 0);
  await producer.flush();
  clearInterval(storing);
  assert(most <= 2, `${most} batches were being stored at a time`);
  assertEquals(await Promise.all(futures), Array.from({ length: 5000 }, (_, n) => Math.floor(n / 3)));
});

test("streams wait for room as well, in order", async () => {
  const topic = new ScriptedTopic();
  topic.answer = "later";
  await using producer = topic.producer({ batchSize: 2, maxNumBatches: 1 });
  async function* bytes(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(1);
  }
  for (let n = 0; n < 9; n++) producer.push(n, n % 3 === 1 ? bytes() : undefined);
  const flushed = producer.flush();
  const batches: unknown[] = [];
  while (batches.length < 9) {
    await microtasks();
    for (const { metadata, store } of topic.handed.splice(0)) {
      batches.push(...metadata);
      store();
    }
  }
  assertEquals(batches.map(Number), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
  assertEquals(await flushed, true);
});

test("pending bytes are bounded over all partitions, and stored events make room", async () => {
  const topic = new ScriptedTopic(50);
  topic.answer = "later";
  await using producer = topic.producer({ batchSize: 4, maxNumBatches: 1, maxPendingBytes: 100 * 65 });
  const futures = Array.from({ length: 400 }, () => producer.push(1));
  const refused = await Promise.allSettled(futures.filter(({ completed }) => completed));
  assert(refused.length > 250 && refused.length < 300, `${refused.length} were refused`);
  const storing = setInterval(() => topic.handed.splice(0).forEach(({ store }) => store()), 0);
  await producer.ready();
  await producer.push(2);
  await producer.flush();
  clearInterval(storing);
});
