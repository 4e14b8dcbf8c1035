// A sync that failed with ENOENT, time after time, as on a broken file server, was taken for a folder that had been removed or a
// lock that had been taken away meanwhile: a producer that began a segment, and an edit, tried again for ever.
import { assertEquals, assertRejects } from "@std/assert";
import { Driver, StorageError } from "../../mod.ts";
import { FilesDriver } from "../../src/drivers/files/driver.ts";
import { nodeStorage } from "../../src/storage/node.ts";
import type { OpenMode, Storage } from "../../src/storage/port.ts";
import { withPlace } from "../cpp_files/sample.ts";
import { test } from "../harness.ts";

/** A disk on which syncs of files fail while `fails` says so. */
function withoutSyncs(fails: () => boolean): Storage {
  const check = (path: string) => {
    if (fails()) throw new StorageError("ENOENT", `Cannot sync "${path}": no such file (ENOENT)`);
  };
  return {
    ...nodeStorage,
    open(path: string, mode: OpenMode) {
      const file = nodeStorage.open(path, mode);
      const syncNow = file.syncNow.bind(file);
      return Object.assign(file, { syncNow: () => (check(path), syncNow()) });
    },
    publish(path, content, options = {}) {
      if (options.durable !== false) check(path);
      return nodeStorage.publish(path, content, options);
    },
  };
}

test("a sync that finds no file, time after time, ends a push and an edit with its error", () =>
  withPlace(async ({ folder }) => {
    let fails = false;
    await using driver = Driver.from(new FilesDriver({ root_path: folder }, withoutSyncs(() => fails)));
    await driver.createTopic("t", { segment_bytes: 4096 });
    await using topic = await driver.openTopic("t");
    await using producer = topic.producer({ batchSize: 1 });
    fails = true;
    const first = await assertRejects(async () => await producer.push(1), StorageError, "no such file");
    fails = false;
    assertEquals(await producer.push(1, new Uint8Array(5000)), 0);
    fails = true;
    const rolling = await assertRejects(async () => await producer.push(2), StorageError, "no such file");
    const seek = await assertRejects(
      () => topic.seekConsumer("c", { id: 0 }),
      StorageError,
      "no such file",
    );
    const edit = await assertRejects(() => topic.edit({ segment_bytes: 8192 }), StorageError, "no such file");
    assertEquals([first, rolling, seek, edit].map(({ errno }) => errno), Array(4).fill("ENOENT"));
    fails = false;
    assertEquals(await producer.push(3), 1);
    await topic.edit({ segment_bytes: 8192 });
  }));
