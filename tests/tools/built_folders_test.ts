// What the tasks build lies beside the source, and must not fail the gate or stand in the way of a release.
import { assert, assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { test } from "../harness.ts";

/** Where `npm run compile`, `release` and `build:npm`, alone and bundled, put what they make. */
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
