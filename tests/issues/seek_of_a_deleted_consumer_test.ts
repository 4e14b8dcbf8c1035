// A stored seek over several partitions puts its file into the consumer's folder by a rename. If the name was deleted and
// used again just before that, the seek rejected, but its file was in the folder of the next consumer of the name: another
// process that read a position of that one completed the seek, and moved it.
import { assertEquals, assertRejects } from "@std/assert";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ConsumerDeletedError, Driver } from "../../mod.ts";
import { FilesDriver } from "../../src/drivers/files/driver.ts";
import { nodeStorage } from "../../src/storage/node.ts";
import type { Storage } from "../../src/storage/port.ts";
import { test } from "../harness.ts";
import { memoryFolder } from "../memory_folder.ts";

test("a seek of a consumer that is deleted meanwhile does not move the next one of its name", async () => {
  const root = mkdtempSync(join(memoryFolder, "diaspora-sought-"));
  try {
    await using other = await Driver.open("files", { root_path: root });
    await other.createTopic("topic", { num_partitions: 2 });
    await using again = await other.openTopic("topic");
    await using producer = again.producer();
    for (let n = 0; n < 20; n++) await producer.push(n, undefined, { partition: n % 2 });
    await again.seekConsumer("reader", { id: 3 });

    let replace: (() => Promise<void>[]) | undefined = () => [
      again.deleteConsumer("reader"),
      again.seekConsumer("reader", { id: 1 }),
    ];
    let replaced: Promise<void>[] = [];
    const storage: Storage = {
      ...nodeStorage,
      rename(from, to) {
        if (to.endsWith("/seek") && replace !== undefined) {
          // They are done when they return.
          replaced = replace();
          replace = undefined;
        }
        nodeStorage.rename(from, to);
      },
    };
    await using driver = Driver.from(new FilesDriver({ root_path: root }, storage));
    await using topic = await driver.openTopic("topic");
    await using old = topic.consumer("reader");
    await old.ready();
    await assertRejects(() => old.seek({ id: 7 }, { store: true }), ConsumerDeletedError);
    await Promise.all(replaced);
    assertEquals(replaced.length, 2);
    assertEquals((await again.lag("reader")).map(({ position }) => position), [1, 1]);
    await using fresh = again.consumer("reader");
    assertEquals((await fresh.pull()).id, 1);
    await again.seekConsumer("reader", { id: 5 });
    assertEquals((await again.lag("reader")).map(({ position }) => position), [5, 5]);
  } finally {
    rmSync(root, { recursive: true });
  }
});
