// A consumer whose name was deleted went on acknowledging: the calls completed, and the positions were stored nowhere
// (in files) or brought the name back (in memory). Now they reject.
import { assertEquals, assertRejects } from "@std/assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConsumerDeletedError, Driver, type JsonObject, type Topic } from "../../mod.ts";
import { test } from "../harness.ts";

/** Runs a body with one topic opened twice, as two processes would have it. */
async function withTopic(engine: string, body: (one: Topic, other: Topic) => Promise<void>): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), "diaspora-deleted-"));
  try {
    const options: JsonObject = engine === "files" ? { root_path: root } : { store: root };
    await using driver = await Driver.open(engine, options);
    await using other = await Driver.open(engine, options);
    await driver.createTopic("topic", { num_partitions: 2 });
    await using topic = await driver.openTopic("topic");
    await using producer = topic.producer("p");
    for (let n = 0; n < 20; n++) await producer.push({ n }, undefined, { partition: n % 2 });
    await using again = await other.openTopic("topic");
    await body(topic, again);
  } finally {
    rmSync(root, { recursive: true });
  }
}

for (const engine of ["files", "memory"]) {
  test(`acknowledgements of a deleted consumer reject, and bring nothing back, with the ${engine} driver`, () =>
    withTopic(engine, async (topic, other) => {
      await using consumer = topic.consumer("reader");
      await (await consumer.pull()).acknowledge();
      const event = await consumer.pull();
      await other.deleteConsumer("reader");
      const error = await assertRejects(async () => await event.acknowledge(), ConsumerDeletedError);
      assertEquals([error.code, error.consumer], ["ERR_CONSUMER_DELETED", "reader"]);
      await assertRejects(async () => await (await consumer.pull()).acknowledge(), ConsumerDeletedError);
      assertEquals(await topic.consumers(), []);
    }));

  test(`a consumer that has only read so far is told that its name was deleted, with the ${engine} driver`, () =>
    withTopic(engine, async (topic, other) => {
      await other.seekConsumer("reader", { id: 3 });
      await using consumer = topic.consumer("reader");
      const event = await consumer.pull();
      assertEquals(event.id, 3);
      await other.deleteConsumer("reader");
      await assertRejects(async () => await event.acknowledge(), ConsumerDeletedError);
      assertEquals(await other.consumers(), []);
    }));

  test(`a name that was deleted and used again keeps what the new consumer stores, with the ${engine} driver`, () =>
    withTopic(engine, async (topic, other) => {
      await using old = topic.consumer("reader", { partitions: [0] });
      for (let n = 0; n < 5; n++) await (await old.pull()).acknowledge();
      await other.deleteConsumer("reader");
      await using fresh = other.consumer("reader", { partitions: [0] });
      await (await fresh.pull()).acknowledge();
      await assertRejects(async () => await (await old.pull()).acknowledge(), ConsumerDeletedError);
      assertEquals((await other.lag("reader"))[0].position, 1);
      await (await fresh.pull()).acknowledge();
      assertEquals((await topic.lag("reader"))[0].position, 2);
    }));

  test(`a name that never stored anything can be deleted, and its consumer goes on, with the ${engine} driver`, () =>
    withTopic(engine, async (topic, other) => {
      await using consumer = topic.consumer("reader");
      const event = await consumer.pull();
      await other.deleteConsumer("reader");
      await event.acknowledge();
      assertEquals(await other.consumers(), ["reader"]);
    }));
}
