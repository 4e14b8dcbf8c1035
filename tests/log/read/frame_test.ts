// One stored frame: its texts, whether ASCII or not, and its data parts in pieces, chunks and blocks.
import { assertEquals, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { CorruptedLogError } from "../../../src/errors.ts";
import { KIND } from "../../../src/log/format/bytes.ts";
import { endOfRun, type StoredBatch } from "../../../src/log/read/batch.ts";
import { PartitionReader } from "../../../src/log/read/reader.ts";
import { readWindow } from "../../../src/log/segment/window.ts";
import { test } from "../../harness.ts";
import { randomBytes } from "../../wasm/reference.ts";
import { PartitionFolder } from "../partition_folder.ts";
import { CraftedSegment, noise } from "../segment/crafted_segment.ts";

/** The first batch of a partition. */
function firstBatch(folder: PartitionFolder, dataWanted: boolean, eventsMax = 100): StoredBatch {
  const reader = new PartitionReader(folder.open(), { dataWanted, onCorruption: "throw" });
  reader.seek("earliest");
  return reader.read(eventsMax)!;
}

test("texts are returned joined, one by one and as bytes, whatever letters they have", () => {
  for (const texts of [['"a"', "12", '"c"'], ['"ä"', "12", '"漢字"'], ['"\u0000é"', '""', "{}"]]) {
    using folder = new PartitionFolder();
    folder.writer().append({ count: 3, metadata: texts, dataBytes: 0 });
    for (const dataWanted of [false, true]) {
      const batch = firstBatch(folder, dataWanted);
      assertEquals(batch.joinedText!(), texts.join(","));
      assertEquals([0, 1, 2].map((index) => batch.metadataText!(index)), texts);
      const bytes = [0, 1, 2].map((index) => new TextDecoder().decode(batch.metadataBytes(index)));
      assertEquals(bytes, texts);
      const two = firstBatch(folder, dataWanted, 2);
      assertEquals([two.joinedText!(), two.hasMore], [texts.slice(0, 2).join(","), true]);
    }
  }
});

test("what a serializer returned is given as bytes, never as text", () => {
  for (const [first, ...others] of [[[1, 2], [], [255]], [[0x22, 0x61, 0x22], [0x31], [0x32]]]) {
    using folder = new PartitionFolder();
    const metadata = [first!, ...others].map((bytes) => Uint8Array.from(bytes));
    folder.writer().append({ count: 3, metadata, dataBytes: 0 });
    const batch = firstBatch(folder, false);
    assertEquals([batch.joinedText, batch.metadataText], [undefined, undefined]);
    assertEquals([0, 1, 2].map((index) => batch.metadataBytes(index)), metadata);
  }
});

test("a batch has no more metadata than is cheap to hold, unless one event has", () => {
  const sizes = [20_000, 20_000, 20_000, 20_000, 20_000, 200_000, 20_000, 10];
  const metadata = sizes.map((size) => `"${"x".repeat(size - 2)}"`);
  using folder = new PartitionFolder();
  folder.writer().append({ count: sizes.length, metadata, dataBytes: 0 });
  const reader = new PartitionReader(folder.open(), { dataWanted: false, onCorruption: "throw" });
  reader.seek("earliest");
  for (let id = 0; id < sizes.length;) {
    const batch = reader.read(100)!;
    const text = batch.joinedText!();
    assertEquals(text, metadata.slice(id, id + batch.count).join(","));
    assertEquals(batch.count === 1 || text.length <= 96 * 1024, true, `${batch.count} events`);
    id += batch.count;
  }
});

test("a run of events is as long as its metadata may be, and has at least one event", () => {
  const most = 96 * 1024;
  const ofSizes = (...sizes: number[]) => {
    let end = 0;
    return [0, ...sizes.map((size) => end += size)];
  };
  for (
    const [sizes, expected] of [[[most, 1], 1], [[most + 1, 1], 1], [[1, most, 1], 1], [[most], 1]] as const
  ) {
    assertEquals(endOfRun(ofSizes(...sizes), 0, sizes.length), expected);
  }
  assertEquals(endOfRun(ofSizes(most - 1, 1), 0, 2), 2);
  for (let count = 1; count < 40; count++) {
    const starts = ofSizes(...Array.from(randomBytes(count, count), (byte) => byte * 1000));
    for (let first = 0; first < count; first++) {
      const end = endOfRun(starts, first, count);
      assertEquals(end > first && end <= count, true, `${end}`);
      assertEquals(end === first + 1 || starts[end]! - starts[first]! <= most, true, `${end}`);
    }
  }
});

test("the rest of a frame is returned as its first events are, each alone, as text or as bytes, also if others read in between", () => {
  const bytesOf = (text: string) => new TextEncoder().encode(text);
  const texts = ['"a"', "12", '"cde"', "4", '"f"'];
  using elsewhere = new PartitionFolder();
  elsewhere.writer().append({ count: 1, metadata: ["1"], dataBytes: 0 });
  for (const metadata of [texts, texts.map((text) => text.replace("c", "ä")), texts.map(bytesOf)]) {
    for (const others of [() => {}, () => firstBatch(elsewhere, false)]) {
      using folder = new PartitionFolder();
      folder.writer().append({ count: 5, metadata, dataBytes: 0 });
      const reader = new PartitionReader(folder.open(), { dataWanted: false, onCorruption: "throw" });
      reader.seek("earliest");
      reader.read(1);
      others();
      const batch = reader.read(3)!;
      const wanted = metadata.slice(1, 4).map((one) => typeof one === "string" ? bytesOf(one) : one);
      assertEquals([0, 1, 2].map((index) => batch.metadataBytes(index)), wanted);
      if (typeof metadata[0] !== "string") continue;
      assertEquals([0, 1, 2].map((index) => batch.metadataText!(index)), metadata.slice(1, 4));
      assertEquals(batch.joinedText!(), metadata.slice(1, 4).join(","));
    }
  }
});

test("metadata of another serializer are bytes alone", () => {
  using folder = new PartitionFolder();
  const metadata = [Uint8Array.of(1, 44, 2), new Uint8Array(0), Uint8Array.of(255)];
  folder.writer().append({ count: 3, metadata, dataBytes: 0 });
  const batch = firstBatch(folder, false);
  assertEquals([batch.joinedText, batch.metadataText], [undefined, undefined]);
  assertEquals([0, 1, 2].map((index) => [...batch.metadataBytes(index)]), [[1, 44, 2], [], [255]]);
});

test("any range of a data part in chunks is returned and filled, across as many of them as it takes", () => {
  const whole = randomBytes(3500, 1);
  const ranges = [
    ...[[0, 3500], [0, 1], [999, 1], [999, 2], [1000, 1000], [1500, 1000], [500, 2700], [2999, 501], [
      3499,
      1,
    ]],
    ...[[0, 1000], [3000, 500], [1, 3499], [2000, 0], [3500, 0]],
  ] as const;
  using folder = new PartitionFolder();
  folder.writer({ chunkBytes: 1000 }).append({ count: 1, metadata: ["1"], data: [whole], dataBytes: 3500 });
  for (const dataWanted of [false, true]) {
    const batch = firstBatch(folder, dataWanted);
    assertEquals(batch.dataSize(0), 3500);
    for (const [offset, size] of [...ranges, ...ranges.toReversed()]) {
      const wanted = [...whole.subarray(offset, offset + size)];
      assertEquals([...batch.viewData(0, { offset, size })], wanted, `${offset} ${size}`);
      const into = [new Uint8Array(size >> 1), new Uint8Array(size - (size >> 1))];
      batch.readData(0, [{ offset, size }], into);
      assertEquals([...into[0]!, ...into[1]!], wanted, `${offset} ${size}`);
    }
  }
});

test("a data part of more than a mebibyte in one frame is filled from any offset on", () => {
  const mib = 1 << 20;
  const numbers = Uint32Array.from({ length: mib / 4 + 10_000 }, (_, n) => Math.imul(n, 0x9e3779b1));
  const whole = new Uint8Array(numbers.buffer);
  using folder = new PartitionFolder();
  folder.writer().append({ count: 1, metadata: ["1"], data: [whole], dataBytes: whole.byteLength });
  const batch = firstBatch(folder, true);
  for (const offset of [0, 1, 39_999]) {
    const into = new Uint8Array(whole.byteLength - offset);
    batch.readData(0, [{ offset, size: into.byteLength }], [into]);
    assertEquals(Buffer.compare(into, whole.subarray(offset)), 0, `${offset}`);
  }
});

test("data that a repair gave up is not returned, and what it was of is named", () => {
  const crafted = new CraftedSegment([{ count: 3, data: noise(20), dataLost: [1] }]);
  const partition = crafted.partition();
  const reader = new PartitionReader(partition, { dataWanted: false, onCorruption: "throw" });
  reader.seek("earliest");
  const batch = reader.read(9)!;
  assertEquals(batch.viewData(0, { offset: 0, size: 20 }), noise(20));
  const ways = [
    () => batch.viewData(1, { offset: 0, size: 1 }),
    () => batch.readData(1, [{ offset: 0, size: 1 }], [new Uint8Array(1)]),
  ];
  for (const way of ways) {
    const { damage } = assertThrows(way, CorruptedLogError, "lost before a repair");
    assertEquals([damage.firstId, damage.endId, crafted.place(damage.offset)], [1, 2, "0"]);
  }
  partition.close();
});

test("an event whose chunk is damaged, or is another one, says so", () => {
  const chunk = { kind: KIND.chunk, data: noise(70) };
  const cases = [
    [[{ ...chunk, damaged: ["head"] }], 70, "the checksums of a data chunk are damaged"],
    [[{ ...chunk, damaged: ["header", "trailer"] }], 70, "a data chunk is damaged"],
    [[chunk], 69, "a data chunk is not where its event says"],
    [[{ data: noise(70) }], 70, "a data chunk is not where its event says"],
    [[chunk], 70, undefined],
  ] as const;
  for (const [parts, bytes, reason] of cases) {
    const crafted = new CraftedSegment([...parts, { extents: [{ part: 0, bytes }] }]);
    const partition = crafted.partition();
    const reader = new PartitionReader(partition, { dataWanted: false, onCorruption: "skip" });
    reader.seek("latest");
    const id = reader.position - 1;
    reader.seek({ id });
    const batch = reader.read(9)!;
    const look = () => batch.viewData(0, { offset: 0, size: bytes });
    if (reason === undefined) assertEquals(look(), noise(70));
    else {
      const { damage } = assertThrows(look, CorruptedLogError, reason);
      assertEquals([damage.firstId, damage.endId, damage.offset], [id, id + 1, crafted.offsets[0]]);
    }
    partition.close();
  }
});

test("data that the file has no more is reported with the event and the block where it is missing", () => {
  for (const [offset, left, missingAt] of [[0, 100, 0], [70_000, 70_010, 65_536]] as const) {
    const crafted = new CraftedSegment([{ count: 2, data: noise(90_000) }]);
    const partition = crafted.partition();
    const reader = new PartitionReader(partition, { dataWanted: false, onCorruption: "throw" });
    reader.seek("earliest");
    const batch = reader.read(9)!;
    const dataAt = crafted.offsets[1]! - 64 - 90_000;
    crafted.storage.disk.names.file(crafted.segment.path).truncate(dataAt + left);
    readWindow.clear();
    const { damage } = assertThrows(
      () => batch.viewData(0, { offset, size: 100 }),
      CorruptedLogError,
      "data bytes are missing",
    );
    assertEquals([damage.firstId, damage.endId, damage.offset - dataAt], [0, 1, missingAt]);
    partition.close();
  }
});
