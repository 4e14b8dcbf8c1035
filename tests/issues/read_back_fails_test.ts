// An event was written, and reading back where it is failed: its push rejected as if nothing had been stored,
// and a producer that pushed it again stored it twice.
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { StorageError } from "../../mod.ts";
import { nodeStorage } from "../../src/storage/node.ts";
import { test } from "../harness.ts";
import { PartitionFolder, single } from "../log/partition_folder.ts";
import { watchedStorage } from "../log/watched_storage.ts";

const CALLS = ["readAt", "stat"] as const;

/** A storage whose files cannot be read, or looked at, while a test says so. */
function failing(state: { call?: typeof CALLS[number] }) {
  const fail = (call: string) => {
    if (state.call === call) throw new StorageError("EIO", `Cannot read: simulated (EIO)`);
  };
  return watchedStorage(
    (file) => ({
      readAt: (into, offset) => {
        fail("readAt");
        return file.readAt(into, offset);
      },
    }),
    {
      stat: (path) => {
        fail("stat");
        return nodeStorage.stat(path);
      },
    },
  );
}

for (const call of CALLS) {
  test(`a push whose event was written rejects with mayBeStored when ${call}() fails`, async () => {
    using folder = new PartitionFolder();
    const state: { call?: typeof call } = {};
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
