// `export` gave a file its name before its content was on the disk: after a power cut within the next half a minute a
// backup could be there under its name, and be empty or end early, when the topic it was made of had been deleted.
import { assertEquals, assertRejects } from "@std/assert";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { StorageError } from "../../mod.ts";
import { openExportFile } from "../../src/ctl/transfer/export_file.ts";
import { nodeStorage } from "../../src/storage/node.ts";
import type { Storage } from "../../src/storage/port.ts";
import { test } from "../harness.ts";

test("an exported file is on the disk before it has its name, and its name after", async () => {
  const folder = mkdtempSync(join(tmpdir(), "diaspora-export-"));
  const steps: string[] = [];
  const storage: Storage = {
    ...nodeStorage,
    open: (path, mode) => {
      const file = nodeStorage.open(path, mode);
      const sync = file.sync.bind(file);
      file.sync = () => {
        steps.push(`sync ${readFileSync(path, "utf8")}`);
        return sync();
      };
      return file;
    },
    rename: (from, to) => {
      steps.push("rename");
      nodeStorage.rename(from, to);
    },
    syncDirectoryLater: (path) => {
      steps.push("sync the folder");
      return nodeStorage.syncDirectoryLater(path);
    },
  };
  try {
    const path = join(folder, "backup.jsonl");
    const file = openExportFile(path, process.stdout, storage);
    file.stream.write("events");
    await file.finish();
    assertEquals(steps, ["sync events", "rename", "sync the folder"]);
    assertEquals(readFileSync(path, "utf8"), "events");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

// A folder shared with a virtual machine refuses it, and one that may be written to and not read cannot be opened.
test("an export into a folder that cannot be synced is complete; one that the disk fails is not", async () => {
  const folder = mkdtempSync(join(tmpdir(), "diaspora-export-"));
  try {
    const path = join(folder, "backup.jsonl");
    for (const errno of ["EINVAL", "EACCES", "EIO"]) {
      const syncDirectoryLater = () => Promise.reject(new StorageError(errno, `Cannot sync: ${errno}`));
      const file = openExportFile(path, process.stdout, { ...nodeStorage, syncDirectoryLater });
      file.stream.write(errno);
      if (errno === "EIO") await assertRejects(() => file.finish(), StorageError, errno);
      else await file.finish();
      assertEquals(readFileSync(path, "utf8"), errno);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
