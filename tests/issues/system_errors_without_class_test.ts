// Three answers of the system that were not expected. A look at a folder that failed before a file was written came
// through as the system's own error, without our class and code. An error of `close`, which file servers report for
// bytes that were written long before, rejected a push whose event was stored, or hid the error of a read. And a write
// of which the system took nothing, without a reason, was tried again for ever.
import { assertEquals, assertThrows } from "@std/assert";
import * as fs from "node:fs";
import { join } from "node:path";
import { Driver, StorageError } from "../../mod.ts";
import { FilesDriver } from "../../src/drivers/files/driver.ts";
import { storageOn } from "../../src/storage/node.ts";
import type { Storage } from "../../src/storage/port.ts";
import type { FileSystem } from "../../src/storage/system.ts";
import { test } from "../harness.ts";
import { memoryFolder } from "../memory_folder.ts";

async function withMemoryFolder(body: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = fs.mkdtempSync(join(memoryFolder, "diaspora-close-"));
  try {
    await body(folder);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

const CONTENT = new TextEncoder().encode("content");

function failure(code: string, call: string): Error {
  return Object.assign(new Error(`${code}: simulated, ${call}`), { code });
}

/** A storage on the real file system but for some calls. */
function storageWith(calls: Partial<FileSystem>): Storage {
  return storageOn({ fs: { ...fs, ...calls }, windows: false });
}

const fails = ((): never => {
  throw failure("ENOSPC", "lstat");
}) as unknown as typeof fs.lstatSync;

for (const action of ["publish", "replace"] as const) {
  test(`a look that fails before a file is written is a storage error, in ${action}()`, () =>
    withMemoryFolder((folder) => {
      const storage = storageWith({ lstatSync: fails });
      const error = assertThrows(() => storage[action](join(folder, "name"), CONTENT), StorageError);
      assertEquals([error.errno, error.code], ["ENOSPC", "ERR_STORAGE"]);
    }));

  test(`a system that takes nothing of a file is not asked for ever, in ${action}()`, () =>
    withMemoryFolder((folder) => {
      let writes = 0;
      const writeSync = () => {
        // A test that hangs would not say why.
        if (++writes > 1000) throw failure("EFAULT", "write, a thousand times");
        return 0;
      };
      const storage = storageWith({ writeSync });
      const error = assertThrows(() => storage[action](join(folder, "name"), CONTENT), StorageError);
      assertEquals([error.errno, error.canRetry, fs.readdirSync(folder)], ["ENOSPC", true, []]);
    }));
}

const closeSync = (fd: number): never => {
  fs.closeSync(fd);
  throw failure("EIO", "close");
};

test("an error of close() does not hide that a small file was read, or why it was not", () =>
  withMemoryFolder((folder) => {
    const path = join(folder, "name");
    fs.writeFileSync(path, CONTENT);
    assertEquals(storageWith({ closeSync }).readWhole(path), CONTENT);
    const fstatSync = (() => {
      throw failure("ESTALE", "fstat");
    }) as unknown as typeof fs.fstatSync;
    const error = assertThrows(() => storageWith({ closeSync, fstatSync }).readWhole(path), StorageError);
    assertEquals(error.errno, "ESTALE");
  }));

for (const flush_behavior of ["buffered", "on_flush", "immediate"] as const) {
  test(`an error of close() rejects no push that is stored, with ${flush_behavior}`, () =>
    withMemoryFolder(async (root) => {
      let failing = false;
      const storage = storageWith({ closeSync: (fd) => failing ? closeSync(fd) : fs.closeSync(fd) });
      await using driver = Driver.from(new FilesDriver({ root_path: root }, storage));
      await driver.createTopic("t", { num_partitions: 1, segment_bytes: 4096, flush_behavior });
      await using topic = await driver.openTopic("t");
      const producer = topic.producer();
      await producer.push({ n: 0 }, new Uint8Array(3000));
      // A segment's header is published through a file that is closed: its error may fail the push, with reason.
      const files = fs.readdirSync(join(root, "t", "partitions", "00000000"));
      failing = true;
      assertEquals(await producer.push({ n: 1 }, new Uint8Array(3000)), 1);
      await producer.close();
      failing = false;
      assertEquals(files.filter((name) => name.endsWith(".log")).length, 1);
      assertEquals((await topic.describe())[0].nextId, 2);
    }));
}
