import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { readFileSync } from "node:fs";
import { filesWithVersion, isVersion, readVersion } from "../../../tools/release/version.ts";
import { test } from "../../harness.ts";

const read = (path: string): string => readFileSync(path, "utf8");

test("every file that repeats the version has the one of deno.json", () => {
  for (const [path, text] of filesWithVersion(readVersion(), read)) assertEquals(read(path), text, path);
});

test("filesWithVersion() changes the version everywhere, and nothing else", () => {
  const next = "98.7.6-rc.5";
  for (const [path, text] of filesWithVersion(next, read)) {
    assertStringIncludes(text, next, path);
    assertEquals(text.replaceAll(next, readVersion()), read(path), path);
  }
});

test("isVersion() accepts what npm and JSR accept", () => {
  for (const text of ["0.1.0", "1.22.333", "1.2.3-rc.1", "1.2.3-alpha-2"]) assert(isVersion(text), text);
  for (const text of ["", "1", "1.2", "v1.2.3", "1.2.3.4", "01.2.3", "1.2.3-", "1.2.3 "]) {
    assert(!isVersion(text), text);
  }
});
