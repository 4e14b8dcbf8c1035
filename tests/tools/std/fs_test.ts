// What @std/fs and its stand-in must both do; which of them is under test depends on the configuration.
import { assert, assertEquals, assertFalse, assertRejects, assertThrows } from "@std/assert";
import * as root from "@std/fs";
import { emptyDir, emptyDirSync } from "@std/fs/empty-dir";
import { ensureDir, ensureDirSync } from "@std/fs/ensure-dir";
import { exists, existsSync } from "@std/fs/exists";
import { walk, walkSync } from "@std/fs/walk";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { test } from "../../harness.ts";

/** Runs a body with a directory of its own. */
async function inDirectory(body: (dir: string) => void | Promise<void>): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "diaspora-std-"));
  try {
    await body(dir);
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

test("ensureDir() makes a directory with those above it, and accepts one that is there", () =>
  inDirectory(async (dir) => {
    await ensureDir(join(dir, "a", "b"));
    await ensureDir(join(dir, "a", "b"));
    ensureDirSync(join(dir, "c", "d"));
    ensureDirSync(join(dir, "c", "d"));
    assert(statSync(join(dir, "a", "b")).isDirectory());
    assert(statSync(join(dir, "c", "d")).isDirectory());
  }));

test("ensureDir() refuses a file of that name", () =>
  inDirectory(async (dir) => {
    writeFileSync(join(dir, "file"), "");
    await assertRejects(() => ensureDir(join(dir, "file")), Error, "expected 'dir'");
    assertThrows(() => ensureDirSync(join(dir, "file")), Error, "expected 'dir'");
  }));

test("exists() tells files, directories and nothing apart", () =>
  inDirectory(async (dir) => {
    plant(dir);
    const cases: [string, { isFile?: boolean; isDirectory?: boolean; isReadable?: boolean }, boolean][] = [
      ["a.ts", {}, true],
      ["a.ts", { isFile: true }, true],
      ["a.ts", { isDirectory: true }, false],
      ["sub", { isDirectory: true }, true],
      ["sub", { isFile: true }, false],
      ["link", { isDirectory: true }, true],
      ["a.ts", { isReadable: true }, true],
      ["missing", {}, false],
      ["missing/deeper", {}, false],
    ];
    for (const [name, options, expected] of cases) {
      assertEquals(await exists(join(dir, name), options), expected, name);
      assertEquals(existsSync(join(dir, name), options), expected, name);
    }
  }));

test("exists() refuses to ask for a file that is a directory", () =>
  inDirectory(async (dir) => {
    await assertRejects(() => exists(dir, { isFile: true, isDirectory: true }), TypeError);
    assertThrows(() => existsSync(dir, { isFile: true, isDirectory: true }), TypeError);
  }));

test("emptyDir() removes everything in a directory, and makes one that is missing", () =>
  inDirectory(async (dir) => {
    mkdirSync(join(dir, "one"));
    plant(join(dir, "one"));
    await emptyDir(join(dir, "one"));
    assertEquals(readdirSync(join(dir, "one")), []);
    plant(join(dir, "one"));
    emptyDirSync(join(dir, "one"));
    assertEquals(readdirSync(join(dir, "one")), []);
    await emptyDir(join(dir, "two", "three"));
    emptyDirSync(join(dir, "four"));
    assertEquals(readdirSync(dir).sort(), ["four", "one", "two"]);
  }));

test("walk() visits everything, and links without following them", () =>
  inDirectory(async (dir) => {
    plant(dir);
    const met = [];
    for await (const { path, name, isFile, isDirectory, isSymlink } of walk(dir)) {
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

test("walk() gives what its options ask for", () =>
  inDirectory(async (dir) => {
    plant(dir);
    const cases: [root.WalkOptions, string[]][] = [
      [{ includeDirs: false, includeSymlinks: false }, ["a.ts", "b.md", "sub/c.ts", "sub/deep/d.ts"]],
      [{ includeFiles: false, includeSymlinks: false }, ["", "sub", "sub/deep"]],
      [{ maxDepth: 1, includeDirs: false, includeSymlinks: false }, ["a.ts", "b.md"]],
      [{ maxDepth: 0 }, [""]],
      [{ exts: [".md"] }, ["b.md"]],
      [{ exts: ["md"] }, ["b.md"]],
      [{ match: [/d\.ts$/] }, ["sub/deep/d.ts"]],
      [{ includeDirs: false, includeSymlinks: false, skip: [/deep/, /\.md$/] }, ["a.ts", "sub/c.ts"]],
    ];
    for (const [options, expected] of cases) {
      const paths = [...walkSync(dir, options)].map(({ path }) => relative(dir, path));
      assertEquals(paths.sort(), expected);
      const later = [];
      for await (const { path } of walk(dir, options)) later.push(relative(dir, path));
      assertEquals(later.sort(), expected);
    }
  }));

test("walk() goes into what links lead to when told to", () =>
  inDirectory((dir) => {
    plant(dir);
    const options = { followSymlinks: true, canonicalize: false, includeDirs: false };
    const paths = [...walkSync(dir, options)].map(({ path }) => relative(dir, path));
    assertEquals(paths.sort(), [
      "a.ts",
      "b.md",
      "link/c.ts",
      "link/deep/d.ts",
      "sub/c.ts",
      "sub/deep/d.ts",
    ]);
  }));

test("the root of the package gives the same functions", () => {
  assertFalse(root.exists !== exists || root.ensureDir !== ensureDir);
  assertFalse(root.walk !== walk || root.emptyDir !== emptyDir);
});
