// The folders above a store, which are made one by one, each on the disk before the next.
import { assertEquals, assertThrows } from "@std/assert";
import { dirname } from "node:path";
import { StorageError } from "../../../mod.ts";
import { makeTree } from "../../../src/drivers/files/make_tree.ts";
import { test } from "../../harness.ts";
import { ROOT, SimulatedFolder } from "./simulated_folder.ts";

const refusal = (errno: string) => new StorageError(errno, `Cannot do it: simulated (${errno})`);

/** A folder whose calls of one kind are refused. */
function refusing(call: string, errno: string, at = ""): SimulatedFolder {
  const folder = new SimulatedFolder();
  folder.before = (name, path) => {
    if (name === call && path.endsWith(at)) throw refusal(errno);
  };
  return folder;
}

test("each missing folder is made, and is on the disk before the next one is made in it", () => {
  const folder = new SimulatedFolder();
  assertEquals(folder.changesDuring(() => makeTree(folder.storage, `${ROOT}/a/b`)), [
    // It is empty.
    `syncDirectory ${dirname(ROOT)}`,
    "makeDirectory a",
    "syncDirectory .",
    "makeDirectory a/b",
    "syncDirectory a",
  ]);
  assertEquals(folder.afterPowerCut(), ["a", "a/b"]);
});

test("an empty folder may be one that is not on the disk yet, and another one is", () => {
  const folder = new SimulatedFolder();
  folder.storage.makeDirectory(`${ROOT}/a`);
  assertEquals(folder.changesDuring(() => makeTree(folder.storage, `${ROOT}/a`)), ["syncDirectory ."]);
  folder.file("a/file");
  assertEquals(folder.changesDuring(() => makeTree(folder.storage, `${ROOT}/a`)), []);
  // Something else that is there causes an error later, when something is made in it.
  assertEquals(folder.changesDuring(() => makeTree(folder.storage, `${ROOT}/a/file`)), []);
});

test("a folder that cannot be synced for what it is stays, and a failing disk is an error", () => {
  for (const errno of ["EACCES", "EPERM", "EINVAL", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"]) {
    const folder = refusing("syncDirectory", errno);
    makeTree(folder.storage, `${ROOT}/a`);
    assertEquals(folder.names(), ["a"], errno);
  }
  for (const errno of ["EIO", "ENOSPC", "EMFILE"]) {
    const folder = refusing("syncDirectory", errno);
    assertThrows(() => makeTree(folder.storage, `${ROOT}/a`), StorageError, errno);
  }
});

test("a folder above that may not be looked at has to be there", () => {
  const folder = refusing("stat", "EACCES", ROOT);
  makeTree(folder.storage, `${ROOT}/a`);
  assertEquals(folder.names(), ["a"]);
  const failing = refusing("stat", "EIO", ROOT);
  assertThrows(() => makeTree(failing.storage, `${ROOT}/a`), StorageError, "EIO");
});

test("a folder that may not be listed is taken as it is, and a failing disk is an error", () => {
  const folder = refusing("list", "EACCES");
  assertEquals(folder.changesDuring(() => makeTree(folder.storage, ROOT)), []);
  const failing = refusing("list", "EIO");
  assertThrows(() => makeTree(failing.storage, ROOT), StorageError, "EIO");
});
