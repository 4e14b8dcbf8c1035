// Files that are removed by hand while producers and consumers have them open.
import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { rmSync, unlinkSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Driver, EventGoneError, StorageError, type Topic, TopicDeletedError } from "../../mod.ts";
import { Partition } from "../../src/log/partition.ts";
import { Appender } from "../../src/log/write/appender.ts";
import { nodeStorage } from "../../src/storage/node.ts";
import { test } from "../harness.ts";

/** How often a producer checks whether its file still exists. */
const NOTICED_AFTER_MS = 30;

async function withTopic(
  body: (place: { driver: Driver; folder: string; topic: Topic }) => Promise<void>,
): Promise<void> {
  const root_path = await mkdtemp(join(tmpdir(), "diaspora-removed-"));
  try {
    await using driver = await Driver.open("files", { root_path });
    await driver.createTopic("topic", { segment_bytes: 4096 });
    await using topic = await driver.openTopic("topic");
    await body({ driver, folder: `${root_path}/topic`, topic });
  } finally {
    await rm(root_path, { recursive: true });
  }
}

function segmentPath(folder: string, baseId: number): string {
  return `${folder}/partitions/00000000/${String(baseId).padStart(20, "0")}.log`;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

test("a producer whose file was removed reports it and continues in a new one", () =>
  withTopic(async ({ folder, topic }) => {
    await using producer = topic.producer("test");
    for (let n = 0; n < 3; n++) await producer.push({ n });
    unlinkSync(segmentPath(folder, 0));
    await sleep(NOTICED_AFTER_MS);
    const error = await assertRejects(async () => await producer.push({ n: 3 }), StorageError);
    assertEquals(error.errno, "ENOENT");
    assert(error.message.includes("the file was removed"), error.message);
    const id = await producer.push({ n: 4 });
    await using consumer = topic.consumer("test");
    const event = await consumer.pull();
    assertEquals([event.id, event.metadata], [id, { n: 4 }]);
  }));

test("earlier segments survive the removal of the last one", () =>
  withTopic(async ({ driver, folder, topic }) => {
    await using producer = topic.producer("test");
    for (let n = 0; n < 10; n++) await producer.push({ n }, new Uint8Array(1000));
    const [{ nextId, segments }] = await topic.describe();
    const [{ firstId: lastBase }] = await topic.trim({ beforeId: nextId - 1, dryRun: true });
    assert(segments >= 2 && lastBase > 0);
    unlinkSync(segmentPath(folder, lastBase));
    await sleep(NOTICED_AFTER_MS);
    await assertRejects(async () => await producer.push({ n: 10 }), StorageError);
    assertEquals(await producer.push({ n: 11 }), lastBase);
    // In effect another process: this one has the removed file open.
    await using again = await driver.openTopic("topic");
    await using consumer = again.consumer("test");
    for (let n = 0; n < lastBase; n++) assertEquals((await consumer.pull()).metadata, { n });
    assertEquals((await consumer.pull()).metadata, { n: 11 });
  }));

test("a consumer that waits at the end of a removed file notices the new one", () =>
  withTopic(async ({ folder, topic }) => {
    await using producer = topic.producer("test");
    await using consumer = topic.consumer("test");
    await producer.push({ n: 0 });
    assertEquals((await consumer.pull()).metadata, { n: 0 });
    unlinkSync(segmentPath(folder, 0));
    await sleep(NOTICED_AFTER_MS);
    await assertRejects(async () => await producer.push({ n: 1 }), StorageError);
    await producer.push({ n: 2 });
    // It has the removed file open, so it may see what was refused because it was appended there.
    const events = [await consumer.pull().wait(20_000), await consumer.pull().wait(20_000)];
    assertEquals(events.map((event) => event?.metadata), [{ n: 1 }, { n: 2 }]);
  }));

test("a consumer whose first segment was removed gets an error with the first event left", () =>
  withTopic(async ({ folder, topic }) => {
    await using producer = topic.producer("test");
    for (let n = 0; n < 10; n++) await producer.push({ n }, new Uint8Array(1000));
    await using consumer = topic.consumer("test");
    await consumer.ready();
    unlinkSync(segmentPath(folder, 0));
    // It can still read what it has open; a new consumer cannot.
    await using late = topic.consumer("late", { from: { id: 0 } });
    const error = await assertRejects(async () => await late.pull(), EventGoneError);
    assertEquals((await late.pull()).id, error.firstId);
  }));

test("a segment missing in the middle loses its own events only, which are named", () =>
  withTopic(async ({ folder, topic }) => {
    await using producer = topic.producer("test");
    for (let n = 0; n < 16; n++) await producer.push({ n }, new Uint8Array(1000));
    const [{ firstId: second }] = await topic.trim({ beforeId: 4, dryRun: true });
    const [{ firstId: third }] = await topic.trim({ beforeId: second + 4, dryRun: true });
    assert(second > 0 && third > second);
    unlinkSync(segmentPath(folder, second));
    const damages: [number, number][] = [];
    await using consumer = topic.consumer("test", {
      onCorruption: "skip",
      onDamage: ({ damage }) => damages.push([damage.firstId, damage.endId]),
    });
    const ids: number[] = [];
    for await (const event of consumer.events({ until: "end" })) ids.push(event.id);
    assertEquals(damages, [[second, third]]);
    assertEquals(ids, Array.from({ length: 16 }, (_, id) => id).filter((id) => id < second || id >= third));
  }));

for (const part of ["partitions/00000000", "."]) {
  test(`a topic whose folder "${part}" was removed fails its producers and consumers without hanging`, () =>
    withTopic(async ({ folder, topic }) => {
      const producer = topic.producer("test");
      await producer.push({});
      await using consumer = topic.consumer("test");
      await consumer.pull();
      // It has the removed file open, so it may still see what was refused because it was appended there.
      const waiting = (async () => {
        while (await consumer.pull().wait(20_000) !== undefined);
      })();
      const ended = waiting.then(() => undefined, (error: unknown) => error);
      rmSync(join(folder, part), { recursive: true });
      await sleep(NOTICED_AFTER_MS);
      for (let attempt = 0; attempt < 2; attempt++) {
        const error = await assertRejects(async () => await producer.push({}));
        assert(error instanceof StorageError || error instanceof TopicDeletedError, String(error));
      }
      await producer.close();
      if (part === ".") return assertInstanceOf(await ended, TopicDeletedError);
      // Another partition may go on: the topic is still there.
      const error = await ended;
      assertInstanceOf(error, StorageError);
      assertEquals(error.errno, "ENOTDIR");
      assert(
        error.message.includes(`its folder "${folder}/${part}" is missing; restore it from a backup`),
        error.message,
      );
    }));
}

test("a segment that is removed when it is full is reported by the push that would begin the next one", () =>
  withTopic(({ folder }) => {
    const directory = `${folder}/partitions/00000000`;
    const log = new Partition({ storage: nodeStorage, directory, topic: "topic", partition: 0 });
    const appender = new Appender(log, 4096);
    const push = () =>
      appender.appendEvents({ count: 1, metadata: ["1"], data: [new Uint8Array(5000)], dataBytes: 5000 }).id;
    assertEquals([push(), push()], [0, 1]);
    unlinkSync(segmentPath(folder, 1));
    const error = assertThrows(push, StorageError);
    assert(error.message.includes(`"${segmentPath(folder, 1)}": the file was removed`), error.message);
    assertEquals(push(), 1);
    appender.close();
    log.close();
    return Promise.resolve();
  }));
