// A position file that is closed because the system has no descriptor left, and opened again when it is needed.
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { StorageError } from "../../../mod.ts";
import { CursorFile } from "../../../src/log/positions/cursor.ts";
import { POSITION_SLOT_BYTES } from "../../../src/log/positions/position_slot.ts";
import { idleFiles } from "../../../src/storage/idle_files.ts";
import type { Storage, StorageFile } from "../../../src/storage/port.ts";
import { SimulatedFolder } from "../../drivers/files/simulated_folder.ts";
import { forwardingTo, keptAs } from "../port_wrapper.ts";
import { test } from "../../harness.ts";
import { PLAIN } from "./cursor_scene.ts";

/** A consumer that has stored a position, on a disk that says what is done with its file. */
class Scene {
  readonly folder = new SimulatedFolder();
  /** What was done with the file: "write 0" for its first slot, "sync", "syncNow", "close", "open". */
  readonly done: string[] = [];
  /** The next syncs, of either kind, fail. */
  failures = 0;
  /** Called when a sync that is not blocking begins, and awaited. */
  syncing: () => Promise<void> | void = () => {};
  /** The number of the file under the path. */
  inode = 7;
  /** So many bytes a read of the file gives at most. */
  readMax = Infinity;
  readonly cursor: CursorFile;

  constructor(keepsFirst = false) {
    const { storage } = this.folder;
    const counted: Storage = new Proxy(storage, {
      get: (disk, name: keyof Storage) => {
        if (name === "open") {
          return (path: string, mode: "update") => {
            if (path !== PLAIN) return disk.open(path, mode);
            const file = this.#noting(disk.open(path, mode));
            this.done.push("open");
            return file;
          };
        }
        if (name === "publish") {
          const publish: Storage["publish"] = (path, content, options) =>
            disk.publish(path, content, {
              ...keptAs(options, (file) => this.#noting(file)),
              keep: (file, state) =>
                options?.keep?.(this.#noting(file), { ...state, inode: this.inode, made: 1 }),
            });
          return publish;
        }
        if (name === "stat") {
          return (path: string) => {
            const state = disk.stat(path);
            return state && { ...state, inode: this.inode, made: this.inode === 7 ? 1 : 2 };
          };
        }
        return disk[name];
      },
    });
    this.cursor = new CursorFile(counted, PLAIN, { keepsFirst });
    this.cursor.acknowledge({ nextId: 1, time: 0 });
    this.done.length = 0;
  }

  #noting(file: StorageFile): StorageFile {
    const fail = () => {
      if (this.failures === 0) return;
      this.failures--;
      throw new StorageError("EIO", "simulated");
    };
    return {
      ...forwardingTo(file),
      readAt: (into, offset) => file.readAt(into.subarray(0, this.readMax), offset),
      writeAt: (bytes, offset) => {
        this.done.push(`write ${offset / POSITION_SLOT_BYTES}`);
        return file.writeAt(bytes, offset);
      },
      sync: async () => {
        this.done.push("sync");
        await this.syncing();
        fail();
        return await file.sync();
      },
      syncNow: () => {
        this.done.push("syncNow");
        fail();
        file.syncNow();
      },
      close: () => {
        this.done.push("close");
        file.close();
      },
    };
  }

  get own() {
    return this.cursor.own!;
  }

  acknowledge(nextId: number): void {
    this.cursor.acknowledge({ nextId, time: 0 });
  }

  /** The position, as another consumer reads it, and how many files of the name there are. */
  get stored(): [nextId: number | undefined, files: number] {
    const { storage } = this.folder;
    const files = this.folder.names().filter((name) => name.endsWith(".pos"));
    return [new CursorFile(storage, PLAIN).read()?.nextId, files.length];
  }

  take(): string[] {
    return this.done.splice(0);
  }
}

test("a position file is closed once, and opened again by the next position, which goes into it", () => {
  const scene = new Scene();
  const { own } = scene;
  assertEquals([own.closeIdle(), own.closeIdle()], [true, false]);
  assertEquals(scene.take(), ["close"]);
  scene.acknowledge(2);
  assertEquals(scene.own === own, true);
  assertEquals(scene.take(), ["open", "write 1"]);
  assertEquals(scene.stored, [2, 1]);
  assertEquals([own.isThere, own.isRetired, own.isLost], [true, false, false]);
});

// An acknowledgement failed with ConsumerDeletedError, though the consumer was there.
test("a position file that was closed is its owner's also where the system reads it in pieces", () => {
  const scene = new Scene();
  const { own, folder } = scene;
  own.closeIdle();
  scene.readMax = 5;
  assertEquals([own.isThere, own.isRetired, own.isLost], [true, false, false]);
  new CursorFile(folder.storage, PLAIN).seek({ nextId: 0, time: 0 });
  assertEquals(own.isRetired, true);
});

test("only a position file that is open counts among those that can be closed", () => {
  const scene = new Scene();
  const { own } = scene;
  assertEquals(idleFiles.has(own), true);
  own.closeIdle();
  assertEquals(idleFiles.has(own), false);
  assertEquals(own.isThere, true);
  assertEquals(idleFiles.has(own), true);
  scene.cursor.close();
  assertEquals(idleFiles.has(own), false);
});

test("a position file that was closed is not taken for another one under its path", () => {
  for (const [isOther, inode, isOwn] of [[false, 7, true], [false, 8, false], [true, 7, false]] as const) {
    const scene = new Scene();
    const { own, folder } = scene;
    const bytes = folder.storage.readWhole(PLAIN)!;
    own.closeIdle();
    scene.take();
    folder.storage.remove(PLAIN);
    if (isOther) new CursorFile(folder.storage, PLAIN).acknowledge({ nextId: 50, time: 0 });
    // The same bytes, as of a backup.
    else folder.storage.publish(PLAIN, bytes);
    scene.inode = inode;
    assertEquals([own.isThere, own.isRetired, own.isLost], [isOwn, !isOwn, false], `${isOther} ${inode}`);
    assertEquals(own.closeIdle(), isOwn);
    // None stays open, whether it is its own or not.
    const done = scene.take();
    const [opened, closed] = ["open", "close"].map((call) => done.filter((each) => each === call).length);
    assertEquals([opened! > 0, closed], [true, opened]);
    assertEquals(idleFiles.has(own), false);
    scene.inode = 7;
    scene.acknowledge(60);
    assertEquals(scene.stored[0], 60);
  }
});

test("a position file that was removed while it was closed counts as retired, and the position is stored in another one", () => {
  const scene = new Scene();
  const { own, folder } = scene;
  own.closeIdle();
  folder.storage.remove(PLAIN);
  assertEquals([own.isThere, own.isRetired, own.isLost], [false, true, false]);
  scene.acknowledge(2);
  assertEquals([scene.own === own, ...scene.stored], [false, 2, 1]);
});

test("a position file that was removed while it is open, and was not retired, is lost", () => {
  const { own, folder } = new Scene();
  folder.storage.remove(PLAIN);
  assertEquals([own.isThere, own.isRetired, own.isLost], [false, false, true]);
  const retired = new Scene();
  new CursorFile(retired.folder.storage, PLAIN).seek({ nextId: 9, time: 0 });
  assertEquals([retired.own.isThere, retired.own.isRetired, retired.own.isLost], [true, true, false]);
});

test("before a position file is closed it is synced, if its first position waits for that", () => {
  const scene = new Scene(true);
  const { own } = scene;
  assertEquals([own.isSyncDue, own.closeIdle(), scene.take()], [true, true, ["syncNow", "close"]]);
  // The next position does not.
  const other = new Scene(false);
  assertEquals([other.own.isSyncDue, other.own.closeIdle(), other.take()], [false, true, ["close"]]);
  // And one that cannot be synced stays open.
  const failing = new Scene(true);
  failing.failures = 1;
  assertEquals([failing.own.closeIdle(), failing.take()], [false, ["syncNow"]]);
  assertEquals([failing.own.closeIdle(), failing.take()], [true, ["write 1", "syncNow", "close"]]);
});

test("a position that a failed sync may have dropped is written and synced again before its file is closed", async () => {
  const scene = new Scene();
  const { own } = scene;
  scene.failures = 1;
  await assertRejects(() => own.sync(), StorageError, "simulated");
  assertEquals([own.closeIdle(), scene.take()], [true, ["sync", "write 1", "syncNow", "close"]]);
  assertEquals(scene.stored, [1, 1]);
  scene.failures = 1;
  assertThrows(() => own.syncNow(), StorageError, "simulated");
});

test("a position file is not closed while a sync of it runs, and has nothing to sync once it is closed", async () => {
  const scene = new Scene();
  const { own } = scene;
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => resolve = done);
  scene.syncing = () => promise;
  const syncing = own.sync();
  own.keepOpenDuring(syncing);
  assertEquals([own.closeIdle(), scene.take()], [false, ["sync"]]);
  resolve();
  await syncing;
  await Promise.resolve();
  assertEquals([own.closeIdle(), scene.take()], [true, ["close"]]);
  await own.sync();
  assertEquals(scene.take(), []);
});
