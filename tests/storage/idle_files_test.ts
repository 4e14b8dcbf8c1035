import { assertEquals } from "@std/assert";
import { closeIdleFiles, registerIdle, unregisterIdle } from "../../src/storage/idle_files.ts";
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
  for (const files of [failing, closing]) registerIdle(files);
  try {
    assertEquals([closeIdleFiles(), calls], [true, ["failing", "closing"]]);
  } finally {
    for (const files of [failing, closing]) unregisterIdle(files);
  }
});
