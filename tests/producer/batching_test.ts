// When a batch is sent to the driver.
import { assert, assertEquals, assertFalse } from "@std/assert";
import { BatchSize } from "../../mod.ts";
import { test } from "../harness.ts";
import { turn } from "../waiting.ts";
import { microtasks, ScriptedTopic } from "./scripted_topic.ts";

test("events that are not awaited are sent together at the next turn of the event loop", async () => {
  const topic = new ScriptedTopic();
  await using producer = topic.producer();
  const futures = [1, 2, 3].map((n) => producer.push(n));
  await microtasks();
  assertEquals(topic.handed.length, 0);
  assertFalse(futures[0].completed);
  await turn();
  assertEquals(topic.batches, [["1", "2", "3"]]);
  assert(futures.every((future) => future.completed));
  producer.push(4);
  await turn();
  assertEquals(topic.batches, [["1", "2", "3"], ["4"]]);
});

test("an awaited event is sent at once, with those pushed with it", async () => {
  const topic = new ScriptedTopic();
  await using producer = topic.producer();
  assertEquals(await producer.push(1), 0);
  assertEquals(await producer.push(2), 1);
  assertEquals(topic.batches, [["1"], ["2"]]);
  const ids = await Promise.all(Array.from({ length: 64 }, (_, n) => producer.push(n)));
  assertEquals(ids, Array.from({ length: 64 }, (_, n) => n + 2));
  assertEquals(topic.handed.length, 3);
  const waits = Array.from({ length: 64 }, (_, n) => producer.push(n).wait(-1));
  assertEquals((await Promise.all(waits)).length, 64);
  assertEquals(topic.handed.length, 4);
});

test("a full batch is sent at once, by number of events or by bytes", async () => {
  const topic = new ScriptedTopic();
  {
    await using producer = topic.producer({ batchSize: 3 });
    for (let n = 0; n < 7; n++) producer.push(n);
    assertEquals(topic.batches, [["0", "1", "2"], ["3", "4", "5"]]);
    await producer.flush();
    assertEquals(topic.batches.at(-1), ["6"]);
  }
  topic.handed.length = 0;
  await using producer = topic.producer({ batchSize: BatchSize.Adaptive });
  const text = JSON.stringify("x".repeat(300 * 1024));
  for (let n = 0; n < 4; n++) producer.push(text);
  assertEquals(topic.handed.map(({ metadata }) => metadata.length), [2]);
  producer.push(4, new Uint8Array(5 * 1024 * 1024));
  assertEquals(topic.handed.map(({ metadata }) => metadata.length), [2, 2, 1]);
  assertEquals(topic.handed[2].sizes, [5 * 1024 * 1024]);
  for (let n = 0; n < 20_000; n++) producer.push(n);
  assertEquals(topic.handed.slice(3).map(({ metadata }) => metadata.length), Array(4).fill(4096));
});

test("large data parts share batches, four of 160 KiB to 1 MiB", async () => {
  const cases: [kib: number, counts: number[]][] = [
    [64, [11, 11]],
    [161, Array(6).fill(4)],
    [700, Array(6).fill(4)],
    [1024, Array(6).fill(4)],
    [1088, Array(6).fill(4)],
  ];
  for (const [kib, counts] of cases) {
    const topic = new ScriptedTopic();
    await using producer = topic.producer();
    const data = new Uint8Array(kib * 1024);
    for (let n = 0; n < 25; n++) producer.push(n, data);
    assertEquals(topic.handed.map(({ metadata }) => metadata.length), counts, `${kib} KiB`);
  }
});

test("each partition has its own batch, and events keep their own data", async () => {
  const topic = new ScriptedTopic(2);
  await using producer = topic.producer();
  for (let n = 0; n < 5; n++) {
    producer.push(n, n === 3 ? new Uint8Array(7) : undefined, { partition: n % 2 });
  }
  producer.push(5, null as never, { partition: 0 });
  producer.push(6, [new Uint8Array(1), new Uint16Array(2)], { partition: 0 });
  producer.push(7, new Uint8Array(0), { partition: 0 });
  await producer.flush();
  const byPartition = [...topic.handed].sort((one, other) => one.partition - other.partition);
  assertEquals(byPartition.map(({ metadata }) => metadata), [["0", "2", "4", "5", "6", "7"], ["1", "3"]]);
  assertEquals(byPartition.map(({ sizes }) => sizes), [[0, 0, 0, 0, 5, 0], [0, 7]]);
});

test("while a batch is being stored the next one fills, and full ones are sent in parallel", async () => {
  const topic = new ScriptedTopic();
  topic.answer = "later";
  await using producer = topic.producer({ batchSize: 4 });
  const first = producer.push(0).wait(-1);
  await microtasks();
  assertEquals(topic.batches, [["0"]]);
  const others = [1, 2, 3].map((n) => producer.push(n).wait(-1));
  await turn();
  assertEquals(topic.handed.length, 1);
  others.push(producer.push(4).wait(-1));
  assertEquals(topic.batches, [["0"], ["1", "2", "3", "4"]]);
  const last = producer.push(5).wait(-1);
  topic.handed[0].store();
  assertEquals(await first, 0);
  topic.handed[1].store();
  assertEquals(await Promise.all(others), [1, 2, 3, 4]);
  await microtasks();
  assertEquals(topic.batches.at(-1), ["5"]);
  topic.handed[2].store();
  assertEquals(await last, 5);
});

test("the driver may use the arrays it was given only until it answers", async () => {
  const topic = new ScriptedTopic();
  await using producer = topic.producer({ batchSize: 2 });
  for (let n = 0; n < 5; n++) producer.push(n);
  await producer.flush();
  assertEquals(topic.batches, [["0", "1"], ["2", "3"], ["4"]]);
});

test("a stream is sent alone, after everything pushed before it", async () => {
  const topic = new ScriptedTopic();
  await using producer = topic.producer();
  async function* pieces() {
    yield new Uint8Array(3);
  }
  producer.push(1);
  producer.push(2, pieces());
  producer.push(3);
  await producer.flush();
  assertEquals(topic.batches, [["1"], ["2"], ["3"]]);
  assertEquals(topic.handed.map(({ streamed }) => streamed), [false, true, false]);
});

test("flush() stores what was pushed before, and flushes the driver", async () => {
  const topic = new ScriptedTopic();
  topic.answer = "later";
  const producer = topic.producer();
  producer.push(1);
  const flushed = producer.flush();
  assertEquals(topic.batches, [["1"]]);
  producer.push(2);
  assertEquals(await flushed.wait(5), undefined);
  assertEquals(topic.flushes, 0);
  topic.handed[0].store();
  assertEquals(await flushed.wait(1000), true);
  assertEquals(topic.flushes, 1);
  topic.answer = "now";
  const closed = producer.close();
  for (const { store } of topic.handed) store();
  await closed;
  assertEquals(topic.closes, 1);
});

test("many partitions together hold a bounded amount", async () => {
  const topic = new ScriptedTopic(200);
  await using producer = topic.producer();
  const data = new Uint8Array(1000);
  const total = 100_000;
  for (let n = 0; n < total; n++) producer.push(n, data, { partition: n % 200 });
  const handed = topic.handed.reduce((sum, { metadata }) => sum + metadata.length, 0);
  assert(handed > total / 2, `only ${handed} of ${total} events were handed over`);
  await producer.flush();
  assertEquals(topic.handed.reduce((sum, { metadata }) => sum + metadata.length, 0), total);
});

test("a data part of a single byte is stored in whichever form it is pushed, and an empty one is none", async () => {
  const topic = new ScriptedTopic();
  await using producer = topic.producer();
  const byte = () => new Uint8Array([7]);
  for (
    const part of [byte(), byte().buffer, new DataView(byte().buffer), [byte()], [byte(), new Uint8Array(0)]]
  ) {
    await producer.push(1, part as never);
  }
  for (const part of [new Uint8Array(0), new ArrayBuffer(0), [], [new Uint8Array(0)]]) {
    await producer.push(1, part as never);
  }
  assertEquals(topic.handed.flatMap(({ sizes }) => sizes), [1, 1, 1, 1, 1, 0, 0, 0, 0]);
});
