import { assertEquals } from "@std/assert";
import { closeIdleFiles, idleFiles, registerIdle, unregisterIdle } from "../../src/storage/idle_files.ts";
import { nodeStorage } from "../../src/storage/node.ts";
import { test } from "../harness.ts";

test("idle files that cannot be closed do not keep the others open, and are not the fault of who needs a descriptor", () => {
  const calls: string[] = [];
  const failing = {
    closeIdle: (): boolean => {
      calls.push("failing");
      throw new Error("cannot be synced");
    },
  };
  const closing = {
    closeIdle: (): boolean => {
      calls.push("closing");
      return true;
    },
  };
  for (const files of [failing, closing]) registerIdle(files, nodeStorage);
  try {
    assertEquals([closeIdleFiles(), calls], [true, ["failing", "closing"]]);
    unregisterIdle(closing);
    assertEquals(closeIdleFiles(), false);
  } finally {
    for (const files of [failing, closing]) unregisterIdle(files);
  }
});

test("idle files belong to the storage that a view of it was opened with", () => {
  const files = { closeIdle: () => false };
  for (const storage of [nodeStorage, { ...nodeStorage, base: nodeStorage }]) {
    registerIdle(files, storage);
    assertEquals(idleFiles.get(files), nodeStorage);
    unregisterIdle(files);
    assertEquals(idleFiles.has(files), false);
  }
});
