// What the memory driver does beyond the contract.
import { assertEquals, assertRejects } from "@std/assert";
import { Driver, FullDataSelector, InvalidOptionError } from "../../../mod.ts";
import { test } from "../../harness.ts";

test("drivers with the same store share topics, drivers without one have their own", async () => {
  const store = `memory test ${Math.random()}`;
  await using one = await Driver.open("memory", { store });
  await using other = await Driver.open("memory", { store });
  await using alone = await Driver.open("memory", {});
  await one.createTopic("t", {});
  assertEquals(await other.topicExists("t"), true);
  assertEquals(await alone.topicExists("t"), false);
});

test("a stored event is a copy of what was pushed", async () => {
  await using driver = await Driver.open("memory", {});
  await driver.createTopic("t", {});
  await using topic = await driver.openTopic("t");
  await using producer = topic.producer();
  const bytes = new Uint8Array([1, 2, 3]);
  await producer.push({ n: 1 }, bytes);
  await producer.push({ n: 2 }, [bytes, bytes]);
  bytes.fill(0);
  await using consumer = topic.consumer("c", { dataSelector: FullDataSelector });
  const events = [await consumer.pull(), await consumer.pull()];
  assertEquals(events.map((event) => [...event.data!]), [[1, 2, 3], [1, 2, 3, 1, 2, 3]]);
  events[0].data!.fill(9);
  assertEquals([...await events[0].loadData()], [1, 2, 3]);
});

test("topics in memory accept the durability levels of topics in files, and no other options", async () => {
  await using driver = await Driver.open("memory", {});
  await driver.createTopic("t", { num_partitions: 2, flush_behavior: "immediate" });
  await assertRejects(
    () => driver.createTopic("u", { flush_behavior: "never" as never }),
    InvalidOptionError,
    "flush_behavior",
  );
  await assertRejects(
    () => driver.createTopic("u", { segment_size: 3 } as never),
    InvalidOptionError,
    "segment_size",
  );
});

test("topics are trimmed by id, time and size, in whole batches", async () => {
  await using driver = await Driver.open("memory", {});
  await driver.createTopic("t", {});
  await using topic = await driver.openTopic("t");
  await using producer = topic.producer("p", { batchSize: 10 });
  for (let n = 0; n < 50; n++) producer.push(n);
  await producer.flush();
  assertEquals((await topic.trim({ beforeId: 15, dryRun: true }))[0].firstId, 10);
  assertEquals((await topic.trim({ beforeId: 15 }))[0], {
    partition: 0,
    firstIdBefore: 0,
    firstId: 10,
    bytes: 10,
  });
  const [{ bytes }] = await topic.describe();
  assertEquals((await topic.trim({ maxBytes: bytes - 1 }))[0].firstId, 20);
  assertEquals((await topic.trim({ beforeTime: Date.now() - 60_000 }))[0].firstId, 20);
  assertEquals((await topic.trim({ beforeTime: new Date(Date.now() + 1000) }))[0].firstId, 50);
  assertEquals((await topic.describe())[0].nextId, 50);
});

test("a wait in memory ends with an event, with its signal or with the consumer, and not before", async () => {
  await using driver = await Driver.open("memory", {});
  await driver.createTopic("t", {});
  await using topic = await driver.openTopic("t");
  await using producer = topic.producer();
  const consumer = topic.consumer("c");
  let ended = 0;
  const wait = (signal?: AbortSignal): Promise<unknown> =>
    consumer.pull().wait(60_000, { signal }).finally(() => ended++);
  const moment = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 10));
  const controller = new AbortController();
  const stopped = wait(controller.signal);
  const served = wait();
  await moment();
  assertEquals(ended, 0);
  controller.abort(new Error("enough"));
  await assertRejects(() => stopped, Error, "enough");
  await moment();
  assertEquals(ended, 1);
  await producer.push(1);
  assertEquals((await served as { id: number }).id, 0);
  const closed = wait();
  await moment();
  assertEquals(ended, 2);
  await consumer.close();
  await assertRejects(() => closed);
});
