// Folders under temporary names: which ones are moved aside, moved back, removed, or left alone.
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { dirname } from "node:path";
import { StorageError } from "../../../mod.ts";
import {
  moveAside,
  removeFolder,
  removeLeftovers,
  temporaryPath,
  tryMoveBack,
  tryRemoveTree,
} from "../../../src/drivers/files/temporary_folders.ts";
import { makeTree } from "../../../src/drivers/files/make_tree.ts";
import { test } from "../../harness.ts";
import { ROOT, SimulatedFolder } from "./simulated_folder.ts";

const HOUR_MS = 3_600_000;
const refusal = (errno: string) => new StorageError(errno, `Cannot do it: simulated (${errno})`);

test("temporary names are random, of sixteen digits", () => {
  const { storage } = new SimulatedFolder();
  const names = Array.from({ length: 50 }, () => temporaryPath(storage, ROOT));
  assertEquals(new Set(names).size, 50);
  for (const name of names) assertMatch(name.replace(`${ROOT}/`, ""), /^\.creating-[0-9a-f]{16}$/);
});

test("a folder that is moved aside has its new name on the disk before anything else is done with it", () => {
  const folder = new SimulatedFolder();
  folder.file("a/b/file");
  let aside: string | undefined;
  const done = folder.changesDuring(() => aside = moveAside(folder.storage, ROOT, `${ROOT}/a/b`));
  // The folder it is moved to, and the one it is moved from.
  assertEquals(done, ["rename a/b", "syncDirectory .", "syncDirectory a"]);
  const name = aside!.replace(`${ROOT}/`, "");
  assertMatch(name, /^\.deleting-[0-9a-f]{16}$/);
  assertEquals(folder.names(), [name, `${name}/file`, "a"]);
  assertEquals(moveAside(folder.storage, ROOT, `${ROOT}/a/b`), undefined);
  assertEquals(folder.changesDuring(() => moveAside(folder.storage, ROOT, aside!)), [
    `rename ${name}`,
    "syncDirectory .",
  ]);
});

test("a folder whose new name cannot be synced is moved back, and the error is the first one", () => {
  for (const isRefusedTwice of [false, true]) {
    const folder = new SimulatedFolder();
    folder.file("a/file");
    let isRefused = true;
    folder.before = (name) => {
      if (name === "syncDirectory" && isRefused) {
        isRefused = isRefusedTwice;
        throw refusal(isRefusedTwice ? "ENOSPC" : "EIO");
      }
    };
    const done = folder.changesDuring(() => {
      const error = assertThrows(() => moveAside(folder.storage, ROOT, `${ROOT}/a`), StorageError);
      assertEquals(error.errno, isRefusedTwice ? "ENOSPC" : "EIO");
    });
    assertEquals(folder.names(), ["a", "a/file"]);
    // That it is back is on the disk, too, if that is possible now.
    assertEquals(done.at(-1) === "syncDirectory .", !isRefusedTwice);
  }
});

test("a folder that cannot be moved aside stays, and says why", () => {
  const folder = new SimulatedFolder();
  folder.file("a/file");
  folder.before = (name) => {
    if (name === "rename") throw refusal("EACCES");
  };
  assertEquals(
    assertThrows(() => moveAside(folder.storage, ROOT, `${ROOT}/a`), StorageError).errno,
    "EACCES",
  );
  tryMoveBack(folder.storage, `${ROOT}/a`, `${ROOT}/b`);
  folder.before = () => {
    throw new RangeError("a bug");
  };
  assertThrows(() => tryMoveBack(folder.storage, `${ROOT}/a`, `${ROOT}/b`), RangeError);
  assertThrows(() => tryRemoveTree(folder.storage, `${ROOT}/a`), RangeError);
  folder.before = (name) => {
    if (name === "removeTree") throw refusal("EBUSY");
  };
  tryRemoveTree(folder.storage, `${ROOT}/a`);
  folder.before = () => {};
  assertEquals(folder.names(), ["a", "a/file"]);
  tryRemoveTree(folder.storage, `${ROOT}/a`);
  assertEquals(folder.names(), []);
});

test("leftovers of removals go at once, those of creations after an hour, and anything else stays", () => {
  const folder = new SimulatedFolder();
  const { storage, disk } = folder;
  for (const name of [".deleting-1", ".deleting-2", ".creating-old", "topic", "x.deleting-"]) {
    folder.file(`${name}/file`);
  }
  disk.clock.pass(HOUR_MS);
  folder.file(".creating-new/file");
  // At exactly an hour, it is not older than an hour yet.
  disk.clock.pass(500);
  const removed: string[] = [];
  const remove = (path: string) => {
    removed.push(path);
    tryRemoveTree(storage, path);
  };
  const done = folder.changesDuring(() => removeLeftovers(storage, ROOT, storage.list(ROOT).sort(), remove));
  assertEquals(removed, [`${ROOT}/.deleting-1`, `${ROOT}/.deleting-2`]);
  // Their names are on disk before they are removed: the process that renamed them may have been killed before
  // the sync.
  assertEquals(done.slice(0, 4), [
    "syncDirectory .",
    "removeTree .deleting-1",
    "removeTree .deleting-2",
    "rename .creating-old",
  ]);
  assertEquals(folder.names().filter((name) => !name.includes("/")), [
    ".creating-new",
    "topic",
    "x.deleting-",
  ]);
  assertEquals(
    folder.changesDuring(() => removeLeftovers(storage, ROOT, ["topic", ".creating-gone"], remove)),
    [],
  );
  disk.clock.pass(HOUR_MS);
  removeLeftovers(storage, ROOT, storage.list(ROOT), remove);
  assertEquals(folder.names().filter((name) => !name.includes("/")), ["topic", "x.deleting-"]);
});

test("the name of a single folder that was to be removed is on the disk first, and one that is missing is no one's", () => {
  const folder = new SimulatedFolder();
  const { storage } = folder;
  folder.file(".deleting-1/file");
  const remove = (path: string) => tryRemoveTree(storage, path);
  const done = folder.changesDuring(() => removeLeftovers(storage, ROOT, [".deleting-1"], remove));
  assertEquals(done, ["syncDirectory .", "removeTree .deleting-1"]);
  folder.before = (name) => {
    if (name === "removeTree") throw new RangeError("nothing is to be removed");
  };
  removeFolder(storage, ROOT, `${ROOT}/missing`);
});

test("what cannot be cleaned up now fails no call, and a bug does", () => {
  const folder = new SimulatedFolder();
  folder.file(".deleting-1/file");
  folder.before = () => {
    throw refusal("EIO");
  };
  removeLeftovers(folder.storage, ROOT, [".deleting-1"], () => {});
  folder.before = () => {};
  assertThrows(() =>
    removeLeftovers(folder.storage, ROOT, [".deleting-1"], () => {
      throw new RangeError("a bug");
    }), RangeError);
});

test("folders are made with their parents, each synced before the next is made in it", () => {
  const folder = new SimulatedFolder();
  const { storage } = folder;
  assertEquals(folder.changesDuring(() => makeTree(storage, `${ROOT}/a/b/c`)), [
    `syncDirectory ${dirname(ROOT)}`,
    ...["makeDirectory a", "syncDirectory ."],
    ...["makeDirectory a/b", "syncDirectory a"],
    ...["makeDirectory a/b/c", "syncDirectory a/b"],
  ]);
  // An empty folder may just have been created, by a process that has not synced it yet.
  assertEquals(folder.changesDuring(() => makeTree(storage, `${ROOT}/a/b/c`)), ["syncDirectory a/b"]);
  folder.file("a/b/c/file");
  assertEquals(folder.changesDuring(() => makeTree(storage, `${ROOT}/a/b/c`)), []);
  assertEquals(folder.afterPowerCut().slice(0, 3), ["a", "a/b", "a/b/c"]);
});

test("folders that another process makes meanwhile, or that cannot be opened, are in no one's way", () => {
  const folder = new SimulatedFolder();
  const { storage, disk } = folder;
  folder.before = (name, path) => {
    if (name === "makeDirectory") disk.names.makeDirectory(path);
    if (name === "syncDirectory") throw refusal("EACCES");
    if (name === "list") throw refusal("EACCES");
  };
  makeTree(storage, `${ROOT}/a/b`);
  makeTree(storage, `${ROOT}/a/b`);
  for (
    const [call, errno] of [["makeDirectory", "ENOSPC"], ["syncDirectory", "EIO"], ["list", "EIO"]] as const
  ) {
    folder.before = (name) => {
      if (name === call) throw refusal(errno);
    };
    assertEquals(
      assertThrows(() => makeTree(storage, `${ROOT}/a/b${call === "list" ? "" : "/new"}`), StorageError)
        .errno,
      errno,
    );
  }
  folder.before = (name) => {
    if (name === "syncDirectory") throw new RangeError("a bug");
  };
  assertThrows(() => makeTree(storage, `${ROOT}/other`), RangeError);
});
