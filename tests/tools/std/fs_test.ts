// What both @std/fs and its stand-in must do; the configuration decides which of them is tested.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { emptyDirSync } from "@std/fs/empty-dir";
import { ensureDirSync } from "@std/fs/ensure-dir";
import { walkSync } from "@std/fs/walk";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { test } from "../../harness.ts";

/** Runs a body with a separate directory. */
function inDirectory(body: (dir: string) => void): void {
  const dir = mkdtempSync(join(tmpdir(), "diaspora-std-"));
  try {
    body(dir);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** A small tree: a.ts, b.md, sub/c.ts, sub/deep/d.ts, link -> sub. */
function plant(dir: string): void {
  mkdirSync(join(dir, "sub", "deep"), { recursive: true });
  for (const name of ["a.ts", "b.md", "sub/c.ts", "sub/deep/d.ts"]) writeFileSync(join(dir, name), name);
  symlinkSync(join(dir, "sub"), join(dir, "link"));
}

test("ensureDirSync() creates a directory with its parents, and accepts an existing one", () =>
  inDirectory((dir) => {
    ensureDirSync(join(dir, "c", "d"));
    ensureDirSync(join(dir, "c", "d"));
    assert(statSync(join(dir, "c", "d")).isDirectory());
  }));

test("ensureDirSync() refuses a file of that name", () =>
  inDirectory((dir) => {
    writeFileSync(join(dir, "file"), "");
    assertThrows(() => ensureDirSync(join(dir, "file")), Error);
  }));

test("emptyDirSync() removes everything in a directory, and creates a missing one", () =>
  inDirectory((dir) => {
    mkdirSync(join(dir, "one"));
    plant(join(dir, "one"));
    emptyDirSync(join(dir, "one"));
    assertEquals(readdirSync(join(dir, "one")), []);
    emptyDirSync(join(dir, "two", "three"));
    assertEquals(readdirSync(dir).sort(), ["one", "two"]);
  }));

test("walkSync() visits everything, and links without following them", () =>
  inDirectory((dir) => {
    plant(dir);
    const met = [];
    for (const { path, name, isFile, isDirectory, isSymlink } of walkSync(dir)) {
      met.push(`${relative(dir, path)} ${name === "" ? "" : isFile ? "file" : isDirectory ? "dir" : "link"}`);
      assertEquals(Number(isFile) + Number(isDirectory) + Number(isSymlink), 1);
    }
    assertEquals(met.sort(), [
      " dir",
      "a.ts file",
      "b.md file",
      "link link",
      "sub dir",
      "sub/c.ts file",
      "sub/deep dir",
      "sub/deep/d.ts file",
    ]);
  }));

test("walkSync() filters by its options", () =>
  inDirectory((dir) => {
    plant(dir);
    const cases: [Parameters<typeof walkSync>[1], string[]][] = [
      [{ includeDirs: false }, ["a.ts", "b.md", "link", "sub/c.ts", "sub/deep/d.ts"]],
      [{ exts: [".md"] }, ["b.md"]],
      [{ exts: ["md"] }, ["b.md"]],
      [{ match: [/d\.ts$/] }, ["sub/deep/d.ts"]],
      [{ includeDirs: false, skip: [/deep/, /\.md$/] }, ["a.ts", "link", "sub/c.ts"]],
    ];
    for (const [options, expected] of cases) {
      const paths = [...walkSync(dir, options)].map(({ path }) => relative(dir, path));
      assertEquals(paths.sort(), expected);
    }
  }));
