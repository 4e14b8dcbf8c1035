// A disk took two seconds for each sync. A program that pushed stood still meanwhile, up to twice for each new segment and
// four times for the first one: its partition's folder, the folder with the topic and an empty index were synced while
// everything else waited. They are not, or are synced as files are.
import { assertEquals } from "@std/assert";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Partition } from "../../src/log/partition.ts";
import { Durability } from "../../src/log/write/durability.ts";
import { PartitionWriter } from "../../src/log/write/writer.ts";
import { nodeStorage } from "../../src/storage/node.ts";
import type { PublishOptions, Storage, StorageFile } from "../../src/storage/port.ts";
import { test } from "../harness.ts";
import { single } from "../log/partition_folder.ts";
import { memoryFolder } from "../memory_folder.ts";

/** Syncs of folders that end when the test says so, and no blocking ones. */
class SlowFolders {
  readonly begun: string[] = [];
  readonly #ends: (() => void)[] = [];
  readonly synced: string[] = [];
  readonly storage: Storage = {
    ...nodeStorage,
    syncDirectory: (path) => {
      throw new Error(`"${path}" is synced while the program stands still`);
    },
    syncDirectoryLater: async (path) => {
      this.begun.push(path);
      await new Promise<void>((resolve) => this.#ends.push(resolve));
    },
    publish: (path: string, content: Uint8Array, options?: PublishOptions) => {
      if (options?.durable !== false) this.synced.push(path.slice(-3));
      return nodeStorage.publish(path, content, options);
    },
  };

  /** Ends the oldest sync, and lets what waited for it go on. */
  async end(): Promise<void> {
    this.#ends.shift()!();
    await this.settled();
  }

  async settled(): Promise<void> {
    for (let turn = 0; turn < 30; turn++) await Promise.resolve();
  }
}

test("a program goes on while the folders of a new segment are synced, and its pushes wait for that", async () => {
  for (const flushBehavior of ["immediate", "on_flush"] as const) {
    const directory = mkdtempSync(join(memoryFolder, "diaspora-slow-"));
    const folders = new SlowFolders();
    const partition = new Partition({
      storage: folders.storage,
      directory,
      topic: "t",
      partition: 0,
      indexIntervalBytes: 1,
    });
    const writer = new PartitionWriter(partition, {
      flushBehavior,
      segmentBytesMax: 1 << 20,
      topFolder: "/top",
    });
    try {
      const stored = writer.append(single('"one"'));
      let isStored = false;
      const waiting = Promise.all([stored, writer.flush()]).then(() => isStored = true);
      await folders.settled();
      assertEquals([folders.begun, isStored], [["/top"], false]);
      await folders.end();
      assertEquals([folders.begun, isStored], [["/top", directory], false]);
      await folders.end();
      await waiting;
      // The header alone: no name shows less than all of it.
      assertEquals(folders.synced, ["log"]);
    } finally {
      await writer.close();
      partition.close();
      rmSync(directory, { recursive: true });
    }
  }
});

test("a segment that is begun while the folder is synced for another one is not covered by that", async () => {
  const folders = new SlowFolders();
  const durability = new Durability({ ...folders.storage, publish: () => false }, "folder");
  const synced: string[] = [];
  const open = (path: string): StorageFile => {
    const sync = () => Promise.resolve(void synced.push(path));
    const file = { path, sync, size: () => 0, close: () => {} } as StorageFile;
    durability.opened(file);
    durability.wrote(file);
    return file;
  };
  const files = [open("one"), open("two")];
  const first = durability.sync(files);
  const later = durability.sync([open("three")]);
  await folders.settled();
  assertEquals([folders.begun, synced], [["folder"], []]);
  await folders.end();
  await first;
  assertEquals([folders.begun, synced], [["folder", "folder"], ["one", "two"]]);
  await folders.end();
  await later;
  assertEquals(synced, ["one", "two", "three"]);
});
