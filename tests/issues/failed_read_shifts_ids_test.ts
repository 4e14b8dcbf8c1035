// A reader that meets a frame that was cut short looks up which frames of each writer stand before it, and remembers
// that. When a read failed on the way, what had been noted until then stayed, as if it stood before the place where
// the notes had begun. The next time that the reader came to that place, every frame noted too early counted as old:
// it passed over them, and gave the events after them the ids of those it had passed over.
import { assertEquals } from "@std/assert";
import { StorageError } from "../../mod.ts";
import { PartitionReader } from "../../src/log/read/reader.ts";
import { test } from "../harness.ts";
import { PartitionFolder, single } from "../log/partition_folder.ts";
import { changedStorage } from "../log/port_wrapper.ts";

test("a read that fails at any moment changes nothing about what is read afterwards", () => {
  using folder = new PartitionFolder();
  /** How many bytes the next append takes; all where nothing is said. */
  let taken: number | undefined;
  const writing = changedStorage((file, path, mode) =>
    mode !== "append" || !path.endsWith(".log") ? {} : {
      append: (bytes) => {
        const part = taken === undefined ? bytes : bytes.subarray(0, taken);
        taken = undefined;
        return file.append(part);
      },
    }
  );
  let readsLeft = Infinity;
  const reading = changedStorage((file, path) =>
    !path.endsWith(".log") ? {} : {
      readAt: (into, offset) => {
        if (readsLeft-- === 0) throw new StorageError("EIO", "Cannot read: simulated");
        return file.readAt(into, offset);
      },
    }
  );
  const writer = folder.writer({}, writing);
  let next = 0;
  const push = (count: number, cutAfter?: number): void => {
    for (let n = 0; n < count; n++) {
      taken = n === 0 ? cutAfter : undefined;
      writer.append(single(String(next++)));
    }
  };
  push(3);
  push(2, 100);
  const reader = new PartitionReader(folder.open(reading), { dataWanted: false, onCorruption: "throw" });
  const readAll = (): [number, string][] => {
    const found: [number, string][] = [];
    for (let batch = reader.read(1); batch !== undefined; batch = reader.read(1)) {
      found.push([batch.baseId, batch.metadataText!(0)]);
    }
    return found;
  };
  reader.seek("earliest");
  assertEquals(readAll().length, 5);
  push(3);
  push(3, 100);
  push(3);
  push(2, 100);
  const all = Array.from({ length: next }, (_, id): [number, string] => [id, String(id)]);
  for (let id = 5; id < next; id++) {
    for (let reads = 0, hasFailed = true; hasFailed; reads++) {
      // It has come past the first frame that was cut short.
      reader.seek("earliest");
      for (let first = 0; first < 5; first++) assertEquals(reader.read(1)?.baseId, first);
      readsLeft = reads;
      hasFailed = false;
      try {
        reader.seek({ id });
        readAll();
      } catch {
        hasFailed = true;
      }
      readsLeft = Infinity;
      reader.seek("earliest");
      assertEquals(readAll(), all, `after ${reads} reads from ${id} on`);
    }
  }
});
