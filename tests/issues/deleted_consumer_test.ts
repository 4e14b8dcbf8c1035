// A consumer whose name was deleted could still acknowledge: the calls completed, and the positions were stored
// nowhere (with files) or recreated the name (in memory). Now they reject.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Consumer,
  ConsumerDeletedError,
  DiasporaError,
  Driver,
  type JsonObject,
  type Topic,
} from "../../mod.ts";
import { FilesDriver } from "../../src/drivers/files/driver.ts";
import { nodeStorage } from "../../src/storage/node.ts";
import type { Storage } from "../../src/storage/port.ts";
import { test } from "../harness.ts";

/** Runs a body with one topic opened twice, as two processes would. */
async function withTopic(
  engine: string,
  body: (one: Topic, other: Topic, root: string) => Promise<void>,
): Promise<void> {
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
    await body(topic, again, root);
  } finally {
    rmSync(root, { recursive: true });
  }
}

/** Reads on until the next event of a partition, and acknowledges it. */
async function acknowledgeIn(consumer: Consumer, partition: number): Promise<void> {
  let event = await consumer.pull();
  while (event.partition !== partition) event = await consumer.pull();
  await event.acknowledge();
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
      // Not only once: what the old consumer had read is not what the new one has.
      for (let n = 0; n < 3; n++) {
        await assertRejects(async () => await (await old.pull()).acknowledge(), ConsumerDeletedError);
      }
      assertEquals((await other.lag("reader"))[0].position, 1);
      await (await fresh.pull()).acknowledge();
      assertEquals((await topic.lag("reader"))[0].position, 2);
    }));

  test(`a deleted consumer acknowledges nothing in partitions that are new to it, with the ${engine} driver`, () =>
    withTopic(engine, async (topic, other) => {
      await using old = topic.consumer("reader");
      await acknowledgeIn(old, 0);
      await other.deleteConsumer("reader");
      await using fresh = other.consumer("reader");
      await acknowledgeIn(fresh, 0);
      await assertRejects(() => acknowledgeIn(old, 1), ConsumerDeletedError);
      assertEquals((await topic.lag("reader")).map(({ position }) => position), [1, 0]);
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

// Only the first acknowledgement after the deletion rejected with files: the next ones moved the position of the
// consumer that had the name since then, past events that it had not read.
for (const group of [false, true]) {
  for (const made of [false, true]) {
    test(
      `acknowledgements ${group ? "in a group " : ""}reject until the consumer is opened again, after its ${
        made ? "name was deleted and used again" : "position file was removed by hand"
      }`,
      () =>
        withTopic("files", async (topic, other, root) => {
          await using old = topic.consumer("reader", { group });
          for (let n = 0; n < 3; n++) await acknowledgeIn(old, 0);
          if (made) {
            await other.deleteConsumer("reader");
            await other.seekConsumer("reader", { id: 1 });
          } else rmSync(join(root, "topic", "consumers", "reader", "00000000.pos"));
          // A member may have found before that it is not in the group any more.
          const codes = ["ERR_CONSUMER_DELETED", ...group ? ["ERR_PARTITION_MOVED"] : []];
          for (let n = 0; n < 3; n++) {
            const { code } = await assertRejects(() => acknowledgeIn(old, 0), DiasporaError);
            assert(codes.includes(code), code);
          }
          await old.close();
          assertEquals((await topic.lag("reader"))[0].position, made ? 1 : 0);
          await using again = topic.consumer("reader", { group });
          await acknowledgeIn(again, 0);
          assertEquals((await topic.lag("reader"))[0].position, made ? 2 : 1);
        }),
    );
  }
}

// The acknowledgement of a deleted consumer moved the position of the one that had the name since then, where it was its
// first one in a partition, or the first one after a stored seek; and so did a stored seek.
for (const engine of ["files", "memory"]) {
  test(`nothing that a deleted consumer stores counts for the next one of its name, with the ${engine} driver`, () =>
    withTopic(engine, async (topic, other) => {
      await other.seekConsumer("reader", { id: 1 });
      const opened: Consumer[] = [];
      for (let n = 0; n < 4; n++) {
        const consumer = topic.consumer("reader", { partitions: [0] });
        await consumer.ready();
        opened.push(consumer);
      }
      const [first, seeking, sought, reading] = opened;
      await sought.seek({ id: 2 }, { store: true });
      const event = await sought.pull();
      const unread = await reading.pull();
      await other.deleteConsumer("reader");
      await other.seekConsumer("reader", { id: 1 });
      await assertRejects(async () => await event.acknowledge(), ConsumerDeletedError);
      await assertRejects(async () => await unread.acknowledge(), ConsumerDeletedError);
      await assertRejects(() => acknowledgeIn(first, 0), ConsumerDeletedError);
      await assertRejects(() => seeking.seek({ id: 5 }, { store: true }), ConsumerDeletedError);
      for (const consumer of opened) await consumer.close();
      assertEquals((await topic.lag("reader")).map(({ position }) => position), [1, 1]);
      await using again = topic.consumer("reader", { partitions: [0] });
      await acknowledgeIn(again, 0);
      assertEquals((await topic.lag("reader"))[0].position, 2);
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
