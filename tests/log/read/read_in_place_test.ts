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

test("large data is read once, into a given buffer or a new one, and short reads are continued", () => {
  for (const readMax of [Infinity, 100_000]) {
    using folder = new PartitionFolder();
    const frames = 6;
    const sizes = [BLOCK, BLOCK, 3 * BLOCK];
    const written = Array.from({ length: frames }, () => frameOf(sizes, folder));
    const logBytes = readFileSync(`${folder.directory}/00000000000000000000.log`).byteLength;
    const { storage, reads } = countingStorage(readMax);
    const partition = folder.open(storage);
    eachChecksumSource((source) => {
      for (const own of [true, false]) {
        const reader = readerOf(partition);
        // The first read is as large as for small frames, because nothing is known yet.
        reader.read(100);
        reads.length = 0;
        for (let frame = 1; frame < frames; frame++) {
          const batch = reader.read(100)!;
          for (const [index, size] of sizes.entries()) {
            const data = own ? batch.viewData(index, { offset: 0, size }) : fill(batch, index, size);
            assertEquals(data, written[frame][index]);
          }
        }
        // What the core checks is read frame by frame, each with its trailer.
        const [calls, largest] = source === "core" ? [1, 6 * BLOCK] : [sizes.length + 1, 3 * BLOCK];
        const bytes = reads.reduce((sum, got) => sum + got, 0);
        assert(bytes < logBytes, `${bytes} bytes were read of a log of ${logBytes}, ${source}`);
        assert(Math.max(...reads) <= largest, `a read of ${Math.max(...reads)} bytes, ${source}`);
        if (readMax === Infinity) {
          assert(reads.length <= (frames - 1) * calls + 2, `${reads.length} reads, ${source}`);
        }
      }
    });
  }
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
  assert(Math.max(...reads) <= 16 * 1024, `a read of ${Math.max(...reads)} bytes`);
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
