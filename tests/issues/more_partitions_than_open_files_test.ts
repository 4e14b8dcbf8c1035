// A program that reads, acknowledges or writes all partitions of a topic with more of them than a process may have files
// open (`ulimit -n`) failed with EMFILE: it kept the file of each partition open.
import { assertEquals, assertRejects } from "@std/assert";
import * as fs from "node:fs";
import { join } from "node:path";
import process from "node:process";
import {
  ConsumerDeletedError,
  Driver,
  type Event,
  type FilesTopicOptions,
  type Future,
  type Topic,
} from "../../mod.ts";
import { FilesDriver } from "../../src/drivers/files/driver.ts";
import { Partition } from "../../src/log/partition.ts";
import { closeIdleFiles } from "../../src/storage/idle_files.ts";
import { storageOn } from "../../src/storage/node.ts";
import type { Storage } from "../../src/storage/port.ts";
import { test } from "../harness.ts";
import { memoryFolder } from "../memory_folder.ts";

const PARTITIONS = 60;
const FILES_MAX = 20;

/** The calls of a process that may have few files open, and its open ones. */
function limited(filesMax: number): { open: Set<number>; storage: Storage } {
  const open = new Set<number>();
  /** Each new file has the number of one that was removed before. */
  const numbered = (stat: fs.Stats | undefined) => stat && Object.assign(stat, { ino: 7 });
  const system = {
    ...fs,
    openSync: ((...args: Parameters<typeof fs.openSync>) => {
      if (open.size === filesMax) throw Object.assign(new Error("too many"), { code: "EMFILE" });
      const descriptor = fs.openSync(...args);
      open.add(descriptor);
      return descriptor;
    }) as typeof fs.openSync,
    closeSync: (descriptor: number) => {
      open.delete(descriptor);
      fs.closeSync(descriptor);
    },
    fstatSync: ((descriptor: number) => numbered(fs.fstatSync(descriptor))) as typeof fs.fstatSync,
    lstatSync:
      ((path: string, options: fs.StatSyncOptions) =>
        numbered(fs.lstatSync(path, options) as fs.Stats)) as typeof fs.lstatSync,
  };
  return { open, storage: storageOn({ fs: system, windows: process.platform === "win32" }) };
}

/** Calls back with a topic of a process that may have few files open, and a function that returns how many it has. */
async function withFewFiles(
  options: FilesTopicOptions,
  use: (topic: Topic, root: string, countOpen: () => number) => Promise<void>,
  filesMax = FILES_MAX,
): Promise<void> {
  const root = fs.mkdtempSync(join(memoryFolder, "diaspora-few-files-"));
  const { open, storage } = limited(filesMax);
  try {
    await using driver = Driver.from(new FilesDriver({ root_path: root }, storage));
    await driver.createTopic("t", { num_partitions: PARTITIONS, ...options });
    {
      await using topic = await driver.openTopic("t");
      await use(topic, root, () => open.size);
    }
    assertEquals(open.size, 0);
  } finally {
    fs.rmSync(root, { recursive: true });
  }
}

for (const flush_behavior of ["buffered", "on_flush", "immediate"] as const) {
  test(`a process reads and writes more partitions than it may have files open, ${flush_behavior}`, () =>
    withFewFiles({ flush_behavior }, async (topic, _, countOpen) => {
      await using producer = topic.producer();
      await using consumer = topic.consumer("c", { from: "latest" });
      await using fromFirst = topic.consumer("first");
      await consumer.ready();
      const ids: number[] = [];
      for (let n = 0; n < 4 * PARTITIONS; n++) {
        const partition = n % PARTITIONS;
        await producer.push({ n }, undefined, { partition });
        for (const each of [consumer, fromFirst]) {
          const event = await each.pull();
          assertEquals([event.metadata, event.partition], [{ n }, partition]);
          await event.acknowledge();
          if (each === consumer) ids.push(event.id);
        }
        // They are kept as long as there is room: else each use would open a file.
        if (n > FILES_MAX) assertEquals(countOpen() > 1, true);
      }
      assertEquals(ids, Array.from({ length: 4 * PARTITIONS }, (_, n) => Math.floor(n / PARTITIONS)));
      const positions = async () => (await topic.lag("c")).map(({ position }) => position);
      assertEquals(await positions(), new Array(PARTITIONS).fill(4));
      await topic.seekConsumer("c", { id: 1 });
      assertEquals(await positions(), new Array(PARTITIONS).fill(1));
    }));
}

test("more partitions than a process may have files open are written between two flushes, and are on the disk then", () =>
  withFewFiles({ flush_behavior: "on_flush", segment_bytes: 4096 }, async (topic) => {
    await using producer = topic.producer();
    for (let round = 0; round < 3; round++) {
      const pushes: Future<number>[] = [];
      for (let partition = 0; partition < PARTITIONS; partition++) {
        // Small ones, and those that begin a segment each.
        pushes.push(producer.push({}, new Uint8Array(partition % 2 * 5000), { partition }));
      }
      assertEquals(await Promise.all(pushes), new Array(PARTITIONS).fill(round));
      await producer.flush();
    }
  }));

// A file could be closed just before it was synced, because the sync of its folder needed a descriptor.
test("what is pushed to more partitions at once than a process may have files open is on the disk", () =>
  withFewFiles({ num_partitions: 150, flush_behavior: "immediate" }, async (topic) => {
    await using producer = topic.producer();
    for (let round = 0; round < 3; round++) {
      const pushes = topic.partitions.map((_, partition) => producer.push({}, undefined, { partition }));
      assertEquals(await Promise.all(pushes), new Array(150).fill(round));
    }
  }, 100));

test("a file that a producer opened because others ended its segment can be closed for others, too", () =>
  withFewFiles({}, async (topic, root, countOpen) => {
    await using producer = topic.producer();
    await producer.push({}, undefined, { partition: 0 });
    await using other = await Driver.open("files", { root_path: root });
    await using same = await other.openTopic("t");
    await same.trim({ beforeId: 1 });
    await producer.push({}, undefined, { partition: 0 });
    assertEquals(closeIdleFiles(), true);
    assertEquals(countOpen(), 0);
  }));

test("the first positions in more partitions than a process may have files open are stored at once", () =>
  withFewFiles({}, async (topic) => {
    await using consumer = topic.consumer("c", { from: "latest" });
    await consumer.ready();
    await using producer = topic.producer();
    for (let partition = 0; partition < PARTITIONS; partition++) producer.push({}, undefined, { partition });
    await producer.flush();
    const events: Event[] = [];
    for (let n = 0; n < PARTITIONS; n++) events.push(await consumer.pull());
    // Such a position has to survive a power cut.
    await Promise.all(events.map((event) => event.acknowledge()));
    const positions = (await topic.lag("c")).map(({ position }) => position);
    assertEquals(positions, new Array(PARTITIONS).fill(1));
  }));

test("files that were closed for others are not mixed up with those that have their names now", () =>
  withFewFiles({ segment_bytes: 4096 }, async (topic, root) => {
    await using producer = topic.producer();
    for (let partition = 0; partition < PARTITIONS; partition++) {
      producer.push({ partition }, undefined, { partition });
    }
    await producer.flush();
    await using consumer = topic.consumer("c");
    const last: number[] = [];
    for (let n = 0; n < PARTITIONS; n++) {
      const event = await consumer.pull();
      last.push(event.partition);
      await event.acknowledge();
    }
    // By now its first files are closed. A segment is removed by hand, and the next writer makes it again.
    const [partition] = last;
    const folder = `${root}/t/partitions/${String(partition).padStart(8, "0")}`;
    for (const name of fs.readdirSync(folder, { recursive: true })) {
      if (String(name).endsWith(".log")) fs.rmSync(`${folder}/${name}`);
    }
    await using other = topic.producer();
    await other.push({ anew: true }, undefined, { partition: partition! });
    await other.push({ anew: true }, undefined, { partition: partition! });
    const event = await consumer.pull().wait(10_000);
    assertEquals([event?.metadata, event?.id, event?.partition], [{ anew: true }, 0, partition]);
  }));

test("a consumer whose files were closed for others writes no position into those of one that was made anew", () =>
  withFewFiles({}, async (topic, root) => {
    await using producer = topic.producer();
    for (let n = 0; n < 3 * PARTITIONS; n++) producer.push({ n }, undefined, { partition: n % PARTITIONS });
    await producer.flush();
    const deleted = topic.consumer("c");
    const held: Event[] = [];
    for (let n = 0; n < 3 * PARTITIONS; n++) {
      const event = await deleted.pull();
      if (event.id === 0) await event.acknowledge();
      else if (event.id === 2) held.push(event);
    }
    await using driver = await Driver.open("files", { root_path: root });
    await using again = await driver.openTopic("t");
    await again.deleteConsumer("c");
    await using consumer = again.consumer("c");
    for (let n = 0; n < 3 * PARTITIONS; n++) {
      const event = await consumer.pull();
      if (event.id === 0) await event.acknowledge();
    }
    for (const event of held) await assertRejects(() => event.acknowledge(), ConsumerDeletedError);
    await deleted.close();
    const positions = (await again.lag("c")).map(({ position }) => position);
    assertEquals(positions, new Array(PARTITIONS).fill(1));
  }));

test("a file that was closed for itself, as it was opened once more, is closed with the others", () =>
  withFewFiles({ num_partitions: 1 }, async (topic, root) => {
    await using producer = topic.producer();
    await producer.push({});
    const { open, storage } = limited(1);
    const directory = `${root}/t/partitions/00000000`;
    const partition = new Partition({ storage, directory, topic: "t", partition: 0 });
    assertEquals(partition.segment(0).reopen(), true);
    assertEquals(open.size, 1);
    partition.close();
    assertEquals(open.size, 0);
  }));
