// What a segment's file says about itself, however much of its header is left, and about the previous segment.
import { assertEquals, assertThrows } from "@std/assert";
import { CorruptedLogError, StorageError, UnsupportedFormatError } from "../../../src/errors.ts";
import { KIND, SEGMENT, SEGMENT_HEADER_BYTES } from "../../../src/log/format/bytes.ts";
import { core } from "../../../src/log/format/core/core.ts";
import { encodeSegmentHeader } from "../../../src/log/format/segment_header.ts";
import {
  baseIdOf,
  isSameSegment,
  readHeader,
  Segment,
  segmentName,
} from "../../../src/log/segment/segment_file.ts";
import { Partition } from "../../../src/log/partition.ts";
import { readWindow } from "../../../src/log/segment/window.ts";
import { Appender } from "../../../src/log/write/appender.ts";
import { test } from "../../harness.ts";
import { CraftedSegment, CREATED, DIRECTORY, noise, type Part, SALT } from "./crafted_segment.ts";

const NAMES: [name: string, baseId: number | undefined][] = [
  ["00000000000000000000.log", 0],
  ["00000000000000000042.log", 42],
  ["00009007199254740991.log", 2 ** 53 - 1],
  ["00009007199254740992.log", undefined],
  ["0000000000000000042.log", undefined],
  ["000000000000000000042.log", undefined],
  ["00000000000000000042.idx", undefined],
  ["00000000000000000042.log.draft", undefined],
  ["x00000000000000000042.log", undefined],
  ["0000000000000000004x.log", undefined],
];

test("a segment's name is its first id in twenty digits", () => {
  for (const [name, baseId] of NAMES) {
    assertEquals(baseIdOf(name), baseId, name);
    if (baseId !== undefined) assertEquals(segmentName(baseId), name);
  }
});

test("an empty segment has the fields it was created with", () => {
  const after = { baseId: 2 ** 40 + 3, sealOffset: 77, salt: 5 };
  for (const previous of [undefined, after]) {
    const crafted = new CraftedSegment([]);
    const parts = { partition: 6, salt: 9, baseId: 2 ** 50 + 1, created: 2 ** 41, after: previous };
    const bytes = encodeSegmentHeader(parts);
    assertEquals(bytes.byteLength, SEGMENT_HEADER_BYTES);
    const path = `/segments/${segmentName(2 ** 50 + 1)}`;
    crafted.storage.publish(path, bytes);
    const segment = new Segment(crafted.storage, path, { partition: 6, baseId: 2 ** 50 + 1 });
    assertEquals(segment.previous, previous ?? { baseId: 0, sealOffset: 0, salt: 0 });
    assertEquals([segment.salt, segment.created, segment.headerDamage], [9, 2 ** 41, undefined]);
    assertEquals(segment.isUnreadable, false);
  }
});

/** The segment of a file with some of its bytes changed, opened again. */
function changed(parts: readonly Part[], change: (bytes: Uint8Array) => Uint8Array | void): Segment {
  const { storage, segment } = new CraftedSegment(parts);
  const bytes = storage.readWhole(segment.path)!;
  const after = change(bytes) ?? bytes;
  storage.replace(segment.path, after);
  readWindow.clear();
  return new Segment(storage, segment.path, { partition: 0, baseId: 0 });
}

const breakHeader = (bytes: Uint8Array): void => void (bytes[20]! ^= 1);

test("a segment with a damaged header is read using the fields repeated in its frames", () => {
  const damaged = (...what: ("header" | "trailer")[]): Part => ({ damaged: what });
  const cases: [what: string, parts: Part[], time: number][] = [
    ["the first header", [{ time: 7000 }, { time: 8000 }], 7000],
    ["the last trailer", [{ ...damaged("header"), time: 7000 }, { time: 8000 }], 8000],
    ["one between them", [noise(30), { time: 7000 }, noise(30)], 7000],
    ["a trailer between them", [noise(300), { ...damaged("header"), time: 7001 }, noise(30)], 7000],
    ["one after a mebibyte", [noise((1 << 20) - 30), { time: 7000 }, noise(30)], 7000],
    ["one where a search reads on", [noise((1 << 20) - 63), { time: 7000 }, noise(30)], 7000],
    ["one after exactly a mebibyte", [noise((1 << 20) - 64), { time: 7000 }, noise(30)], 7000],
    [
      "one that begins in the last byte of a mebibyte",
      [noise((1 << 20) - 1), { time: 7000 }, noise(30)],
      7000,
    ],
  ];
  for (const [what, parts, time] of cases) {
    const segment = changed(parts, breakHeader);
    assertEquals(segment.headerDamage, "segment header checksum differs", what);
    assertEquals([segment.salt, segment.previous, segment.isUnreadable], [SALT, undefined, false], what);
    assertEquals(segment.created, what.startsWith("a trailer") ? 7001 : time, what);
  }
});

test("a segment without an intact frame cannot be read", () => {
  for (
    const parts of [[], [noise(10)], [noise(64)], [noise(500)], [{ damaged: ["header", "trailer"] } as Part]]
  ) {
    const segment = changed(parts, breakHeader);
    assertEquals(segment.headerDamage, "the segment header is damaged and no frame is whole");
    assertEquals([segment.isUnreadable, segment.created], [true, 0]);
    const partition = new Partition({
      storage: segment.storage,
      directory: DIRECTORY,
      topic: "t",
      partition: 4,
    });
    const { damage } = assertThrows(() => new Appender(partition, 1000).seal(), CorruptedLogError);
    const reason = "the segment header is damaged and no frame is whole; repair the topic";
    assertEquals(damage, {
      ...{ topic: "t", partition: 4, firstId: 0, endId: 0, file: segment.path, offset: 0, reason },
    });
  }
});

test("a segment that is shorter than its header cannot be read", () => {
  for (const bytes of [0, 1, 63]) {
    assertEquals(changed([], (all) => all.subarray(0, bytes)).isUnreadable, true);
  }
});

test("a segment of a newer version is refused, and one with another id is reported", () => {
  const sum = (bytes: Uint8Array) =>
    new DataView(bytes.buffer, bytes.byteOffset).setUint32(60, core.crc32(bytes.subarray(0, 60)), true);
  const error = assertThrows(() =>
    changed([], (bytes) => {
      bytes[SEGMENT.version] = 9;
      sum(bytes);
    }), UnsupportedFormatError);
  assertEquals(error.message.includes("9"), true);
  const segment = changed([], (bytes) => {
    bytes[SEGMENT.baseId] = 5;
    sum(bytes);
  });
  assertEquals(segment.headerDamage?.startsWith("the file was written for first id 5; move it away"), true);
  assertEquals([segment.isUnreadable, segment.created], [true, CREATED]);
});

test("a segment's seal is at the place given by the next segment", () => {
  const seal: Part = { kind: KIND.seal };
  const cases: [what: string, around: ConstructorParameters<typeof CraftedSegment>[1], sealed: unknown][] = [
    ["none follows", {}, undefined],
    ["one follows", { next: { id: 1, seal: [1, 0] } }, 196],
    ["it does not say where", { next: { id: 1 } }, "unknown"],
    ["the salt is not known", { next: { id: 1, seal: [1, 0], salt: 0 } }, 196],
    ["another salt", { next: { id: 1, seal: [1, 0], salt: 3 } }, "unknown"],
    ["another segment", { next: { id: 1, seal: [1, 0], of: 7 } }, "unknown"],
  ];
  for (const [what, around, sealed] of cases) {
    const { segment } = new CraftedSegment([{}, seal], around);
    assertEquals(segment.sealOffset(), sealed, what);
    assertEquals(segment.sealOffset(), sealed, what);
  }
});

test("a segment reads its seal's place from the next one once, and again if that is replaced", () => {
  const { storage, segment } = new CraftedSegment([{}, { kind: KIND.seal }], {
    next: { id: 1, seal: [1, 0] },
  });
  const open = storage.open.bind(storage);
  let opened = 0;
  let left = 0;
  storage.open = (path, mode) => {
    const file = open(path, mode);
    opened++;
    left++;
    file.close = () => void left--;
    // As few bytes as a system may return.
    const readAt = file.readAt.bind(file);
    file.readAt = (into, offset) => readAt(into.subarray(0, 7), offset);
    return file;
  };
  for (let times = 0; times < 3; times++) assertEquals(segment.sealOffset(), 196);
  assertEquals([opened, left], [1, 0]);
  segment.endId = 2;
  assertThrows(() => segment.sealOffset(), StorageError);
  const after = { baseId: 0, sealOffset: 90, salt: SALT };
  storage.publish(
    `/segments/${segmentName(2)}`,
    encodeSegmentHeader({ partition: 0, salt: 1, baseId: 2, created: 1, after }),
  );
  assertEquals(segment.sealOffset(), 90);
  assertEquals([opened, left], [2, 0]);
});

test("a next segment that is damaged or truncated does not give the seal's place", () => {
  for (const bytes of [0, 10, 63]) {
    const { storage, segment } = new CraftedSegment([{}], { next: { id: 1, seal: [1, 0] } });
    const path = `/segments/${segmentName(1)}`;
    // The bytes of the complete header are still where the next one is read to.
    assertEquals(segment.sealOffset(), 196);
    segment.endId = undefined;
    assertEquals(segment.sealOffset(), undefined);
    storage.replace(path, storage.readWhole(path)!.subarray(0, bytes));
    const again = new Segment(storage, segment.path, { partition: 0, baseId: 0 });
    again.endId = 1;
    assertEquals(again.sealOffset(), "unknown");
  }
  const { storage, segment } = new CraftedSegment([{}], { next: { id: 1, seal: [1, 0] } });
  const path = `/segments/${segmentName(1)}`;
  const bytes = storage.readWhole(path)!;
  breakHeader(bytes);
  storage.replace(path, bytes);
  assertEquals(segment.sealOffset(), "unknown");
});

test("a segment's file opens on demand, and closes", () => {
  const { storage, segment } = new CraftedSegment([{}]);
  assertEquals(segment.isOpen, true);
  const { file } = segment;
  assertEquals(segment.file === file, true);
  segment.close();
  assertEquals(segment.isOpen, false);
  segment.close();
  assertEquals(segment.file === file, false);
  segment.close();
  // A file that is already open is used.
  const own = storage.open(segment.path, "read");
  assertEquals(new Segment(storage, segment.path, { partition: 0, baseId: 0 }, own).file === own, true);
});

test("a segment that is opened again is read again: its name may be that of another file now", () => {
  const { storage, segment } = new CraftedSegment([{ count: 2 }, { count: 3 }]);
  const bytes = storage.readWhole(segment.path)!;
  const [offset, size] = [SEGMENT_HEADER_BYTES, 64];
  readWindow.peek(segment, offset, size, core.slot);
  // Its bytes are left ahead of another one's.
  void new Segment(storage, segment.path, { partition: 0, baseId: 0 });
  segment.close();
  storage.replace(segment.path, bytes.slice().fill(7));
  const at = readWindow.at(segment, offset + size, size, size);
  assertEquals(core.u8.slice(at, at + size), new Uint8Array(size).fill(7));
});

test("a file that was closed is not taken for another one that has its name since, though its own header is damaged", () => {
  for (const isDamaged of [false, true]) {
    const { storage, segment: { path } } = new CraftedSegment([{ count: 2 }]);
    const bytes = storage.readWhole(path)!;
    if (isDamaged) breakHeader(bytes);
    storage.replace(path, bytes);
    readWindow.clear();
    const segment = new Segment(storage, path, { partition: 0, baseId: 0 });
    assertEquals([segment.salt, segment.headerDamage !== undefined], [SALT, isDamaged]);
    let replaced = 0;
    segment.replaced = () => void replaced++;
    // A repair writes the same header again.
    const repaired = new CraftedSegment([{ count: 2 }]).storage.readWhole(path)!;
    segment.close();
    storage.replace(path, repaired);
    assertEquals([segment.file.size(), replaced], [repaired.byteLength, 0]);
    segment.close();
    storage.replace(path, encodeSegmentHeader({ partition: 0, salt: SALT + 1, baseId: 0, created: 1 }));
    assertThrows(() => segment.file, StorageError, "it was removed, and made again (ENOENT)");
    assertEquals([replaced, segment.isThere], [1, false]);
  }
});

test("a segment that cannot be read, and was closed, is the same one when it is opened again", () => {
  const { storage, segment: { path } } = new CraftedSegment([]);
  const header = encodeSegmentHeader({ partition: 3, salt: SALT, baseId: 0, created: 1 });
  storage.replace(path, header);
  readWindow.clear();
  const segment = new Segment(storage, path, { partition: 0, baseId: 0 });
  segment.close();
  assertEquals([segment.isUnreadable, segment.file.size(), segment.isThere], [true, header.byteLength, true]);
});

test("whether a file is there is not known where the system does not say", () => {
  const { storage, segment } = new CraftedSegment([{}]);
  const open = storage.open.bind(storage);
  for (const [errno, isThere] of [["ENOENT", false], ["EIO", undefined]] as const) {
    segment.close();
    storage.open = () => {
      throw new StorageError(errno, "simulated");
    };
    if (isThere === undefined) assertThrows(() => segment.isThere, StorageError, "simulated");
    else assertEquals(segment.isThere, isThere);
    storage.open = open;
    assertEquals(segment.isThere, true);
  }
});

test("a segment precedes another one by its id and, if known, its salt", () => {
  const segment = { baseId: 5, salt: 9 };
  for (
    const [baseId, salt, isSame] of [[5, 9, true], [5, 0, true], [5, 8, false], [6, 9, false], [
      6,
      0,
      false,
    ]] as const
  ) {
    assertEquals(isSameSegment({ baseId, salt, sealOffset: 1 }, segment), isSame);
  }
});

test("a file is opened again for another look, unless it was removed or cannot be opened", () => {
  const { storage, segment } = new CraftedSegment([{}]);
  const [former, bytes] = [segment.file, storage.readWhole(segment.path)!];
  assertEquals(segment.reopen(), true);
  assertEquals(segment.file === former, false);
  assertThrows(() => former.size(), Error, "closed");
  const { file } = segment;
  const open = storage.open.bind(storage);
  for (const errno of ["EIO", "ENOENT"]) {
    storage.open = () => {
      throw new StorageError(errno, "simulated");
    };
    if (errno === "EIO") assertThrows(() => segment.reopen(), StorageError, "simulated");
    else assertEquals(segment.reopen(), false);
    assertEquals(segment.file, file);
  }
  storage.open = open;
  // Another file of that name is another segment.
  storage.remove(segment.path);
  storage.publish(segment.path, bytes);
  assertEquals(segment.reopen(), false);
  assertEquals(segment.file, file);
});

test("the header of a newer version, or a damaged one, says nothing of the segment before it", () => {
  const { storage, segment } = new CraftedSegment([]);
  assertEquals(readHeader(storage, segment.path)?.salt, SALT);
  const header = storage.readWhole(segment.path)!;
  const sum = () => {
    const crc = core.crc32(header.subarray(0, SEGMENT.crc));
    new DataView(header.buffer).setUint32(SEGMENT.crc, crc, true);
  };
  header[SEGMENT.version]! += 1;
  storage.replace(segment.path, header);
  assertEquals(readHeader(storage, segment.path), undefined);
  sum();
  storage.replace(segment.path, header);
  assertEquals(readHeader(storage, segment.path), undefined);
});
