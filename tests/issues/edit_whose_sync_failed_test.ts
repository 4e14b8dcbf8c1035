// A topic's options were replaced, and then the sync of its folder failed: the call was refused, and the options were
// changed all the same, as the next process that opened the topic saw. Administration is all or nothing: now the
// options are put back as they were.
import { assertEquals, assertRejects } from "@std/assert";
import * as fs from "node:fs";
import { join } from "node:path";
import { Driver, StorageError } from "../../mod.ts";
import { FilesDriver } from "../../src/drivers/files/driver.ts";
import { nodeStorage } from "../../src/storage/node.ts";
import type { Storage } from "../../src/storage/port.ts";
import { test } from "../harness.ts";
import { memoryFolder } from "../memory_folder.ts";

async function withMemoryFolder(body: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = fs.mkdtempSync(join(memoryFolder, "diaspora-edit-"));
  try {
    await body(folder);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

for (const putsBack of [true, false]) {
  const what = putsBack ? "leaves the options as they were" : "says why, if they cannot be put back either";
  test(`an edit whose sync fails ${what}`, () =>
    withMemoryFolder(async (root) => {
      let syncsFail = false;
      let replacements = 0;
      const storage: Storage = {
        ...nodeStorage,
        syncDirectory(path) {
          if (syncsFail) throw new StorageError("EIO", `Cannot sync "${path}": simulated (EIO)`);
          nodeStorage.syncDirectory(path);
        },
        rename(from, to) {
          if (to.endsWith("topic.json") && ++replacements > 1 && !putsBack) {
            throw new StorageError("ENOSPC", "Cannot replace: simulated");
          }
          nodeStorage.rename(from, to);
        },
      };
      await using driver = Driver.from(new FilesDriver({ root_path: root }, storage));
      await driver.createTopic("t", { retention_bytes: 1_000_000 });
      await using topic = await driver.openTopic("t");
      syncsFail = true;
      const error = await assertRejects(() => topic.edit({ retention_bytes: 10 }), StorageError);
      assertEquals(error.errno, "EIO");
      syncsFail = false;
      assertEquals(topic.options.retention_bytes, 1_000_000);
      await using again = await driver.openTopic("t");
      assertEquals(again.options.retention_bytes, putsBack ? 1_000_000 : 10);
      replacements = 0;
      await topic.edit({ retention_bytes: 20 });
      await using edited = await driver.openTopic("t");
      assertEquals(edited.options.retention_bytes, 20);
    }));
}
