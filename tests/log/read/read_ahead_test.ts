// What is read of the file, read by read, for data that is asked for in order, at random, or not at all.
import { assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import type { StoredBatch } from "../../../src/log/read/batch.ts";
import { PartitionReader } from "../../../src/log/read/reader.ts";
import { readWindow } from "../../../src/log/segment/window.ts";
import { test } from "../../harness.ts";
import { eachChecksumSource } from "../format/checksum_sources.ts";
import { PartitionFolder } from "../partition_folder.ts";
import { changedStorage } from "../port_wrapper.ts";

const BLOCK = 65_536;

/** Bytes that differ from place to place. */
function bytesOf(size: number, salt: number): Uint8Array {
  const numbers = Uint32Array.from({ length: (size >> 2) + 1 }, (_, n) => Math.imul(n + salt, 0x9e3779b1));
  return new Uint8Array(numbers.buffer, 0, size);
}

interface Scene {
  /** The data part of each event. */
  parts: Uint8Array[];
  /** The next batch. */
  read(): StoredBatch;
  /** Sizes of the reads since the last call. */
  reads(): number[];
  /** Asks for a range of an event's data, into memory of its own or into a buffer, and compares it. */
  view(batch: StoredBatch, event: number, offset?: number, size?: number): void;
  fill(batch: StoredBatch, event: number, offset?: number, size?: number): void;
}

/** A reader of frames, each of events with data parts of these sizes. */
function withFrames(
  sizes: readonly number[],
  frames: number,
  dataWanted: boolean,
  body: (scene: Scene) => void,
) {
  using folder = new PartitionFolder();
  const parts = sizes.map((size, index) => bytesOf(size, 1000 * index));
  const writer = folder.writer({ segmentBytesMax: 2 ** 30 });
  for (let frame = 0; frame < frames; frame++) {
    writer.append({
      count: sizes.length,
      metadata: sizes.map((_, index) => String(index)),
      data: parts,
      dataBytes: sizes.reduce((sum, size) => sum + size, 0),
    });
  }
  const done: number[] = [];
  const storage = changedStorage((file) => ({
    readAt: (into, offset) => {
      const got = file.readAt(into, offset);
      done.push(got);
      return got;
    },
  }));
  const reader = new PartitionReader(folder.open(storage), { dataWanted, onCorruption: "throw" });
  reader.seek("earliest");
  readWindow.clear();
  const same = (found: Uint8Array, event: number, offset: number) =>
    assertEquals(Buffer.compare(found, parts[event]!.subarray(offset, offset + found.byteLength)), 0);
  body({
    parts,
    read: () => reader.read(100)!,
    reads: () => done.splice(0),
    view: (batch, event, offset = 0, size = parts[event]!.byteLength) =>
      same(batch.viewData(event, { offset, size }), event, offset),
    fill: (batch, event, offset = 0, size = parts[event]!.byteLength) => {
      const into = new Uint8Array(size);
      batch.readData(event, [{ offset, size }], [into]);
      same(into, event, offset);
    },
  });
}

test("data that is asked for in order is read ahead, and held while others read", () => {
  withFrames([600_000], 1, false, ({ read, reads, view, fill }) => {
    const batch = read();
    reads();
    for (let offset = 0; offset < 600_000; offset += 20_000) {
      readWindow.clear();
      view(batch, 0, offset, 20_000);
    }
    // The first piece may be all that is wanted.
    assertEquals(reads(), [BLOCK, 600_000]);
    // What was asked for last is held: also for small buffers.
    fill(batch, 0, 599_000, 1000);
    fill(batch, 0, 0, 10);
    assertEquals(reads(), []);
  });
});

test("the first bytes of a large part cost one block, whether they are viewed or filled", () => {
  for (const way of ["view", "fill"] as const) {
    withFrames([1_000_000], 1, false, (scene) => {
      const batch = scene.read();
      readWindow.clear();
      scene.reads();
      scene[way](batch, 0, 0, 100);
      assertEquals(scene.reads(), [BLOCK]);
    });
  }
});

test("the end of a part that is a little larger than 1 MiB is read without what follows", () => {
  withFrames([1_048_576 + 5000, 1_500_000, 1_500_000], 1, true, ({ read, reads, fill }) => {
    const batch = read();
    readWindow.clear();
    reads();
    fill(batch, 0);
    assertEquals(reads().reduce((sum, bytes) => sum + bytes, 0), 17 * BLOCK);
  });
});

test("what the core checks of a large part goes to a buffer in pieces of 256 KiB, none of them read twice", () => {
  eachChecksumSource((source) => {
    if (source === "runtime") return;
    withFrames([5000, 1_048_576 + 5000, 1_048_576], 2, true, ({ read, reads, fill }) => {
      const batch = read();
      readWindow.clear();
      reads();
      fill(batch, 1);
      assertEquals(reads(), [4 * BLOCK, 4 * BLOCK, 4 * BLOCK, 5 * BLOCK]);
      // It begins in the block that was read last.
      fill(batch, 2);
      assertEquals(reads(), [3 * BLOCK, 4 * BLOCK, 4 * BLOCK, 4 * BLOCK + 10_000]);
    });
  });
});

test("what goes on where the last piece ended is read ahead, whichever way that was given", () => {
  withFrames([900_000], 1, false, ({ read, reads, view, fill }) => {
    const batch = read();
    const on = (offset: number) => {
      readWindow.clear();
      reads();
      view(batch, 0, offset, 20_000);
      return reads();
    };
    // By a view of a part of a block.
    assertEquals([on(100_000), on(120_000)], [[BLOCK], [900_000 - BLOCK]]);
    // Into a buffer: some blocks, a part of one, and from the window.
    fill(batch, 0, 200_000, 200_000);
    assertEquals(on(400_000), []);
    assertEquals([on(10), on(880_000)], [[BLOCK], [900_000 - 13 * BLOCK]]);
    fill(batch, 0, 200_000, 200_000);
    assertEquals(on(400_000), [900_000 - 6 * BLOCK]);
    assertEquals(on(10), [BLOCK]);
    view(batch, 0, 250_000, 10);
    fill(batch, 0, 250_010, 40);
    assertEquals(on(250_050), [900_000 - 3 * BLOCK]);
  });
});

test("data that is asked for out of order is read block by block, those that are wanted whole at once", () => {
  withFrames([600_000], 1, false, ({ read, reads, view, fill }) => {
    const batch = read();
    readWindow.clear();
    reads();
    view(batch, 0, 400_000, 20_000);
    view(batch, 0, 100_000, 20_000);
    view(batch, 0, 2 * BLOCK - 10, 20);
    view(batch, 0, 599_999, 1);
    // Of two blocks, the window holds the first one.
    assertEquals(reads(), [BLOCK, BLOCK, BLOCK, 600_000 - 9 * BLOCK]);
    readWindow.clear();
    fill(batch, 0, 300_000, 1000);
    assertEquals(reads(), [BLOCK]);
    // The same block again, in the window.
    fill(batch, 0, 301_000, 1000);
    fill(batch, 0, 320_000, 7000);
    assertEquals(reads(), []);
  });
});

test("small frames are read many at a time, whether their data is viewed or filled", () => {
  for (const way of ["view", "fill"] as const) {
    withFrames([5000, 5000, 5000], 20, true, (scene) => {
      for (let frame = 0; frame < 20; frame++) {
        const batch = scene.read();
        for (const event of [0, 1, 2]) scene[way](batch, event);
      }
      const done = scene.reads();
      assertEquals(done.length < 8, true, `${way}: ${done}`);
    });
  }
});

test("frames that are read whole, each a little larger or smaller than the last, take one read each", () => {
  const sizes = [100_003, 100_000, 100_009, 100_001, 100_012, 99_990, 100_003, 100_000];
  using folder = new PartitionFolder();
  const writer = folder.writer({ segmentBytesMax: 2 ** 30 });
  for (const size of sizes) {
    const metadata = [JSON.stringify("x".repeat(size))];
    writer.append({ count: 1, metadata, data: undefined, dataBytes: 0 });
  }
  const reads: [offset: number, end: number][] = [];
  const storage = changedStorage((file) => ({
    readAt: (into, offset) => {
      const got = file.readAt(into, offset);
      reads.push([offset, offset + got]);
      return got;
    },
  }));
  const reader = new PartitionReader(folder.open(storage), { dataWanted: false, onCorruption: "throw" });
  reader.seek("earliest");
  readWindow.clear();
  for (const size of sizes) {
    if (size === sizes[2]) reads.length = 0;
    assertEquals(reader.read(100)!.metadataText!(0).length, size + 2);
  }
  assertEquals(reads.length <= sizes.length - 1, true, String(reads.map(([from, to]) => to - from)));
  // No byte was read twice.
  for (const [index, [from]] of reads.entries()) {
    assertEquals(index === 0 || from === reads[index - 1]![1], true, `${from}`);
  }
});

test("frames whose data no one asks for are not read whole", () => {
  withFrames([90_000, 10], 6, true, ({ read, reads }) => {
    for (let frame = 0; frame < 3; frame++) read();
    reads();
    for (let frame = 0; frame < 2; frame++) read();
    const done = reads();
    assertEquals(Math.max(...done) <= 1024, true, `${done}`);
  });
  for (const way of ["view", "fill"] as const) {
    withFrames([90_000, 10], 6, true, (scene) => {
      for (let frame = 0; frame < 3; frame++) {
        const batch = scene.read();
        for (const event of [0, 1]) scene[way](batch, event);
      }
      // Once it is asked for, the next frame is.
      readWindow.clear();
      scene.reads();
      const batch = scene.read();
      for (const event of [0, 1]) scene[way](batch, event);
      assertEquals(scene.reads(), [90_165 + (90_165 >> 5)]);
    });
  }
});
