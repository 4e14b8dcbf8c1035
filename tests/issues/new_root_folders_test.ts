// createTopic() created the parent folders of a new root path without syncing their entries: after a power cut
// the whole store could be gone, with every event that was promised to be durable.
import { assert, assertEquals } from "@std/assert";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Driver } from "../../mod.ts";
import { FilesDriver } from "../../src/drivers/files/driver.ts";
import { StorageError } from "../../src/errors.ts";
import { nodeStorage } from "../../src/storage/node.ts";
import type { Storage } from "../../src/storage/port.ts";
import { test } from "../harness.ts";
import { folderSyncs } from "../log/port_wrapper.ts";

type Call = [what: "make" | "sync", path: string];

/**
 * The real disk; records which folders are created and synced, in order, and fails to sync those that the
 * test names.
 */
function recording(calls: Call[], cannotSync: Record<string, string> = {}): Storage {
  return {
    ...nodeStorage,
    makeDirectory(path) {
      nodeStorage.makeDirectory(path);
      calls.push(["make", path]);
    },
    ...folderSyncs((path) => {
      if (cannotSync[path] !== undefined) throw new StorageError(cannotSync[path], `Cannot sync "${path}"`);
      nodeStorage.syncDirectory(path);
      calls.push(["sync", path]);
    }),
  };
}

async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "diaspora-root-"));
  try {
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function createTopic(root: string, storage: Storage): Promise<void> {
  await using driver = Driver.from(new FilesDriver({ root_path: root }, storage));
  await driver.createTopic("topic", {});
}

test("every new folder above a root is on the disk before anything is created in it", () =>
  withFolder(async (folder) => {
    const calls: Call[] = [];
    const root = `${folder}/a/b/c`;
    await createTopic(root, recording(calls));
    // The folder is empty, so its own entry comes first.
    assertEquals(calls.slice(0, 7), [
      ["sync", dirname(folder)],
      ["make", `${folder}/a`],
      ["sync", folder],
      ["make", `${folder}/a/b`],
      ["sync", `${folder}/a`],
      ["make", root],
      ["sync", `${folder}/a/b`],
    ]);
  }));

test("the directory entry of an empty root is synced, since its creator may have been killed before", () =>
  withFolder(async (folder) => {
    const calls: Call[] = [];
    mkdirSync(`${folder}/root`);
    await createTopic(`${folder}/root`, recording(calls));
    assertEquals(calls[0], ["sync", folder]);
  }));

test("creating a topic in a root with other topics syncs nothing above the root", () =>
  withFolder(async (folder) => {
    mkdirSync(`${folder}/root/other`, { recursive: true });
    const calls: Call[] = [];
    await createTopic(`${folder}/root`, recording(calls));
    assertEquals(calls.filter(([, path]) => path === folder || path === dirname(folder)), []);
  }));

test("a parent folder that cannot be read or synced is not an error", () =>
  withFolder(async (folder) => {
    for (const errno of ["EACCES", "EINVAL"]) {
      const storage = recording([], { [folder]: errno });
      await createTopic(`${folder}/${errno}`, storage);
    }
  }));

test("a failed sync of a new root's directory entry fails the call", () =>
  withFolder(async (folder) => {
    let failure: unknown;
    try {
      await createTopic(`${folder}/root`, recording([], { [folder]: "EIO" }));
    } catch (error) {
      failure = error;
    }
    assert(failure instanceof StorageError);
    assertEquals(failure.errno, "EIO");
  }));
