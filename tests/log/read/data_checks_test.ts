import { assertEquals, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CorruptedLogError, StorageError } from "../../../mod.ts";
import { Partition } from "../../../src/log/partition.ts";
import type { StoredBatch } from "../../../src/log/read/batch.ts";
import { PartitionReader } from "../../../src/log/read/reader.ts";
import { PartitionWriter } from "../../../src/log/write/writer.ts";
import { nodeStorage } from "../../../src/storage/node.ts";
import { test } from "../../harness.ts";
import { changedStorage } from "../port_wrapper.ts";

const BLOCK_BYTES = 64 * 1024;

/**
 * Runs a body with a partition of one frame whose events have data of these sizes, each filled with its
 * number.
 */
async function withFrame(
  sizes: readonly number[],
  body: (partition: Partition, flip: (event: number) => void) => void,
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "diaspora-data-"));
  try {
    const partition = new Partition({ storage: nodeStorage, directory, topic: "topic", partition: 0 });
    const writer = new PartitionWriter(partition, { flushBehavior: "buffered", segmentBytesMax: 2 ** 30 });
    writer.append({
      count: sizes.length,
      metadata: sizes.map((_, event) => String(event)),
      data: sizes.map((size, event) => new Uint8Array(size).fill(event + 100)),
      dataBytes: sizes.reduce((sum, size) => sum + size, 0),
    });
    await writer.close();
    const path = `${directory}/00000000000000000000.log`;
    body(partition, (event) => {
      const content = readFileSync(path);
      const at = content.indexOf(Buffer.alloc(16, event + 100));
      const file = openSync(path, "r+");
      writeSync(file, Buffer.from([0]), 0, 1, at + 8);
      closeSync(file);
    });
    partition.close();
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Another process's view of the same files: what it reads replaces what was read before. */
function readElsewhere({ directory }: Partition): void {
  const other = new Partition({ storage: nodeStorage, directory, topic: "topic", partition: 0 });
  readerOf(other).read(1);
  other.close();
}

function readerOf(partition: Partition): PartitionReader {
  const reader = new PartitionReader(partition, { dataWanted: true, onCorruption: "throw" });
  reader.seek("earliest");
  return reader;
}

test("data checked by one reader is checked again by another", () =>
  withFrame([20_000, 20_000], (partition, flip) => {
    const batch = readerOf(partition).read(10)!;
    assertEquals(batch.viewData(0, { offset: 0, size: 20_000 })[0], 100);
    flip(1);
    readElsewhere(partition);
    // Reads the frame again, as it is now, and none of its data.
    assertEquals(readerOf(partition).read(10)!.count, 2);
    assertThrows(() => batch.viewData(1, { offset: 0, size: 20_000 }), CorruptedLogError, "data checksum");
  }));

test("damage after a selected part does not prevent reading it", () =>
  withFrame([100, BLOCK_BYTES - 100, 100, BLOCK_BYTES], (partition, flip) => {
    flip(3);
    const batch = readerOf(partition).read(10)!;
    // If the frame is not in memory, blocks are read from the file, and more of them than requested.
    readElsewhere(partition);
    for (const [event, size] of [[0, 100], [1, BLOCK_BYTES - 100]]) {
      const data = batch.viewData(event, { offset: 0, size });
      assertEquals([data.byteLength, data[0], data[size - 1]], [size, event + 100, event + 100]);
    }
    assertThrows(() => batch.viewData(3, { offset: 0, size: BLOCK_BYTES }), CorruptedLogError, "event 3");
  }));

test("damage in what is read ahead is met by those alone that ask for it", () =>
  withFrame(new Array(100).fill(8000), (partition, flip) => {
    flip(60);
    const batch = readerOf(partition).read(100)!;
    readElsewhere(partition);
    const blockOf = (byte: number) => Math.floor(byte / BLOCK_BYTES);
    const damaged = blockOf(60 * 8000 + 8);
    for (let event = 0; event < 100; event++) {
      const view = () => batch.viewData(event, { offset: 0, size: 8000 });
      const isDamaged = blockOf(event * 8000) <= damaged && blockOf(event * 8000 + 7999) >= damaged;
      if (isDamaged) assertThrows(view, CorruptedLogError, `event ${event}`);
      else assertEquals(view().every((byte) => byte === event + 100), true, `${event}`);
    }
  }));

test("data is read into a given buffer as into a new one", () =>
  withFrame([100, BLOCK_BYTES * 3, 70_000], (partition) => {
    const batch = readerOf(partition).read(10)!;
    for (const [event, size] of [[2, 70_000], [0, 100], [1, BLOCK_BYTES * 3]]) {
      const into = [new Uint8Array(Math.floor(size / 3)), new Uint8Array(size - Math.floor(size / 3))];
      batch.readData(event, [{ offset: 0, size }], into);
      assertEquals(into.every((part) => part.every((byte) => byte === event + 100)), true);
    }
  }));

test("small parts are checked before they are copied to a given buffer, in memory or not", () =>
  withFrame([100, BLOCK_BYTES - 100, 100, 200], (partition, flip) => {
    flip(3);
    for (const isInMemory of [true, false]) {
      const batch = readerOf(partition).read(10)!;
      if (!isInMemory) readElsewhere(partition);
      const into = new Uint8Array(100);
      const fill = (event: number) => batch.readData(event, [{ offset: 0, size: 100 }], [into]);
      fill(0);
      assertEquals(into.every((byte) => byte === 100), true);
      // The same block as the damaged part.
      assertThrows(() => fill(2), CorruptedLogError, "event 2");
      assertEquals(into.every((byte) => byte === 100), true);
    }
  }));

const ways: Record<string, (batch: StoredBatch, size: number) => Uint8Array> = {
  "a view": (batch, size) => batch.viewData(1, { offset: 0, size }),
  "a given buffer": (batch, size) => {
    const into = new Uint8Array(size);
    batch.readData(1, [{ offset: 0, size }], [into]);
    return into;
  },
};

for (const [what, read] of Object.entries(ways)) {
  test(`data that the system shows once its file is opened again is not damaged, and a failed read is not repeated: ${what}`, async () => {
    for (const size of [9000, 200_000]) {
      await withFrame([100, size], ({ directory }) => {
        const path = `${directory}/00000000000000000000.log`;
        const start = readFileSync(path).indexOf(Buffer.alloc(16, 101)) + 1000;
        let opened = 0;
        let failures = 0;
        const storage = changedStorage((file, path, mode) => {
          if (mode !== "read" || !path.endsWith(".log")) return {};
          const isOld = opened++ === 0;
          return {
            readAt: (into, offset) => {
              if (failures-- > 0) throw new StorageError("EIO", "Cannot read: simulated");
              const bytes = file.readAt(into, offset);
              if (isOld) into.fill(0, Math.max(0, start - offset), Math.max(0, start + 100 - offset));
              return bytes;
            },
          };
        });
        const partition = new Partition({ storage, directory, topic: "topic", partition: 0 });
        const batch = readerOf(partition).read(10)!;
        readElsewhere(partition);
        failures = 1;
        assertThrows(() => read(batch, size), StorageError, "simulated");
        assertEquals(read(batch, size).every((byte) => byte === 101), true);
        assertEquals(opened, 2);
        partition.close();
      });
    }
  });
}
