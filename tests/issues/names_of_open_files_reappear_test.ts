/**
 * On FUSE (exFAT, sshfs) the name of a file that is removed while a program has it open reappears as
 * `.fuse_hidden…`. Deleting a topic beside a reader, Bun removed such names again and again, until the
 * reader closed its files.
 */
import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { StorageError } from "../../mod.ts";
import { storageOn } from "../../src/storage/node.ts";
import { test } from "../harness.ts";

const skip = "Bun" in globalThis ? false : "the own removal of Node and Deno ends";

test("a folder whose names reappear is removed as far as it can be, in one pass", { skip }, () => {
  const folder = fs.mkdtempSync(join(tmpdir(), "diaspora-reappear-"));
  try {
    const tree = join(folder, "tree");
    fs.mkdirSync(join(tree, "deep"), { recursive: true });
    for (const name of ["closed", "deep/closed", "deep/open"]) fs.writeFileSync(join(tree, name), "");
    let renamed = 0;
    const rmSync: typeof fs.rmSync = (path, options) => {
      if (!/open|hidden/.test(basename(String(path)))) return fs.rmSync(path, options);
      fs.renameSync(path, join(dirname(String(path)), `.fuse_hidden${renamed++}`));
    };
    const storage = storageOn({ fs: { ...fs, rmSync }, windows: false });
    const error = assertThrows(() => storage.removeTree(tree), StorageError);
    assertStrictEquals(error.errno, "ENOTEMPTY");
    assertEquals(fs.readdirSync(tree), ["deep"]);
    assertEquals(fs.readdirSync(join(tree, "deep")), [".fuse_hidden0"]);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});
