import { assert, assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StorageError } from "../../mod.ts";
import { nodeStorage } from "../../src/storage/node.ts";
import { test } from "../harness.ts";
import { PATIENCE_MS, until } from "../waiting.ts";

const text = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : new TextDecoder().decode(bytes);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

async function inFolder(body: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "diaspora-storage-"));
  try {
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function errnoOf(action: () => unknown): string {
  return assertThrows(action, StorageError).errno;
}

test("a file that is closed is not used any more, though the next one gets its descriptor's number", () =>
  inFolder((folder) => {
    assert(nodeStorage.publish(`${folder}/one`, bytes("one")));
    assert(nodeStorage.publish(`${folder}/two`, bytes("two")));
    const closed = nodeStorage.open(`${folder}/one`, "update");
    closed.close();
    const open = nodeStorage.open(`${folder}/two`, "update");
    const uses = [
      () => closed.readAt(new Uint8Array(3), 0),
      () => closed.writeAt(bytes("bad"), 0),
      () => closed.append(bytes("bad")),
      () => closed.size(),
      () => closed.syncNow(),
    ];
    assertEquals(uses.map(errnoOf), uses.map(() => "EBADF"));
    assertThrows(() => closed.close());
    assertEquals([open.size(), text(nodeStorage.readWhole(`${folder}/two`))], [3, "two"]);
    open.close();
  }));

test("a file can be appended to, read and written anywhere, and has a size", () =>
  inFolder((folder) => {
    const path = `${folder}/file`;
    assertEquals(nodeStorage.publish(path, bytes("one")), true);
    const file = nodeStorage.open(path, "append");
    assertEquals(file.append(bytes(" two")), 4);
    assertEquals([file.path, file.size()], [path, 7]);
    const into = new Uint8Array(4);
    assertEquals([file.readAt(into, 4), text(into)], [3, "two\0"]);
    assertEquals(file.readAt(into, 7), 0);
    file.close();
    const other = nodeStorage.open(path, "update");
    assertEquals(other.writeAt(bytes("TWO"), 4), 3);
    other.close();
    assertEquals(text(nodeStorage.readWhole(path)), "one TWO");
  }));

test("a file without a name has the size -1", () =>
  inFolder((folder) => {
    nodeStorage.publish(`${folder}/file`, bytes("one"));
    const file = nodeStorage.open(`${folder}/file`, "append");
    nodeStorage.remove(`${folder}/file`);
    assertEquals(file.size(), -1);
    file.close();
  }));

test("a sync calls the system, and fails when that fails", () =>
  inFolder(async (folder) => {
    nodeStorage.publish(`${folder}/file`, bytes("one"));
    const file = nodeStorage.open(`${folder}/file`, "append");
    await file.sync();
    file.syncNow();
    file.close();
    // No file is open under that descriptor now: a sync that is not requested would succeed.
    await assertRejects(() => file.sync(), StorageError, `Cannot sync "${folder}/file"`);
    assertThrows(() => file.syncNow(), StorageError, `Cannot sync "${folder}/file"`);
    nodeStorage.syncDirectory(folder);
    assertEquals(errnoOf(() => nodeStorage.syncDirectory(`${folder}/none`)), "ENOENT");
  }));

test("using a closed file fails with its name", () =>
  inFolder((folder) => {
    nodeStorage.publish(`${folder}/file`, bytes("one"));
    const file = nodeStorage.open(`${folder}/file`, "update");
    file.close();
    assertThrows(() => file.append(bytes("x")), StorageError, `Cannot append to "${folder}/file"`);
    assertThrows(() => file.writeAt(bytes("x"), 0), StorageError, `Cannot write to "${folder}/file"`);
    assertThrows(() => file.readAt(new Uint8Array(1), 0), StorageError, `Cannot read "${folder}/file"`);
    assertThrows(() => file.size(), StorageError, `Cannot look at "${folder}/file"`);
  }));

test("a file is published atomically, once, and leaves no draft", () =>
  inFolder((folder) => {
    for (const durable of [true, false]) {
      assertEquals(nodeStorage.publish(`${folder}/${durable}`, bytes("first"), { durable }), true);
      assertEquals(nodeStorage.publish(`${folder}/${durable}`, bytes("second"), { durable }), false);
      assertEquals(text(nodeStorage.readWhole(`${folder}/${durable}`)), "first");
    }
    assertEquals(nodeStorage.publish(`${folder}/refused`, bytes("x"), { confirm: () => false }), false);
    assertEquals(readdirSync(folder).sort(), ["false", "true"]);
    assertEquals(errnoOf(() => nodeStorage.publish(`${folder}/none/file`, bytes("x"))), "ENOENT");
  }));

test("a replaced file has its new content, and a failed replacement leaves no draft", () =>
  inFolder((folder) => {
    nodeStorage.replace(`${folder}/file`, bytes("first"));
    nodeStorage.replace(`${folder}/file`, bytes("second"));
    assertEquals(text(nodeStorage.readWhole(`${folder}/file`)), "second");
    nodeStorage.makeDirectory(`${folder}/taken`);
    assertThrows(() => nodeStorage.replace(`${folder}/taken`, bytes("x")), StorageError, "Cannot replace");
    assertEquals(readdirSync(folder).sort(), ["file", "taken"]);
  }));

test("a missing file is undefined, or an error where it is required", () =>
  inFolder((folder) => {
    const none = `${folder}/none`;
    assertEquals(nodeStorage.readWhole(none), undefined);
    assertEquals(nodeStorage.stat(none), undefined);
    nodeStorage.remove(none);
    nodeStorage.removeTree(none);
    assertEquals(errnoOf(() => nodeStorage.open(none, "read")), "ENOENT");
    assertEquals(errnoOf(() => nodeStorage.list(none)), "ENOENT");
    assertEquals(errnoOf(() => nodeStorage.rename(none, `${folder}/other`)), "ENOENT");
    // Opening never creates a file.
    for (const mode of ["append", "update"] as const) assertThrows(() => nodeStorage.open(none, mode));
    assertEquals(readdirSync(folder), []);
    assertThrows(() => nodeStorage.readWhole(folder), StorageError, "Cannot read");
  }));

test("files, folders and links are distinguished, and no link is followed", () =>
  inFolder((folder) => {
    nodeStorage.publish(`${folder}/file`, bytes("four"));
    nodeStorage.makeDirectory(`${folder}/directory`);
    symlinkSync(`${folder}/file`, `${folder}/link`);
    const kinds = ["file", "directory", "link"].map((name) => nodeStorage.stat(`${folder}/${name}`)!.kind);
    assertEquals(kinds, ["file", "directory", "other"]);
    const { bytes: size, modified } = nodeStorage.stat(`${folder}/file`)!;
    assertEquals(size, 4);
    assert(Math.abs(modified - nodeStorage.now()) < 60_000);
    for (const mode of ["read", "append", "update"] as const) {
      assertEquals(errnoOf(() => nodeStorage.open(`${folder}/link`, mode)), "ELOOP");
    }
    assertEquals(errnoOf(() => nodeStorage.readWhole(`${folder}/link`)), "ELOOP");
    assertEquals(errnoOf(() => nodeStorage.makeDirectory(`${folder}/directory`)), "EEXIST");
  }));

test("files and trees are removed, and links in them, but not their targets", () =>
  inFolder((folder) => {
    nodeStorage.makeDirectory(`${folder}/tree`);
    nodeStorage.publish(`${folder}/kept`, bytes("kept"));
    nodeStorage.publish(`${folder}/tree/file`, bytes("gone"));
    symlinkSync(`${folder}/kept`, `${folder}/tree/link`);
    nodeStorage.rename(`${folder}/tree`, `${folder}/moved`);
    assertEquals(nodeStorage.list(`${folder}/moved`).sort(), ["file", "link"]);
    nodeStorage.removeTree(`${folder}/moved`);
    assertEquals(nodeStorage.list(folder), ["kept"]);
    assertEquals(readFileSync(`${folder}/kept`, "utf8"), "kept");
    nodeStorage.remove(`${folder}/kept`);
    assert(!existsSync(`${folder}/kept`));
  }));

test("a watch reports changes in a folder", () =>
  inFolder(async (folder) => {
    let hasChanged = false;
    // The system has few watches, and other programs may have used them up for a moment.
    await until("a change is reported", async () => {
      const watch = nodeStorage.watch(folder, () => hasChanged = true);
      for (let changes = 0; changes < 50 && !hasChanged; changes++) {
        closeSync(openSync(`${folder}/${Math.random()}`, "w"));
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      watch?.close();
      return hasChanged;
    }, 4 * PATIENCE_MS);
  }));

test("random numbers have 32 bits, and do not repeat", () => {
  const numbers = Array.from({ length: 200 }, () => nodeStorage.random32());
  assert(numbers.every((number) => Number.isInteger(number) && number >= 0 && number < 2 ** 32));
  // Two of 200 are the same once in 200,000 runs.
  assert(new Set(numbers).size >= 199);
  assertNotEquals(numbers.slice(0, 64), numbers.slice(64, 128));
  assert(numbers.some((number) => number >= 2 ** 31), "the highest bit is never set");
});
