// Two exports to one path at once, such as a nightly one that had not ended when the next began, wrote into one temporary
// file: the first gave it its name, and the second went on writing into what was a complete backup.
import { assertEquals } from "@std/assert";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { Writable } from "node:stream";
import { openExportFile } from "../../src/ctl/transfer/export_file.ts";
import { test } from "../harness.ts";

test("of two exports to one path at once each gives the file its own content", async () => {
  const folder = mkdtempSync(join(tmpdir(), "diaspora-export-"));
  try {
    const path = join(folder, "backup.jsonl");
    const first = openExportFile(path, process.stdout);
    await written(first.stream, "first");
    const second = openExportFile(path, process.stdout);
    await written(second.stream, "se");
    await first.finish();
    await written(second.stream, "cond");
    assertEquals(readFileSync(path, "utf8"), "first");
    await second.finish();
    assertEquals(readFileSync(path, "utf8"), "second");
    const third = openExportFile(path, process.stdout);
    third.abandon();
    await once(third.stream, "close");
    assertEquals([readdirSync(folder), readFileSync(path, "utf8")], [["backup.jsonl"], "second"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function written(stream: Writable, text: string): Promise<void> {
  return new Promise((resolve, reject) => stream.write(text, (error) => error ? reject(error) : resolve()));
}
