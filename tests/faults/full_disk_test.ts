// A disk that fills up, and later has room again.
import { assert, assertEquals, assertGreater, assertInstanceOf, assertRejects } from "@std/assert";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { Driver, FullDataSelector, StorageError, type Topic } from "../../mod.ts";
import { test } from "../harness.ts";
import { SmallDisk, UNMOUNTABLE } from "./file_systems.ts";

const FULL = { skip: UNMOUNTABLE };

/** Runs a body with a disk of 8 MiB of which a file that can be removed takes half. */
async function withDisk(
  body: (disk: { path: string; makeRoom: () => void }) => Promise<void>,
): Promise<void> {
  const disk = new SmallDisk("8m");
  try {
    const filler = `${disk.path}/filler`;
    writeFileSync(filler, new Uint8Array(4 << 20));
    await body({ path: disk.path, makeRoom: () => rmSync(filler) });
  } finally {
    disk.remove();
  }
}

/** Data of an event, derived from its number. */
function dataOf(n: number, size: number): Uint8Array {
  return new Uint8Array(size).fill(n % 251);
}

/**
 * Pushes until one fails; returns the numbers of those that were stored, by id, and how the other one failed.
 */
async function pushUntilFull(
  topic: Topic,
  size: number,
): Promise<{ stored: Map<number, number>; error: unknown; goOn: (n: number) => Promise<number> }> {
  const producer = topic.producer("test");
  const stored = new Map<number, number>();
  const push = async (n: number): Promise<number> => {
    const id = await producer.push({ n }, dataOf(n, size));
    stored.set(id, n);
    return id;
  };
  for (let n = 0;; n++) {
    try {
      await push(n);
    } catch (error) {
      return { stored, error, goOn: push };
    }
  }
}

/** A new consumer gets everything that was stored, in order and without a gap. */
async function checkStored(topic: Topic, stored: Map<number, number>): Promise<void> {
  await using consumer = topic.consumer("checker", { dataSelector: FullDataSelector });
  await consumer.seek("earliest");
  let id = 0;
  for await (const event of consumer.events({ until: "end" })) {
    const { n } = event.metadata as { n: number };
    assertEquals([event.id, n], [id, stored.get(id)]);
    const { data } = event;
    assert(data!.every((byte) => byte === n % 251), `event ${id} has data that is not its own`);
    id++;
  }
  assertEquals(id, stored.size);
}

for (const flush_behavior of ["buffered", "on_flush", "immediate"] as const) {
  for (const [what, size] of [["small", 20_000], ["chunked", 1_300_000]] as const) {
    test(
      `a full disk fails the affected pushes and nothing else (${what} events, ${flush_behavior})`,
      FULL,
      () =>
        withDisk(async ({ path, makeRoom }) => {
          await using driver = await Driver.open("files", { root_path: `${path}/data`, flush_behavior });
          await driver.createTopic("full", {});
          await using topic = await driver.openTopic("full");
          const { stored, error, goOn } = await pushUntilFull(topic, size);
          assertInstanceOf(error, StorageError);
          assertEquals([error.code, error.errno, error.canRetry], ["ERR_STORAGE", "ENOSPC", true]);
          assert(error.message.includes("make room and try again"), error.message);
          assertGreater(stored.size, 1);
          await assertRejects(() => goOn(-1), StorageError);
          await checkStored(topic, stored);

          makeRoom();
          for (let more = 0; more < 2; more++) await goOn(1000 + more);
          await checkStored(topic, stored);
        }),
    );
  }
}

test(
  "unobserved pushes fail the flush on a full disk, with their number",
  FULL,
  () =>
    withDisk(async ({ path, makeRoom }) => {
      await using driver = await Driver.open("files", { root_path: `${path}/data` });
      await driver.createTopic("full", {});
      await using topic = await driver.openTopic("full");
      await using producer = topic.producer("test", { batchSize: 1 });
      for (let n = 0; n < 100; n++) producer.push({ n }, new Uint8Array(100_000));
      const error = await assertRejects(() => producer.flush().wait(-1)) as Error & { failures: number };
      assertEquals(error.name, "FlushError");
      assertInstanceOf(error.cause, StorageError);
      const { nextId } = (await topic.describe())[0];
      assertEquals(error.failures + nextId, 100);
      makeRoom();
      assertEquals(await producer.push({}), nextId);
      assertEquals(await producer.flush(), true);
    }),
);

test(
  "a consumer with a stored position can acknowledge on a full disk, a new one later",
  FULL,
  () =>
    withDisk(async ({ path, makeRoom }) => {
      await using driver = await Driver.open("files", { root_path: `${path}/data` });
      await driver.createTopic("full", {});
      await using topic = await driver.openTopic("full");
      await using old = topic.consumer("old");
      await using fresh = topic.consumer("fresh");
      await using producer = topic.producer("test");
      await producer.push({});
      await (await old.pull()).acknowledge();
      await pushUntilFull(topic, 20_000);
      // Down to the last page.
      assertEquals(fillUp(path), "ENOSPC");
      await (await old.pull()).acknowledge();
      const event = await fresh.pull();
      const error = await assertRejects(async () => await event.acknowledge(), StorageError);
      assertEquals(error.errno, "ENOSPC");
      makeRoom();
      await event.acknowledge();
      assertEquals((await topic.lag("old"))[0].position, 2);
      assertEquals((await topic.lag("fresh"))[0].position, 1);
    }),
);

/** Fills the disk; returns the code of the error that ended it. */
function fillUp(path: string): unknown {
  for (let file = 0;; file++) {
    try {
      writeFileSync(`${path}/more-${file}`, new Uint8Array(4096));
    } catch (error) {
      return (error as { code?: unknown }).code;
    }
  }
}

test(
  "a topic that cannot be created on a full disk leaves nothing",
  FULL,
  () =>
    withDisk(async ({ path, makeRoom }) => {
      await using driver = await Driver.open("files", { root_path: `${path}/data` });
      await driver.createTopic("there", {});
      assertEquals(fillUp(path), "ENOSPC");
      const error = await assertRejects(
        () => driver.createTopic("full", { num_partitions: 3 }),
        StorageError,
      );
      assertEquals(error.errno, "ENOSPC");
      assertEquals(readdirSync(`${path}/data`), ["there"]);
      assertEquals([...(await driver.listTopics()).keys()], ["there"]);
      makeRoom();
      await driver.createTopic("full", { num_partitions: 3 });
      assertEquals(await driver.topicExists("full"), true);
    }),
);
