// A push of 100 MiB of metadata was refused only after the core's memory had grown to 304 MiB, permanently; a
// crafted header made a reader allocate 2 GiB; and when the runtime could allocate no more, its RangeError
// reached the caller. Limits are now checked before anything is allocated, in both directions.
import {
  assert,
  assertEquals,
  assertLess,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CborSerializer, Driver, LimitExceededError } from "../../mod.ts";
import { Core, core } from "../../src/log/format/core/core.ts";
import { writeUint64 } from "../../src/log/format/frame_header.ts";
import { encodeEvents } from "../../src/log/write/encoder.ts";
import {
  EXTENT_BYTES,
  KIND,
  METADATA_BYTES_MAX,
  RECORD,
  RECORD_BYTES,
  SEGMENT_HEADER_BYTES,
  type Signature,
} from "../../src/log/format/bytes.ts";
import { PartitionReader } from "../../src/log/read/reader.ts";
import type { Segment } from "../../src/log/segment/segment_file.ts";
import { PartitionWriter } from "../../src/log/write/writer.ts";
import type { SimulatedProcess } from "../simulation/disk/process.ts";
import { emptyDisk } from "../damage/copies.ts";
import { openSample, readSample } from "../damage/sample_partition.ts";
import { test } from "../harness.ts";

const MIB = 1024 * 1024;

function memory(): number {
  return core.u8.byteLength;
}

test("metadata and batches that are too large are refused before memory is allocated", async () => {
  const root_path = await mkdtemp(join(tmpdir(), "diaspora-refused-"));
  try {
    await using driver = await Driver.open("files", { root_path });
    const serializer = await CborSerializer.load();
    await driver.createTopic("t", { num_partitions: 1 });
    await driver.createTopic("bytes", { num_partitions: 1 }, { serializer });
    const before = memory();
    for (const name of ["t", "bytes"]) {
      await using topic = await driver.openTopic(name);
      await using producer = topic.producer("p");
      // ASCII, and text whose characters take three bytes each.
      for (const text of ["x".repeat(100 * MIB), "x".repeat(METADATA_BYTES_MAX - 1), "☃".repeat(6 * MIB)]) {
        const error = await assertRejects(() => producer.push({ text }).wait(), LimitExceededError);
        assertStringIncludes(error.message, "put large content into the data part");
        assertEquals(memory(), before);
      }
      assertEquals(await producer.push({ ok: true }), 0);
    }
    assertEquals(memory(), before);
  } finally {
    await rm(root_path, { recursive: true });
  }
});

test("metadata up to the limit is stored and read, within 64 MiB, in whatever order areas grow", async () => {
  const { storage } = emptyDisk(["/p"]);
  const writer = new PartitionWriter(openSample(storage, "/p"), {
    flushBehavior: "buffered",
    segmentBytesMax: 1 << 30,
  });
  const texts = [3, 5, 9, 16].map((mib) => `"${"x".repeat(mib * MIB - 2)}"`);
  texts.push(`"${"☃".repeat((METADATA_BYTES_MAX - 2) / 3)}"`);
  for (const [id, text] of texts.entries()) {
    assertEquals(writer.append({ count: 1, metadata: [text], dataBytes: 0 }), id);
    const reader = new PartitionReader(openSample(storage, "/p"), {
      dataWanted: true,
      onCorruption: "throw",
    });
    reader.seek({ id });
    assert(reader.read(1)?.metadataText?.(0) === text);
  }
  await writer.close();
  assertLess(memory(), 64 * MIB);
});

/** The last segment, and how another writer would sign the next frame in it. */
function nextFrame(storage: SimulatedProcess): { segment: Segment; signature: Signature } {
  const { segment, id, offset } = openSample(storage, "/p").end()!;
  const { salt } = segment;
  const writer = { sequence: 1, nonceLow: 1, nonceHigh: 1, time: storage.now() };
  return { segment, signature: { salt, ...writer, anchorId: id, anchorOffset: offset } };
}

/** Writes bytes after the last frame of a partition, as a malicious program would. */
function append(storage: SimulatedProcess, change: (view: DataView, at: number) => void): void {
  const { segment, signature } = nextFrame(storage);
  const frame = encodeEvents({ count: 1, metadata: ['"crafted"'], dataBytes: 0 }, signature);
  const { view } = core;
  const at = core.ensureEncodeArea(0);
  change(view, at);
  view.setUint32(at + RECORD.crc, core.crc32At(at, RECORD.crc), true);
  // Without its trailer, which would repeat what the header says.
  frame.fill(0, frame.byteLength - RECORD_BYTES);
  const file = storage.open(segment.path, "append");
  file.append(frame.slice());
  file.close();
}

test("a header that claims more than exists, or than any writer writes, allocates no memory", async () => {
  const claims: ((view: DataView, at: number) => void)[] = [
    (view, at) => view.setUint32(at + RECORD.metadataBytes, 2 ** 31 - 200, true),
    (view, at) => view.setUint32(at + RECORD.metadataBytes, METADATA_BYTES_MAX, true),
    (view, at) => view.setUint32(at + RECORD.dataBytes, 16 * MIB, true),
    (view, at) => view.setUint32(at + RECORD.count, 1 << 20, true),
    (view, at) => view.setUint16(at + RECORD.extentCount, 0xffff, true),
  ];
  for (const claim of claims) {
    const { storage } = emptyDisk(["/p"]);
    const writer = new PartitionWriter(openSample(storage, "/p"), {
      flushBehavior: "buffered",
      segmentBytesMax: MIB,
    });
    writer.append({ count: 1, metadata: ['"first"'], dataBytes: 0 });
    append(storage, claim);
    const before = memory();
    assertEquals(readSample(openSample(storage, "/p"), true).events.size, 1);
    writer.append({ count: 1, metadata: ['"last"'], dataBytes: 0 });
    const { events } = readSample(openSample(storage, "/p"), true);
    assertEquals([...events.values()].map(({ id, metadata }) => [id, metadata]), [[0, '"first"'], [
      1,
      '"last"',
    ]]);
    await writer.close();
    assertEquals(memory(), before);
  }
});

test("an event that claims more data than its chunks hold is damage, and allocates no memory", async () => {
  const { storage, disk } = emptyDisk(["/p"]);
  const writer = new PartitionWriter(openSample(storage, "/p"), {
    flushBehavior: "buffered",
    segmentBytesMax: MIB,
  });
  writer.append({ count: 1, metadata: ['"first"'], dataBytes: 0 });
  const { segment, signature } = nextFrame(storage);
  const list = [{ segmentId: 0, offset: SEGMENT_HEADER_BYTES, dataBytes: 100 }];
  const batch = { count: 1, metadata: ["1"], dataBytes: 0 };
  const frame = encodeEvents(batch, signature, { totalBytes: 100, list });
  // Again with a total that is different.
  writeUint64(core.view, core.ensureEncodeArea(0) + frame.byteLength - 64 - 1 - 8 - EXTENT_BYTES, 2 ** 50);
  const sizes = {
    flags: core.u8[core.ensureEncodeArea(0) + RECORD.flags],
    count: 1,
    extentCount: 1,
    metadataBytes: 1,
    dataBytes: 0,
  };
  core.encodeFrame(core.ensureEncodeArea(0), KIND.events, sizes, signature);
  disk.names.file(segment.path).write(signature.anchorOffset, frame.slice());
  const { events, damage } = readSample(openSample(storage, "/p"), true);
  assertEquals([...events.keys()], [0]);
  assertEquals(damage.map(({ firstId, endId }) => [firstId, endId]), [[1, 2]]);
  await writer.close();
});

test("a refused memory allocation throws our own error, and existing data stays", () => {
  const own = new Core();
  const encodeArea = own.ensureEncodeArea(0);
  const { u8, readAreaBytes } = own;
  u8.fill(7, encodeArea, encodeArea + 100);
  for (const take of [() => own.ensureReadArea(2 ** 33), () => own.ensureEncodeArea(2 ** 33)]) {
    const error = assertThrows(take, LimitExceededError, "the runtime has no more");
    assertEquals(error.code, "ERR_LIMIT_EXCEEDED");
  }
  assertEquals([own.ensureEncodeArea(0), own.readAreaBytes], [encodeArea, readAreaBytes]);
  assertStrictEquals(own.u8, u8);
  assertEquals(u8.slice(encodeArea, encodeArea + 100), new Uint8Array(100).fill(7));
});
