// The storage port and the files driver on a file system that behaves as on Windows, with and without hard
// links.
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { Driver, StorageError } from "../../mod.ts";
import { FilesDriver } from "../../src/drivers/files/driver.ts";
import { DRAFT_SUFFIX } from "../../src/storage/port.ts";
import { everything, testDriver } from "../../src/testing/mod.ts";
import { test } from "../harness.ts";
import { memoryFolder } from "../memory_folder.ts";
import { type Ways, windowsStorage } from "./windows_files.ts";

const NTFS: Ways = { links: true, namesLast: false };
const EXFAT: Ways = { links: false, namesLast: true };
/** A share, or NTFS for Node 20. */
const SHARE: Ways = { links: true, namesLast: true };
const DISKS: [name: string, ways: Ways][] = [["NTFS", NTFS], ["exFAT", EXFAT], ["a share", SHARE]];

function inFolder(body: (folder: string) => void): void {
  const folder = mkdtempSync(join(memoryFolder, "diaspora-windows-"));
  try {
    body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

for (const [disk, ways] of DISKS) {
  test(`${disk}: a folder's entries need no sync, and a missing folder is an error`, () => {
    inFolder((folder) => {
      const storage = windowsStorage(ways);
      storage.syncDirectory(folder);
      assertThrows(() => storage.syncDirectory(join(folder, "missing")), StorageError, "ENOENT");
    });
  });

  test(`${disk}: a file is published once, atomically, and leaves nothing next to it`, () => {
    inFolder((folder) => {
      const storage = windowsStorage(ways);
      const path = join(folder, "name");
      assertEquals(storage.publish(path, bytes("first")), true);
      assertEquals(storage.publish(path, bytes("second")), false);
      assertEquals(new TextDecoder().decode(storage.readWhole(path)), "first");
      assertEquals(readdirSync(folder), ["name"]);
    });
  });

  test(`${disk}: a folder is renamed over an empty one, but not over a non-empty one`, () => {
    inFolder((folder) => {
      const storage = windowsStorage(ways);
      for (const name of ["new", "empty", "full"]) mkdirSync(join(folder, name));
      writeFileSync(join(folder, "full", "something"), "");
      const error = assertThrows(
        () => storage.rename(join(folder, "new"), join(folder, "full")),
        StorageError,
      );
      assertEquals(error.errno, "ENOTEMPTY");
      storage.rename(join(folder, "new"), join(folder, "empty"));
      assertEquals(readdirSync(folder).sort(), ["empty", "full"]);
    });
  });

  test(`${disk}: a file is not renamed over a folder`, () => {
    inFolder((folder) => {
      const storage = windowsStorage(ways);
      mkdirSync(join(folder, "taken"));
      assertThrows(() => storage.replace(join(folder, "taken"), bytes("x")), StorageError, "EISDIR");
      assertEquals(readdirSync(folder), ["taken"]);
    });
  });

  test(`${disk}: the name of a file that is removed while it is open is free at once`, () => {
    inFolder((folder) => {
      const storage = windowsStorage(ways);
      const path = join(folder, "file");
      storage.publish(path, bytes("before"));
      const file = storage.open(path, "read");
      storage.remove(path);
      assertEquals([storage.stat(path), storage.readWhole(path)], [undefined, undefined]);
      const left = storage.list(folder);
      assertEquals(left.filter((name) => !name.endsWith(DRAFT_SUFFIX)), []);
      for (const name of left) {
        assertEquals(storage.stat(join(folder, name)), undefined);
        storage.remove(join(folder, name));
      }
      assertEquals(storage.publish(path, bytes("after")), true);
      const content = new Uint8Array(6);
      assertEquals([file.readAt(content, 0), new TextDecoder().decode(content)], [6, "before"]);
      file.close();
      assertEquals(readdirSync(folder), ["file"]);
    });
  });

  test(`${disk}: an open file is not replaced, and the error says so`, () => {
    inFolder((folder) => {
      const storage = windowsStorage(ways);
      const path = join(folder, "file");
      storage.replace(path, bytes("before"));
      const file = storage.open(path, "read");
      const error = assertThrows(() => storage.replace(path, bytes("after")), StorageError, "has it open");
      assertEquals([error.errno, error.canRetry], ["EBUSY", true]);
      file.close();
      storage.replace(path, bytes("after"));
      assertEquals(readdirSync(folder), ["file"]);
    });
  });
}

test("exFAT: a dead process's claim does not last", () => {
  inFolder((folder) => {
    const storage = windowsStorage(EXFAT);
    const claim = join(folder, "name.claim.draft");
    writeFileSync(claim, "");
    const longAgo = Date.now() / 1000 - 60;
    utimesSync(claim, longAgo, longAgo);
    assertEquals(storage.publish(join(folder, "name"), bytes("it")), true);
    assertEquals(readdirSync(folder), ["name"]);
  });
});

test("on a share, events are removed that another program is reading, and new readers begin after them", async () => {
  const root_path = await mkdtemp(join(memoryFolder, "diaspora-windows-"));
  try {
    const storage = windowsStorage(SHARE);
    await using driver = Driver.from(new FilesDriver({ root_path }, storage));
    await using other = Driver.from(new FilesDriver({ root_path }, storage));
    await driver.createTopic("my_topic", { num_partitions: 1, segment_bytes: 4096 });
    await using topic = await driver.openTopic("my_topic");
    await using read = await other.openTopic("my_topic");
    await using producer = topic.producer();
    for (let x = 0; x < 1000; x++) {
      producer.push({ x });
      if (x % 50 === 49) await producer.flush();
    }
    const consumer = read.consumer("reader");
    assertEquals((await consumer.pull()).id, 0);
    for (const firstId of [500, 900]) {
      const [trimmed] = await topic.trim({ beforeId: firstId });
      assert(trimmed!.firstId > trimmed!.firstIdBefore);
      assertEquals((await topic.consumer(`from ${firstId}`).pull()).id, trimmed!.firstId);
    }
  } finally {
    await rm(root_path, { recursive: true });
  }
});

test("topics whose names differ only in case are equal on such a disk", async () => {
  const root_path = await mkdtemp(join(memoryFolder, "diaspora-windows-"));
  try {
    await using driver = Driver.from(new FilesDriver({ root_path }, windowsStorage(NTFS)));
    await driver.createTopic("Readings", { num_partitions: 1 });
    assertEquals(await driver.topicExists("readings"), false);
    assertEquals(await driver.topicExists("Readings"), true);
  } finally {
    await rm(root_path, { recursive: true });
  }
});

/** On Windows, a topic that others have open cannot be deleted: `deleteTopic` fails, and says so. */
const NOT_THERE = ["users of a topic that is deleted get an error"];

test("an open topic is not deleted there, and the error says why", async () => {
  const root_path = await mkdtemp(join(memoryFolder, "diaspora-windows-"));
  try {
    await using driver = Driver.from(new FilesDriver({ root_path }, windowsStorage(NTFS)));
    await driver.createTopic("my_topic", { num_partitions: 1 });
    const topic = await driver.openTopic("my_topic");
    await topic.producer().push({ x: 1 });
    const error = await assertRejects(() => driver.deleteTopic("my_topic"), StorageError, "has it open");
    assertEquals([error.errno, error.canRetry], ["EBUSY", true]);
    assertEquals((await topic.consumer("reader").pull()).metadata, { x: 1 });
    await topic.close();
    await driver.deleteTopic("my_topic");
    assertEquals(await driver.topicExists("my_topic"), false);
  } finally {
    await rm(root_path, { recursive: true });
  }
});

for (const [disk, ways] of DISKS) {
  testDriver((name, body) => void (NOT_THERE.includes(name) || test(`files on ${disk}: ${name}`, body)), {
    async factory() {
      const root_path = await mkdtemp(join(memoryFolder, "diaspora-windows-"));
      const storage = windowsStorage(ways);
      return {
        open: () => Promise.resolve(Driver.from(new FilesDriver({ root_path }, storage))),
        dispose: () => rm(root_path, { recursive: true }),
      };
    },
    supports: everything,
    topicOptions: { segment_bytes: 4096 },
  });
}
