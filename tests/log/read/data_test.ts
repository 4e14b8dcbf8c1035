// Data parts requested in every way and in any order, from frames that are in memory, were, or are damaged.
import { assertEquals, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { CorruptedLogError } from "../../../src/errors.ts";
import { FLAG, KIND, layoutOf, RECORD_BYTES, SEGMENT_HEADER_BYTES } from "../../../src/log/format/bytes.ts";
import { core } from "../../../src/log/format/core/core.ts";
import { Partition } from "../../../src/log/partition.ts";
import type { StoredBatch } from "../../../src/log/read/batch.ts";
import {
  damagedBlocks,
  eventsInBlocks,
  extentsOf,
  headDamage,
} from "../../../src/log/segment/frame_check.ts";
import { PartitionReader } from "../../../src/log/read/reader.ts";
import { step } from "../../../src/log/segment/frame_scanner.ts";
import { encodeSegmentHeader } from "../../../src/log/format/segment_header.ts";
import { Segment, segmentName } from "../../../src/log/segment/segment_file.ts";
import { readWindow } from "../../../src/log/segment/window.ts";
import { PartitionWriter } from "../../../src/log/write/writer.ts";
import { SimulatedDisk } from "../../simulation/disk/disk.ts";
import { SimulatedProcess } from "../../simulation/disk/process.ts";
import { test } from "../../harness.ts";
import { randomBytes, randomNumbers } from "../../wasm/reference.ts";
import { sumBlocks } from "../../wasm/sample_frame.ts";

const BLOCK = 65_536;
const PATH = `/p/${segmentName(0)}`;
const SIZES = [
  0,
  1,
  100,
  5000,
  16_383,
  16_384,
  16_385,
  BLOCK - 1,
  BLOCK,
  BLOCK + 1,
  150_000,
  3 * BLOCK,
  600_000,
];

/** A partition with one frame whose events have these data parts. */
async function withParts(parts: readonly Uint8Array[]): Promise<Partition> {
  const storage = new SimulatedProcess(new SimulatedDisk(1));
  storage.makeDirectory("/p");
  const partition = new Partition({ storage, directory: "/p", topic: "t", partition: 0 });
  const writer = new PartitionWriter(partition, { flushBehavior: "buffered", segmentBytesMax: 2 ** 30 });
  writer.append({
    count: parts.length,
    metadata: parts.map((_, event) => String(event)),
    data: parts.slice(),
    dataBytes: parts.reduce((sum, { byteLength }) => sum + byteLength, 0),
  });
  await writer.close();
  return partition;
}

/** The only batch, as a reader gets it that wants data, or does not. */
function batchOf(partition: Partition, dataWanted: boolean): StoredBatch {
  const reader = new PartitionReader(partition, { dataWanted, onCorruption: "throw" });
  reader.seek("earliest");
  return reader.read(1000)!;
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}

/** The frame, as checks are given it. */
function frameAt(partition: Partition) {
  const segment = new Segment(partition.storage, PATH, { partition: 0, baseId: 0 });
  readWindow.clear();
  const found = step(segment, SEGMENT_HEADER_BYTES, RECORD_BYTES);
  if (found.kind !== "frame") throw new Error(found.kind);
  return { segment, offset: found.offset, frame: found.frame };
}

for (let seed = 1; seed <= 12; seed++) {
  test(`data is read back as stored, however it is requested (seed ${seed})`, async () => {
    const random = randomNumbers(seed);
    const parts = Array.from(
      { length: 1 + random(7) },
      (_, index) => randomBytes(SIZES[random(SIZES.length)]!, seed * 100 + index),
    );
    const partition = await withParts(parts);
    const damaged = seed % 3 === 0 ? damageOne(partition, parts, random) : undefined;
    const { offset: frameOffset, frame } = frameAt(partition);
    let batch = batchOf(partition, seed % 2 === 0);
    for (let turn = 0; turn < 40; turn++) {
      if (random(5) === 0) readWindow.clear();
      if (random(9) === 0) batch = batchOf(partition, random(2) === 0);
      const event = random(parts.length);
      const part = parts[event]!;
      assertEquals(batch.dataSize(event), part.byteLength);
      const offset = random(part.byteLength + 1);
      const size = random(3) === 0 ? part.byteLength - offset : random(part.byteLength - offset + 1);
      const wanted = part.subarray(offset, offset + size);
      const at = parts.slice(0, event).reduce((sum, { byteLength }) => sum + byteLength, 0) + offset;
      const isDamaged = damaged !== undefined && size > 0 && Math.floor(at / BLOCK) <= damaged &&
        damaged <= Math.floor((at + size - 1) / BLOCK);
      const where = `event ${event}, ${size} bytes from ${offset}, turn ${turn}`;
      const ask = (): boolean => {
        if (random(2) === 0) return isSame(batch.viewData(event, { offset, size }), wanted);
        const first = random(size + 1);
        const into = [new Uint8Array(first), new Uint8Array(size - first)];
        batch.readData(event, [{ offset, size }], into);
        return isSame(into[0]!, wanted.subarray(0, first)) && isSame(into[1]!, wanted.subarray(first));
      };
      if (isDamaged) {
        const { damage } = assertThrows(ask, CorruptedLogError, undefined, where);
        assertEquals([damage.firstId, damage.endId, damage.offset, damage.reason], [
          ...[event, event + 1],
          frameOffset + frame.layout.data + damaged * BLOCK,
          "data checksum differs",
        ]);
      } else assertEquals(ask(), true, where);
    }
    partition.close();
  });
}

test("parts of 16 to 32 KiB come from slabs and share no bytes, and larger ones have memory of their size", async () => {
  const sizes = [16_384, 16_385, 20_001, 32_768];
  const parts = Array.from({ length: 30 }, (_, index) => randomBytes(sizes[index % sizes.length]!, index));
  const larger = [randomBytes(32_769, 30), randomBytes(50_000, 31)];
  const partition = await withParts([...parts, ...larger]);
  const batch = batchOf(partition, true);
  const views = [...parts, ...larger].map(({ byteLength: size }, event) =>
    batch.viewData(event, { offset: 0, size })
  );
  [...parts, ...larger].forEach((part, event) => assertEquals(isSame(views[event]!, part), true, `${event}`));
  for (const { buffer, byteOffset } of views.slice(0, parts.length)) {
    assertEquals([buffer.byteLength, byteOffset % 64], [256 * 1024, 0]);
  }
  assertEquals(views.slice(parts.length).map(({ buffer }) => buffer.byteLength), [32_769, 50_000]);
  // What a caller writes to one part changes no other.
  views[1]!.fill(0);
  assertEquals([isSame(views[0]!, parts[0]!), isSame(views[2]!, parts[2]!)], [true, true]);
  partition.close();
});

/** Damages a byte of the data; returns the block it is in, or undefined if there is no data. */
function damageOne(partition: Partition, parts: readonly Uint8Array[], random: (below: number) => number) {
  const total = parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
  if (total === 0) return undefined;
  const { offset, frame } = frameAt(partition);
  const at = random(total);
  const file = partition.storage.open(PATH, "update");
  const byte = new Uint8Array(1);
  file.readAt(byte, offset + frame.layout.data + at);
  byte[0]! ^= 1;
  file.writeAt(byte, offset + frame.layout.data + at);
  file.close();
  return Math.floor(at / BLOCK);
}

test("damaged blocks are found, with the events that have data in them", async () => {
  for (let seed = 1; seed <= 12; seed++) {
    const random = randomNumbers(seed);
    const parts = [BLOCK, ...Array.from({ length: 6 }, () => SIZES[random(9)]!), 10].map((size) =>
      randomBytes(size, seed)
    );
    const partition = await withParts(parts);
    const blocks = [...new Set([damageOne(partition, parts, random)!, damageOne(partition, parts, random)!])]
      .sort((a, b) => a - b);
    const at = frameAt(partition);
    assertEquals(headDamage(at), undefined);
    assertEquals(damagedBlocks(at), blocks);
    let start = 0;
    const hurt = parts.map(({ byteLength }) => {
      const [from, end] = [start, start += byteLength];
      return blocks.some((block) =>
        from < Math.min(end, (block + 1) * BLOCK) && end > block * BLOCK && from < end
      );
    });
    const named = parts.map((_, event) =>
      eventsInBlocks(at, blocks).some(({ first, end }) => event >= first && event < end)
    );
    assertEquals(named, hurt, `seed ${seed}`);
    // Runs are as long as possible.
    const ranges = eventsInBlocks(at, blocks);
    for (const [index, { first }] of ranges.slice(1).entries()) {
      assertEquals(first > ranges[index]!.end, true);
    }
    assertEquals(eventsInBlocks(at, []), []);
    assertEquals(extentsOf(at), { totalBytes: 0, list: [] });
    partition.close();
  }
});

test("data that ends with a block has no damaged one after it", async () => {
  for (const sizes of [[0], [BLOCK], [BLOCK, BLOCK], [BLOCK - 1, 1]]) {
    const partition = await withParts(sizes.map((size, seed) => randomBytes(size, seed)));
    assertEquals(damagedBlocks(frameAt(partition)), [], `${sizes}`);
    partition.close();
  }
});

/** The reader's verdict on the head of a frame with this metadata and correct checksums. */
function damageOf(
  metadata: string,
  sizes: readonly number[],
  { flags = FLAG.jsonText as number, mark = 0, kind = KIND.events as number } = {},
): string | undefined {
  const storage = new SimulatedProcess(new SimulatedDisk(1));
  storage.makeDirectory("/p");
  const text = new TextEncoder().encode(metadata);
  const frame = { flags, count: sizes.length, extentCount: 0, metadataBytes: text.byteLength, dataBytes: 0 };
  const layout = layoutOf(frame);
  const header = encodeSegmentHeader({ partition: 0, salt: 9, baseId: 0, created: 1 });
  const at = core.ensureEncodeArea(0);
  core.u8.fill(0, at, at + layout.frameBytes);
  sizes.forEach((size, index) =>
    core.view.setUint32(at + layout.table + 4 * index, (size | mark) >>> 0, true)
  );
  core.u8.set(text, at + layout.metadata);
  const signature = {
    sequence: 1,
    nonceLow: 1,
    nonceHigh: 1,
    time: 1,
    anchorId: 0,
    anchorOffset: 64,
    salt: 9,
  };
  sumBlocks(at, frame);
  core.encodeFrame(at, kind, frame, signature);
  const content = new Uint8Array(64 + layout.frameBytes);
  content.set(header);
  content.set(core.u8.subarray(at, at + layout.frameBytes), 64);
  storage.publish(PATH, content);
  const segment = new Segment(storage, PATH, { partition: 0, baseId: 0 });
  readWindow.clear();
  const found = step(segment, 64, 64);
  return found.kind === "frame" ? headDamage({ segment, offset: 64, frame: found.frame }) : found.kind;
}

test("metadata is checked against its table, and text against JSON's separators and characters", () => {
  const sizes = "the sizes in its table do not add up";
  const texts = "its metadata is not JSON text, though its checksum is right";
  const cases: [metadata: string, sizes: number[], damage: string | undefined][] = [
    ["", [], undefined],
    ["1", [1], undefined],
    ['{"a":1},22,3', [7, 2, 1], undefined],
    ['{"a":1};22,3', [7, 2, 1], texts],
    ['{"a":1},22;3', [7, 2, 1], texts],
    ["1,2\n", [1, 2], undefined],
    ["1,2\u0001", [1, 2], texts],
    ["\u0000,2", [1, 1], texts],
    ["1,2", [1, 2], sizes],
    ["1,2", [1], sizes],
    ["1,2,", [1, 1], sizes],
    ["1,2", [2, 1], sizes],
  ];
  for (const [metadata, table, damage] of cases) {
    assertEquals(damageOf(metadata, table), damage, JSON.stringify(metadata));
  }
  // Bytes of another serializer have no commas, and may have any value.
  assertEquals(damageOf("12\n3", [2, 2], { flags: 0 }), undefined);
  assertEquals(damageOf("1,2", [1, 1], { flags: 0 }), sizes);
  // Events that lost their data are marked in the table.
  assertEquals(
    damageOf("1,2", [1, 1], { flags: FLAG.jsonText | FLAG.dataLost, mark: 0x80000000 }),
    undefined,
  );
  assertEquals(damageOf("1,2", [1, 1], { mark: 0x80000000 }), sizes);
  assertEquals(damageOf("anything", [5, 5], { flags: FLAG.lost }), undefined);
});

test("a frame whose file has been cut since it was found is damaged as a whole", async () => {
  const partition = await withParts([randomBytes(BLOCK + 10, 1), randomBytes(5, 2)]);
  const at = frameAt(partition);
  const whole = partition.storage.readWhole(PATH)!;
  partition.storage.replace(PATH, whole.subarray(0, at.offset + at.frame.layout.data - 1));
  const segment = new Segment(partition.storage, PATH, { partition: 0, baseId: 0 });
  const cut = { ...at, segment };
  readWindow.clear();
  assertEquals(headDamage(cut), "bytes are missing");
  assertEquals([damagedBlocks(cut), eventsInBlocks(cut, [0, 1])], [[0, 1], []]);
  assertEquals(extentsOf({ ...cut, frame: { ...at.frame, extentCount: 1 } }), { totalBytes: 0, list: [] });
  // Its last block alone.
  partition.storage.replace(PATH, whole.subarray(0, at.offset + at.frame.layout.data + BLOCK));
  const shorter = { ...at, segment: new Segment(partition.storage, PATH, { partition: 0, baseId: 0 }) };
  readWindow.clear();
  assertEquals([headDamage(shorter), damagedBlocks(shorter)], [undefined, [1]]);
  assertEquals(eventsInBlocks(shorter, [1]), [{ first: 0, end: 2 }]);
  partition.close();
});

test("separators are checked in every piece of the metadata", () => {
  const mib = 1 << 20;
  for (const first of [mib - 1, mib, mib + 1, 2 * mib - 1]) {
    const good = `${" ".repeat(first - 1)}1,2`;
    assertEquals(damageOf(good, [first, 1]), undefined);
    assertEquals(
      damageOf(good.replace(",", ";"), [first, 1]),
      "its metadata is not JSON text, though its checksum is right",
    );
  }
});
