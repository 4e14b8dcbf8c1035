// An event was written, and reading back where it is failed: its push rejected as if nothing had been stored,
// and a producer that pushed it again stored it twice.
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { StorageError } from "../../mod.ts";
import { test } from "../harness.ts";
import { PartitionFolder, single } from "../log/partition_folder.ts";
import { watchedStorage } from "../log/watched_storage.ts";

/** A storage whose files cannot be read, or examined, while a test says so. */
function failing(state: { call?: "readAt" | "size" }) {
  const fail = (call: string) => {
    if (state.call === call) throw new StorageError("EIO", `Cannot read: simulated (EIO)`);
  };
  return watchedStorage((file) => ({
    readAt: (into, offset) => {
      fail("readAt");
      return file.readAt(into, offset);
    },
    size: () => {
      fail("size");
      return file.size();
    },
  }));
}

for (const call of ["readAt", "size"] as const) {
  test(`a push whose event was written rejects with mayBeStored when ${call}() fails`, async () => {
    using folder = new PartitionFolder();
    const state: { call?: "readAt" | "size" } = {};
    const writer = folder.writer({}, failing(state));
    writer.append(single('"before"'));
    // Whether the file still exists is checked every few milliseconds.
    await new Promise((resolve) => setTimeout(resolve, 20));
    state.call = call;
    let error: unknown;
    try {
      writer.append(single('"in doubt"'));
    } catch (thrown) {
      error = thrown;
    }
    assertInstanceOf(error, StorageError);
    assertEquals([error.errno, error.mayBeStored, error.canRetry], ["EIO", true, false]);
    assert(error.message.includes("check whether it is there before pushing it again"), error.message);
    state.call = undefined;
    assertEquals(writer.append(single('"after"')), 2);
    assertEquals(folder.events().map(({ metadata }) => metadata), ['"before"', '"in doubt"', '"after"']);
    await writer.close();
  });
}
