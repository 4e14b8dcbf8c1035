// A consumer whose name was deleted could still acknowledge: the calls completed, and the positions were stored
// nowhere (with files) or recreated the name (in memory). Now they reject.
import { assertEquals, assertRejects } from "@std/assert";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConsumerDeletedError, Driver, type JsonObject, type Topic } from "../../mod.ts";
import { FilesDriver } from "../../src/drivers/files/driver.ts";
import { nodeStorage } from "../../src/storage/node.ts";
import type { Storage } from "../../src/storage/port.ts";
import { test } from "../harness.ts";

/** Runs a body with one topic opened twice, as two processes would. */
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
  test(`acknowledgements of a deleted consumer reject, and restore nothing, with the ${engine} driver`, () =>
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

  test(`a consumer that has only read gets an error when its name is deleted, with the ${engine} driver`, () =>
    withTopic(engine, async (topic, other) => {
      await other.seekConsumer("reader", { id: 3 });
      await using consumer = topic.consumer("reader");
      const event = await consumer.pull();
      assertEquals(event.id, 3);
      await other.deleteConsumer("reader");
      await assertRejects(async () => await event.acknowledge(), ConsumerDeletedError);
      assertEquals(await other.consumers(), []);
    }));

  test(`a deleted name that is used again keeps the new consumer's positions, with the ${engine} driver`, () =>
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

  test(`a consumer without a position can be deleted and continues, with the ${engine} driver`, () =>
    withTopic(engine, async (topic, other) => {
      await using consumer = topic.consumer("reader");
      const event = await consumer.pull();
      await other.deleteConsumer("reader");
      await event.acknowledge();
      assertEquals(await other.consumers(), ["reader"]);
    }));
}

// Another process had created the consumer's folder just before this one renamed its own into place, and
// deleted the consumer just after: the acknowledgement failed with ENOTEMPTY. Found by the simulation, seed
// 22545.
test("an acknowledgement creates its consumer even while another process creates and deletes it", async () => {
  const root = mkdtempSync(join(tmpdir(), "diaspora-deleted-"));
  try {
    let met = 0;
    let beside: { make(): void; remove(): void } | undefined;
    const storage: Storage = {
      ...nodeStorage,
      rename(from, to) {
        if (!to.includes("/consumers/") || beside === undefined) return nodeStorage.rename(from, to);
        const { make, remove } = beside;
        beside = undefined;
        make();
        try {
          nodeStorage.rename(from, to);
        } catch (error) {
          met++;
          throw error;
        } finally {
          remove();
        }
      },
    };
    await using driver = Driver.from(new FilesDriver({ root_path: root }, storage));
    await driver.createTopic("topic", { num_partitions: 1 });
    await using topic = await driver.openTopic("topic");
    await using producer = topic.producer("p");
    await producer.push({ n: 0 });
    await using consumer = topic.consumer("reader");
    const event = await consumer.pull();
    const folder = join(root, "topic", "consumers", "reader");
    beside = {
      make: () => {
        mkdirSync(folder, { recursive: true });
        writeFileSync(join(folder, "name"), "reader");
      },
      remove: () => rmSync(folder, { recursive: true }),
    };
    await event.acknowledge();
    assertEquals(met, 1);
    assertEquals((await topic.lag("reader"))[0].position, 1);
  } finally {
    rmSync(root, { recursive: true });
  }
});
