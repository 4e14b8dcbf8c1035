// Failed pushes: callers that wait are notified, and if there are none, the next flush reports the failure.
import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import {
  ClosedError,
  FlushError,
  InvalidDataError,
  InvalidMetadataError,
  NoSuchPartitionError,
  StorageError,
  TopicDeletedError,
} from "../../mod.ts";
import { test } from "../harness.ts";
import { turn } from "../waiting.ts";
import { microtasks, ScriptedTopic } from "./scripted_topic.ts";

const full = new StorageError("ENOSPC", "Cannot write: no space left");

test("a failed push rejects its future, whatever the cause", async () => {
  const topic = new ScriptedTopic(2);
  await using producer = topic.producer();
  const cases: [() => Promise<unknown>, Parameters<typeof assertRejects>[1]][] = [
    [() => producer.push("not json"), InvalidMetadataError],
    [() => producer.push({ a: undefined } as never), InvalidMetadataError],
    [() => producer.push(undefined as never), InvalidMetadataError],
    [() => producer.push(1, "text" as never), InvalidDataError],
    [() => producer.push(1, undefined, { partition: -1 }), NoSuchPartitionError],
    [() => producer.push(1, undefined, { partition: 0.5 }), NoSuchPartitionError],
  ];
  for (const [push, kind] of cases) await assertRejects(push, kind);
  await producer.flush();
  assertEquals(topic.handed.length, 0);
  assertEquals(await producer.push(1, undefined, { partition: 3 }), 0);
  assertEquals(topic.handed[0].partition, 1);
});

test("a batch that cannot be stored rejects every future of it, and the next one is tried", async () => {
  const topic = new ScriptedTopic();
  await using producer = topic.producer();
  topic.answer = full;
  const futures = [producer.push(1), producer.push(2)];
  for (const future of futures) assertStrictEquals(await future.catch((error) => error), full);
  assert(futures[0].completed);
  topic.answer = "now";
  assertEquals(await producer.push(3), 0);
  await producer.flush();
});

test("unobserved failures are counted by the next flush, with the first one", async () => {
  const topic = new ScriptedTopic();
  await using producer = topic.producer({ batchSize: 2 });
  topic.answer = full;
  producer.push(1);
  producer.push(2);
  producer.push("{");
  topic.answer = "now";
  const error = await assertRejects(async () => await producer.flush(), FlushError);
  assertEquals([error.failures, error.cause, error.code], [3, full, "ERR_FLUSH_FAILED"]);
  assertEquals(error.message, "Cannot flush: 3 pushes failed, the first one: Cannot write: no space left");
  assertEquals(await producer.flush(), true);
});

test("a failure that was observed is not reported again", async () => {
  const topic = new ScriptedTopic();
  await using producer = topic.producer();
  topic.answer = full;
  const looked = [producer.push(1), producer.push(2), producer.push(3)];
  await assertRejects(async () => await looked[0], StorageError);
  await assertRejects(() => looked[0].wait(5), StorageError);
  await assertRejects(() => looked[2].wait(5), StorageError);
  const error = await assertRejects(async () => await producer.flush(), FlushError);
  assertEquals(error.failures, 1);
  await assertRejects(async () => await looked[1], StorageError);
  assertEquals(await producer.flush(), true);
});

test("an unobserved failure has no side effect, even with an asynchronous driver", async () => {
  const topic = new ScriptedTopic();
  topic.answer = "later";
  await using producer = topic.producer();
  const waited = producer.push(1);
  assertEquals(await waited.wait(0), undefined);
  topic.handed[0].fail(full);
  await turn();
  producer.push(2);
  await turn();
  topic.handed[1].fail(full);
  await turn();
  const error = await assertRejects(async () => await producer.flush(), FlushError);
  assertEquals(error.failures, 1);
  await assertRejects(async () => await waited, StorageError);
});

test("a flush that no one awaits leaves its failures to the next one", async () => {
  const topic = new ScriptedTopic();
  await using producer = topic.producer();
  producer.push("{");
  producer.flush();
  await turn();
  producer.push("[");
  const error = await assertRejects(async () => await producer.flush(), FlushError);
  assertEquals(error.failures, 2);
});

test("closing throws the error of the flush, and still releases the driver", async () => {
  const topic = new ScriptedTopic();
  const dropped = async () => {
    await using producer = topic.producer();
    producer.push("{");
  };
  await assertRejects(dropped, FlushError);
  assertEquals(topic.closes, 1);
  topic.flushError = full;
  const producer = topic.producer();
  producer.push(1);
  await assertRejects(() => producer.close(), StorageError);
  await assertRejects(() => producer.close(), StorageError);
  assertEquals(topic.closes, 2);
});

test("a closed producer refuses events", async () => {
  const topic = new ScriptedTopic();
  const producer = topic.producer();
  await producer.close();
  const future = producer.push(1);
  assert(future.completed);
  await assertRejects(async () => await future, ClosedError);
  await microtasks();
  assertEquals(topic.handed.length, 0);
});

test("a topic is notified once that a producer is closed, also if the last flush fails", async () => {
  for (const flushError of [undefined, new Error("full")]) {
    const topic = new ScriptedTopic();
    topic.flushError = flushError;
    let notified = 0;
    const producer = topic.producer({}, {}, () => notified++);
    const closed = await Promise.allSettled([producer.close(), producer.close()]);
    assertEquals(closed.map(({ status }) => status === "rejected"), [
      flushError !== undefined,
      flushError !== undefined,
    ]);
    assertEquals([notified, topic.closes], [1, 1]);
  }
});

test("the flush of a deleted topic fails, but a producer of it can be closed", async () => {
  const topic = new ScriptedTopic();
  topic.flushError = new TopicDeletedError("scripted");
  const producer = topic.producer();
  await assertRejects(async () => await producer.flush(), TopicDeletedError);
  await producer.close();
  assertEquals(topic.closes, 1);
});
