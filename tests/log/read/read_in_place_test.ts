// Large data parts are read from the file into their destination buffer, and checked there.
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { CorruptedLogError } from "../../../mod.ts";
import type { Partition } from "../../../src/log/partition.ts";
import { PartitionReader } from "../../../src/log/read/reader.ts";
import type { Storage } from "../../../src/storage/port.ts";
import { test } from "../../harness.ts";
import { randomBytes } from "../../wasm/reference.ts";
import { eachChecksumSource } from "../format/checksum_sources.ts";
import { PartitionFolder } from "../partition_folder.ts";
import { changedStorage } from "../port_wrapper.ts";
import { Buffer } from "node:buffer";
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";

const BLOCK = 65_536;
/** On average at least a block, at every offset in a block that matters. */
const SIZES = [BLOCK, 0, 3 * BLOCK, 100, BLOCK - 100, 2 * BLOCK + 7, 16_384, 5 * BLOCK - 7, BLOCK + 1, BLOCK];

/** A folder with one frame of events with data of these sizes, and those data parts. */
function frameOf(sizes: readonly number[], folder: PartitionFolder): Uint8Array[] {
  const data = sizes.map((size, index) => randomBytes(size, index + 1));
  folder.writer({ segmentBytesMax: 2 ** 30 }).append({
    count: sizes.length,
    metadata: sizes.map((_, index) => String(index)),
    data,
    dataBytes: sizes.reduce((sum, size) => sum + size, 0),
  });
  return data;
}

function readerOf(partition: Partition, dataWanted = true): PartitionReader {
  const reader = new PartitionReader(partition, { dataWanted, onCorruption: "throw" });
  reader.seek("earliest");
  return reader;
}

/**
 * The real storage, with the reads counted: how many, and of how many bytes; each returns at most `readMax`.
 */
function countingStorage(readMax = Infinity): { storage: Storage; reads: number[] } {
  const reads: number[] = [];
  const storage = changedStorage((file) => ({
    readAt: (into, offset) => {
      const got = file.readAt(into.subarray(0, readMax), offset);
      reads.push(got);
      return got;
    },
  }));
  return { storage, reads };
}

test("any part of a large data part is read back as pushed, wherever its ends are in blocks", () => {
  using folder = new PartitionFolder();
  const data = frameOf(SIZES, folder);
  eachChecksumSource(() => {
    const batch = readerOf(folder.open()).read(100)!;
    for (const [index, part] of data.entries()) {
      const size = part.byteLength;
      const ranges = [[0, size], [1, size - 1], [0, size - 1], [size >> 1, size >> 2], [
        size >> 1,
        size >> 1,
      ]];
      for (const [offset, bytes] of ranges.filter(([from, bytes]) => from >= 0 && bytes > 0)) {
        const expected = part.subarray(offset, offset + bytes);
        const range = { offset, size: bytes };
        assertEquals(batch.viewData(index, range), expected, `view of ${index} from ${offset}`);
        const into = new Uint8Array(bytes + 2).fill(9);
        batch.readData(index, [range], [into.subarray(1, -1)]);
        assertEquals(into.subarray(1, -1), expected, `event ${index} from ${offset}`);
        assertEquals([into[0], into[bytes + 1]], [9, 9]);
      }
    }
  });
});

test("shared and resizable buffers can be filled", () => {
  using folder = new PartitionFolder();
  const [part] = frameOf([3 * BLOCK], folder);
  const batch = readerOf(folder.open()).read(1)!;
  const growing = Reflect.construct(ArrayBuffer, [3 * BLOCK, { maxByteLength: 4 * BLOCK }]) as ArrayBuffer;
  eachChecksumSource(() => {
    for (const buffer of [new SharedArrayBuffer(3 * BLOCK), growing]) {
      const into = new Uint8Array(buffer, 0, 3 * BLOCK).fill(0);
      batch.readData(0, [{ offset: 0, size: 3 * BLOCK }], [into]);
      assertEquals(into.slice(), part);
    }
  });
});

test("no block of a large data part is returned unchecked", () => {
  using folder = new PartitionFolder();
  const data = frameOf(SIZES, folder);
  const path = `${folder.directory}/00000000000000000000.log`;
  const content = readFileSync(path);
  const dataStart = content.indexOf(data[0].subarray(0, 64));
  const total = SIZES.reduce((sum, size) => sum + size, 0);
  eachChecksumSource((source) => {
    for (let block = 0; block * BLOCK < total; block++) {
      const at = Math.min(block * BLOCK + 4321, total - 1);
      flip(path, dataStart + at);
      let start = 0;
      for (const [index, size] of SIZES.entries()) {
        const touches = size > 0 && start < Math.min((block + 1) * BLOCK, total) &&
          start + size > block * BLOCK;
        for (const whole of [false, true]) {
          // Read again each time: what was found correct before is not checked again.
          const batch = readerOf(folder.open()).read(100)!;
          const range = { offset: 0, size };
          const get = () => whole ? batch.viewData(index, range) : fill(batch, index, size);
          const where = `event ${index}, block ${block}, ${source}`;
          if (touches) assertThrows(get, CorruptedLogError, "data checksum differs", where);
          else assertEquals(get(), data[index], where);
        }
        start += size;
      }
      flip(path, dataStart + at);
    }
  });
});

function fill(batch: NonNullable<ReturnType<PartitionReader["read"]>>, index: number, size: number) {
  const into = new Uint8Array(size);
  batch.readData(index, [{ offset: 0, size }], [into]);
  return into;
}

function flip(path: string, at: number): void {
  const file = openSync(path, "r+");
  const byte = readFileSync(path).subarray(at, at + 1);
  writeSync(file, new Uint8Array([byte[0] ^ 0x20]), 0, 1, at);
  closeSync(file);
}

test("data beyond the end of the file is reported as missing", () => {
  using folder = new PartitionFolder();
  frameOf([4 * BLOCK], folder);
  let endsAt = Infinity;
  const storage = changedStorage((file) => ({
    readAt: (into, offset) => file.readAt(into.subarray(0, Math.max(0, endsAt - offset)), offset),
  }));
  const batch = readerOf(folder.open(storage)).read(1)!;
  endsAt = 2 * BLOCK;
  // The first read covers more than the frame: only another reader causes the data to be read again.
  readerOf(folder.open()).read(1);
  assertThrows(
    () => batch.viewData(0, { offset: 0, size: 4 * BLOCK }),
    CorruptedLogError,
    "data bytes are missing",
  );
});

/** What reading frames with parts of these sizes takes once the first one was used, into buffers of the caller or not. */
function readsOf(sizes: readonly number[], { given, readMax }: { given: boolean; readMax?: number }) {
  using folder = new PartitionFolder();
  const frames = 5;
  const written = Array.from({ length: frames }, () => frameOf(sizes, folder));
  const { storage, reads } = countingStorage(readMax);
  const partition = folder.open(storage);
  const bySource = new Map<string, { calls: number; largest: number }>();
  eachChecksumSource((source) => {
    const reader = readerOf(partition);
    for (let frame = 0; frame < frames; frame++) {
      // The first reads are as large as for small frames, because nothing is known yet.
      if (frame === 2) reads.length = 0;
      const batch = reader.read(100)!;
      for (const [index, size] of sizes.entries()) {
        const data = given ? fill(batch, index, size) : batch.viewData(index, { offset: 0, size });
        assertStrictEquals(Buffer.compare(data, written[frame][index]), 0);
      }
    }
    const bytes = reads.reduce((sum, got) => sum + got, 0);
    const logBytes = readFileSync(`${folder.directory}/00000000000000000000.log`).byteLength;
    assert(bytes < logBytes, `${bytes} bytes were read of a log of ${logBytes}, ${source}`);
    bySource.set(source, { calls: Math.round(reads.length / (frames - 2)), largest: Math.max(...reads) });
  });
  return bySource;
}

test("large data is read once, into a given buffer or a new one, and short reads are continued", () => {
  const sizes = [2 * BLOCK, BLOCK, 3 * BLOCK];
  for (const given of [true, false]) {
    for (const [source, { calls, largest }] of readsOf(sizes, { given })) {
      // What the core checks is read frame by frame, each with its trailer.
      assertStrictEquals(calls, source === "core" ? 1 : sizes.length + 1, source);
      assert(largest <= (source === "core" ? 7 : 3) * BLOCK, `a read of ${largest} bytes, ${source}`);
    }
    readsOf(sizes, { given, readMax: 100_000 });
  }
});

test("parts of 64 KiB are read one by one into new memory, and frame by frame for buffers of the caller", () => {
  const sizes = [BLOCK, BLOCK, BLOCK, BLOCK];
  for (const { calls } of readsOf(sizes, { given: true }).values()) assertStrictEquals(calls, 1);
  const inPlace = readsOf(sizes, { given: false }).get("runtime");
  if (inPlace !== undefined) assertStrictEquals(inPlace.calls, sizes.length + 1);
});

test("of frames of more than 2 MiB one part is read at a time, into memory of its own", () => {
  using folder = new PartitionFolder();
  const sizes = Array(4).fill(10 * BLOCK + 1);
  const frames = [frameOf(sizes, folder), frameOf(sizes, folder)];
  const { storage, reads } = countingStorage();
  eachChecksumSource((source) => {
    for (const given of [true, false]) {
      const reader = readerOf(folder.open(storage));
      for (const data of frames) {
        const batch = reader.read(100)!;
        // Of the first frame the reader reads more: it knows nothing yet.
        reads.length = 0;
        for (const [index, part] of data.entries()) {
          const size = part.byteLength;
          const got = given ? fill(batch, index, size) : batch.viewData(index, { offset: 0, size });
          assertStrictEquals(Buffer.compare(got, part), 0);
          assertStrictEquals(got.buffer.byteLength, size, source);
        }
        assert(reads.length >= data.length, `${reads.length} reads, ${source}`);
        assert(Math.max(...reads) <= 12 * BLOCK, `a read of ${Math.max(...reads)} bytes, ${source}`);
      }
    }
  });
});

test("frames are not read whole for a caller that gives buffers for a small share of the data", () => {
  using folder = new PartitionFolder();
  for (let frame = 0; frame < 5; frame++) frameOf([BLOCK, BLOCK, BLOCK, BLOCK], folder);
  const { storage, reads } = countingStorage();
  const partition = folder.open(storage);
  eachChecksumSource((source) => {
    if (source === "core") return;
    const reader = readerOf(partition);
    for (let frame = 0; frame < 5; frame++) {
      if (frame === 2) reads.length = 0;
      fill(reader.read(100)!, 2, BLOCK);
    }
    assert(Math.max(...reads) <= BLOCK, `a read of ${Math.max(...reads)} bytes`);
  });
});

test("reading only metadata of events with large data takes one read per frame", () => {
  using folder = new PartitionFolder();
  const frames = 50;
  for (let frame = 0; frame < frames; frame++) frameOf([BLOCK], folder);
  const { storage, reads } = countingStorage();
  const partition = folder.open(storage);
  const reader = readerOf(partition, false);
  reader.read(1);
  reads.length = 0;
  let events = 1;
  while (reader.read(1) !== undefined) events++;
  assertStrictEquals(events, frames);
  assert(reads.length <= frames + 3, `${reads.length} reads of ${frames} frames`);
  assert(Math.max(...reads) <= 1024, `a read of ${Math.max(...reads)} bytes`);
});

test("alternating readers of several partitions read each frame's head once", () => {
  using first = new PartitionFolder();
  using second = new PartitionFolder();
  const { storage, reads } = countingStorage();
  const readers = [first, second].map((folder) => {
    for (let frame = 0; frame < 20; frame++) frameOf([BLOCK], folder);
    return readerOf(folder.open(storage), false);
  });
  for (const reader of readers) reader.read(1);
  reads.length = 0;
  for (let frame = 1; frame < 20; frame++) {
    for (const reader of readers) assertStrictEquals(reader.read(1)?.baseId, frame);
  }
  assert(reads.length <= 2 * 19 + 4, `${reads.length} reads`);
});

test("read-ahead bytes of an incomplete frame are read again", () => {
  using folder = new PartitionFolder();
  frameOf([BLOCK], folder);
  frameOf([BLOCK], folder);
  const path = `${folder.directory}/00000000000000000000.log`;
  const whole = readFileSync(path).byteLength;
  let size = 0;
  const storage = changedStorage((file) => ({
    readAt: (into, offset) => file.readAt(into.subarray(0, Math.max(0, size - offset)), offset),
    size: () => Math.min(size, file.size()),
  }));
  const second = 64 + (whole - 64) / 2;
  for (const seen of [second, second + 1, second + 63, second + 64, second + 100, whole - 64, whole - 1]) {
    size = seen;
    const reader = readerOf(folder.open(storage), false);
    assertStrictEquals(reader.read(1)?.baseId, 0);
    assertStrictEquals(reader.read(1), undefined, `${seen - second} bytes of the second frame`);
    size = whole;
    assertStrictEquals(reader.read(1)?.baseId, 1, `${seen - second} bytes of the second frame`);
  }
});

test("a buffer of more than a mebibyte is filled piece by piece", () => {
  using folder = new PartitionFolder();
  const size = (1 << 20) + 70_000;
  const [, whole] = frameOf([100, size], folder);
  const batch = readerOf(folder.open()).read(2)!;
  for (const offset of [0, 5]) {
    const into = new Uint8Array(size - offset);
    batch.readData(1, [{ offset, size: into.byteLength }], [into]);
    assertEquals(Buffer.compare(into, whole!.subarray(offset)), 0);
  }
});
