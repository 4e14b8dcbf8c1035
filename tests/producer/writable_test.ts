import { Buffer } from "node:buffer";
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  BackpressureError,
  type ConsumerOptions,
  Driver,
  FlushError,
  FullDataSelector,
  InvalidMetadataError,
  PushEnvelope,
  type Validator,
} from "../../mod.ts";
import { test } from "../harness.ts";
import { turn } from "../waiting.ts";
import { ScriptedTopic } from "./scripted_topic.ts";

test("writes are pushed, and closing flushes", async () => {
  const topic = new ScriptedTopic(2);
  await using producer = topic.producer();
  const writer = producer.writable().getWriter();
  await writer.write({ n: 1 });
  await writer.write('{"n": 2}');
  await writer.write(new PushEnvelope({ n: 3 }, new Uint8Array(5), { partition: 1 }));
  await writer.write(new PushEnvelope("4"));
  await writer.close();
  const stored = topic.handed.flatMap(({ partition, metadata, sizes }) =>
    metadata.map((text, index) => `${text} in ${partition} with ${sizes[index]}`)
  );
  assertEquals(stored.sort(), [
    "4 in 0 with 0",
    '{"n": 2} in 1 with 0',
    '{"n":1} in 0 with 0',
    '{"n":3} in 1 with 5',
  ]);
});

test("events flow from one topic to another with their data", async () => {
  await using driver = await Driver.open("memory", {});
  await driver.createTopic("from", { num_partitions: 2 });
  await driver.createTopic("to", { num_partitions: 1 });
  await using from = await driver.openTopic("from");
  await using to = await driver.openTopic("to");
  await using producer = from.producer();
  for (let n = 0; n < 100; n++) producer.push({ n }, new Uint8Array(n));
  await producer.flush();
  await using source = from.consumer("c", { dataSelector: FullDataSelector });
  await using target = to.producer();
  await source.readable({ until: "end" }).pipeTo(target.writable());
  await using copy = to.consumer("c", { dataSelector: FullDataSelector });
  let count = 0;
  for await (const event of copy.events({ until: "end" })) {
    count++;
    assertEquals(event.data?.byteLength, (event.metadata as { n: number }).n);
  }
  assertEquals(count, 100);
});

test("an event's data is taken as it was delivered, loaded whole if it is small, and else copied by pieces", async () => {
  await using driver = await Driver.open("memory", {});
  await driver.createTopic("from", { num_partitions: 1 });
  await using from = await driver.openTopic("from");
  await using producer = from.producer();
  const mib = 1 << 20;
  const sizes = [0, 5, 8 * mib, 8 * mib + 1];
  for (const [n, size] of sizes.entries()) producer.push(n, new Uint8Array(size));
  await producer.flush();
  const piped = async (options: ConsumerOptions) => {
    const target = new ScriptedTopic();
    await using source = from.consumer(`c${Object.keys(options).length}`, options);
    await source.readable({ until: "end" }).pipeTo(target.producer({ batchSize: 1 }).writable());
    return target.handed.map(({ metadata, sizes, streamed }) => [metadata, sizes, streamed]);
  };
  const whole = sizes.map((size, n) => [[String(n)], [size], false]);
  assertEquals(await piped({ dataSelector: FullDataSelector }), whole);
  // A stream says its size once it was read.
  assertEquals(await piped({}), [...whole.slice(0, 3), [["3"], [0], true]]);
});

test("data that was delivered is written on as it is, whatever its reader has done with it", async () => {
  await using driver = await Driver.open("memory", {});
  for (const name of ["from", "to"]) await driver.createTopic(name, { num_partitions: 1 });
  await using from = await driver.openTopic("from");
  await using to = await driver.openTopic("to");
  await using producer = from.producer();
  for (const size of [0, 1, 2]) producer.push(size, new Uint8Array(size));
  await producer.flush();
  await using source = from.consumer("c", { dataSelector: FullDataSelector });
  await using target = to.producer();
  const writer = target.writable().getWriter();
  for await (const event of source.events({ until: "end" })) {
    event.data?.fill(7);
    await writer.write(event);
  }
  await writer.close();
  await using copy = to.consumer("c", { dataSelector: FullDataSelector });
  const copied: number[][] = [];
  for await (const { data } of copy.events({ until: "end" })) copied.push([...data ?? []]);
  assertEquals(copied, [[], [7], [7, 7]]);
});

test("an event whose data is copied by pieces is stored, with all of them, before the next one is written", async () => {
  await using driver = await Driver.open("memory", {});
  for (const name of ["from", "to"]) await driver.createTopic(name, { num_partitions: 1 });
  await using from = await driver.openTopic("from");
  await using to = await driver.openTopic("to");
  await using producer = from.producer();
  const data = new Uint8Array((8 << 20) + 1);
  data.set([1, 2, 3], 1 << 20);
  data.set([4, 5, 6], (8 << 20) - 2);
  await producer.push(1, data);
  await using source = from.consumer("c");
  const event = await source.pull();
  await using copier = to.producer();
  await copier.writable().getWriter().write(event);
  await using copy = to.consumer("c", { dataSelector: FullDataSelector });
  const copied = await copy.pull();
  assertEquals(Buffer.compare(copied.data!, data), 0);
  const target = new ScriptedTopic();
  target.answer = "later";
  const writer = target.producer().writable().getWriter();
  let isWritten = false;
  const written = writer.write(event).then(() => isWritten = true);
  await turn();
  assertEquals([target.handed.map(({ streamed }) => streamed), isWritten], [[true], false]);
  target.handed[0].store();
  await written;
});

test("metadata that is stored as text is stored again as that text, with digits that a double does not hold", async () => {
  await using driver = await Driver.open("memory", {});
  await driver.createTopic("from", { num_partitions: 1 });
  await using from = await driver.openTopic("from");
  await using producer = from.producer();
  const texts = ['{"id": 12345678901234567890}', "[1.0, 2.50]"];
  for (const text of texts) await producer.push(text);
  const target = new ScriptedTopic();
  await using source = from.consumer("c");
  await source.readable({ until: "end" }).pipeTo(target.producer().writable());
  assertEquals(target.batches.flat(), texts);
});

test("a string that is stored by another serializer is stored as a string again", async () => {
  await using driver = await Driver.open("memory", {});
  await driver.createTopic("from", { num_partitions: 1 }, { serializer: { type: "cbor" } });
  await using from = await driver.openTopic("from");
  await using producer = from.producer();
  for (const value of ['"42"', "42", '{"a":"1"}']) producer.push(value);
  await producer.flush();
  const target = new ScriptedTopic();
  await using source = from.consumer("c");
  await source.readable({ until: "end" }).pipeTo(target.producer().writable());
  assertEquals(target.batches.flat(), ['"42"', "42", '{"a":"1"}']);
});

test("a writer waits while too much is pending", async () => {
  const topic = new ScriptedTopic();
  topic.answer = "later";
  await using producer = topic.producer({ batchSize: 1, maxNumBatches: 2 });
  const writer = producer.writable().getWriter();
  await writer.write(1);
  await writer.write(2);
  let isThrough = false;
  const third = writer.write(3).then(() => isThrough = true);
  await turn();
  assert(!isThrough);
  assertEquals(topic.handed.length, 2);
  topic.handed[0].store();
  await third;
  topic.answer = "now";
  for (const { store } of topic.handed) store();
  await writer.close();
});

test("several writers of one producer wait for the room that the others took", async () => {
  const topic = new ScriptedTopic();
  topic.answer = "later";
  const options = { batchSize: 1, maxNumBatches: 1, maxPendingBytes: 130 };
  const producer = topic.producer(options);
  const writers = Array.from({ length: 6 }, () => producer.writable().getWriter());
  const writes = Promise.all(writers.map((writer, n) => writer.write(n)));
  for (let index = 0; index < writers.length; index++) {
    while (topic.handed.length <= index) await turn();
    topic.handed[index].store();
  }
  await writes;
  assertEquals(topic.batches, [["0"], ["1"], ["2"], ["3"], ["4"], ["5"]]);
  await producer.close();
});

test("several writers wait for each other's events in components, where nothing is in flight", async () => {
  const topic = new ScriptedTopic();
  const ends: (() => void)[] = [];
  const validator: Validator = {
    config: () => ({ type: "test" }),
    validate: () => new Promise<void>((resolve) => ends.push(resolve)),
  };
  const producer = topic.producer({ maxPendingBytes: 1000 }, { validator });
  const writes = [0, 1, 2].map((n) => producer.writable().getWriter().write(n));
  for (let n = 0; n < writes.length; n++) {
    while (ends.length <= n) await turn();
    ends[n]();
  }
  await Promise.all(writes);
  await producer.close();
  assertEquals(topic.batches.flat(), ["0", "1", "2"]);
});

test("a write to a partition that stores nothing for now waits for it, and asks no more until something happens", async () => {
  const topic = new ScriptedTopic(2);
  topic.answer = "later";
  let asked = 0;
  topic.unavailable = new class extends Set<number> {
    override has(partition: number): boolean {
      if (++asked > 1000) throw new Error("asked all the time");
      return super.has(partition);
    }
  }();
  const producer = topic.producer({ batchSize: 1, maxNumBatches: 1, maxPendingBytes: 20 * 65 });
  const push = (n: number) => producer.push(n, undefined, { partition: 0 });
  push(0);
  producer.push(0, undefined, { partition: 1 });
  topic.lose(0);
  await turn();
  for (let n = 1; n < 11; n++) push(n);
  await assertRejects(async () => await push(11), BackpressureError, "unavailable");
  topic.handed[1].store();
  await producer.ready();
  const writer = producer.writable().getWriter();
  const write = writer.write(new PushEnvelope(11, undefined, { partition: 0 }));
  await turn();
  assertEquals(topic.handed.map(({ partition }) => partition), [0, 1]);
  topic.unavailable.delete(0);
  topic.answer = "now";
  topic.handed[0].store();
  await write;
  await writer.close();
  assertEquals([topic.takeIds(0, 0), topic.takeIds(1, 0)], [12, 1]);
  await producer.close();
});

test("a push that is refused at once fails the write", async () => {
  const topic = new ScriptedTopic();
  await using producer = topic.producer();
  const writer = producer.writable().getWriter();
  const closed = assertRejects(() => writer.closed, InvalidMetadataError);
  await assertRejects(() => writer.write("{"), InvalidMetadataError, "not a JSON document");
  await assertRejects(() => writer.write(1), InvalidMetadataError);
  await closed;
});

test("a push that fails later fails the next write, or closing", async () => {
  for (const end of ["write", "close"] as const) {
    const topic = new ScriptedTopic();
    topic.answer = "later";
    const producer = topic.producer({ batchSize: 1 });
    const writer = producer.writable().getWriter();
    const closed = assertRejects(() => writer.closed, FlushError);
    await writer.write(1);
    topic.handed[0].fail(new Error("the disk is full"));
    await turn();
    await assertRejects(
      () => end === "write" ? writer.write(2) : writer.close(),
      FlushError,
      "the disk is full",
    );
    await closed;
    await producer.close();
  }
});

test("aborting the stream keeps earlier writes", async () => {
  const topic = new ScriptedTopic();
  await using producer = topic.producer();
  const writer = producer.writable().getWriter();
  await writer.write(1);
  await writer.abort(new Error("enough"));
  assertEquals(topic.batches, [["1"]]);
});
