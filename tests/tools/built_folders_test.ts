// What the tasks build is stored next to the source, and must not fail the gate or prevent a release.
import { assert, assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { test } from "../harness.ts";

/** Where `npm run compile`, `release` and `build:npm`, plain and bundled, write their output. */
const BUILT = ["dist/", "npm/", "npm-bundled/"];

test("folders that tasks fill are neither formatted, linted nor committed", () => {
  const { exclude } = JSON.parse(readFileSync("deno.json", "utf8"));
  const ignored = readFileSync(".gitignore", "utf8").split("\n").map((line) => line.replace(/^\//, ""));
  assertEquals(BUILT.filter((folder) => !exclude.includes(folder)), []);
  assertEquals(BUILT.filter((folder) => !ignored.includes(folder)), []);
});

test("build:npm puts its packages into folders that tasks fill", () => {
  const named = [...readFileSync("npm-build.ts", "utf8").matchAll(/"(npm[\w-]*)"/g)].map(([, name]) =>
    `${name}/`
  );
  assert(named.length >= 2);
  assertEquals(named.filter((folder) => !BUILT.includes(folder)), []);
});
