import { assertEquals } from "@std/assert";
import { closeSync, mkdtempSync, openSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "./harness.ts";
import { openFilesUnder } from "./open_files.ts";

const noProc = process.platform !== "linux" && "there is no /proc";

test("openFilesUnder() sees a file from opening it to closing it", { skip: noProc }, () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "diaspora-open-files-")));
  try {
    assertEquals(openFilesUnder(folder), []);
    const descriptor = openSync(join(folder, "a"), "w");
    assertEquals(openFilesUnder(folder), [join(folder, "a")]);
    closeSync(descriptor);
    assertEquals(openFilesUnder(folder), []);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
