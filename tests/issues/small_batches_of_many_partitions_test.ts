// A topic of several partitions was filled by a program that awaits every push, so that each event is a batch of
// its own. Its readers went from partition to partition with each event, and each time read 64 KiB from the file for
// a few hundred bytes of it: an event took two and a half times as long as in a topic with one partition.
import { assert, assertEquals } from "@std/assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Driver } from "../../mod.ts";
import { FilesDriver } from "../../src/drivers/files/driver.ts";
import { test } from "../harness.ts";
import { watchedStorage } from "../log/watched_storage.ts";

const PARTITIONS = 3;
const EVENTS_EACH = 40;

test("a reader of several partitions uses what one read of a file gives before it goes to another", async () => {
  const root = mkdtempSync(join(tmpdir(), "diaspora-small-batches-"));
  try {
    let largeReads = 0;
    const storage = watchedStorage((file) => ({
      readAt: (into, offset) => {
        if (file.path.endsWith(".log") && into.byteLength > 4096) largeReads++;
        return file.readAt(into, offset);
      },
    }));
    await using driver = Driver.from(new FilesDriver({ root_path: root }, storage));
    await driver.createTopic("jobs", { num_partitions: PARTITIONS });
    await using topic = await driver.openTopic("jobs");
    await using producer = topic.producer("app");
    for (let event = 0; event < PARTITIONS * EVENTS_EACH; event++) {
      await producer.push({ event }, undefined, { partition: event % PARTITIONS });
    }
    await using consumer = topic.consumer("reader");
    await consumer.ready();
    largeReads = 0;
    const ids: number[][] = Array.from({ length: PARTITIONS }, () => []);
    for await (const event of consumer.events({ until: "end" })) ids[event.partition].push(event.id);
    const inOrder = Array.from({ length: EVENTS_EACH }, (_, id) => id);
    assertEquals(ids, ids.map(() => inOrder));
    // Finding the ends takes some, too; with a read for each event there are more than 80.
    assert(largeReads <= 12 * PARTITIONS, `${largeReads} large reads`);
  } finally {
    rmSync(root, { recursive: true });
  }
});
