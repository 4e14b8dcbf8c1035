import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type ConsumerOptions,
  Driver,
  FlushError,
  FullDataSelector,
  InvalidMetadataError,
  PushEnvelope,
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
