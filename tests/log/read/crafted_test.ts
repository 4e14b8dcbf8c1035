// What a reader returns, skips and reports, for everything that a log may contain.
import { assertEquals, assertThrows } from "@std/assert";
import type { StartPosition } from "../../../src/contract.ts";
import { CorruptedLogError, EventGoneError, StorageError, TopicDeletedError } from "../../../src/errors.ts";
import { FLAG, KIND, RECORD_BYTES } from "../../../src/log/format/bytes.ts";
import { PartitionReader } from "../../../src/log/read/reader.ts";
import { encodeSegmentHeader } from "../../../src/log/format/segment_header.ts";
import { PartitionWriter } from "../../../src/log/write/writer.ts";
import { segmentName } from "../../../src/log/segment/segment_file.ts";
import { readWindow } from "../../../src/log/segment/window.ts";
import { test } from "../../harness.ts";
import {
  CraftedSegment,
  CREATED,
  DIRECTORY,
  noise,
  type Part,
  SALT,
  type Surroundings,
} from "../segment/crafted_segment.ts";

const SEAL: Part = { kind: KIND.seal };
const CHUNK: Part = { kind: KIND.chunk, data: noise(70) };

interface Ways {
  from?: StartPosition;
  eventsMax?: number;
  dataWanted?: boolean;
  onCorruption?: "throw" | "skip";
}

/** A reader of a segment's partition, and what it reports. */
function readerOf(crafted: CraftedSegment, { from = "earliest", ...ways }: Ways = {}) {
  const { dataWanted = false, onCorruption = "skip" } = ways;
  const partition = crafted.partition();
  const reported: string[] = [];
  const reader = new PartitionReader(partition, {
    dataWanted,
    onCorruption,
    onDamage({ damage: { firstId, endId, file, offset, reason, topic, partition } }) {
      assertEquals([topic, partition], ["t", 0]);
      const at = file === crafted.segment.path ? crafted.place(offset) : file.slice(DIRECTORY.length + 1);
      reported.push(`lost ${firstId} to ${endId} at ${at}: ${reason}`);
    },
  });
  reader.seek(from);
  return { reader, reported, partition };
}

/** What a reader returns and reports until there is nothing more. */
function read(crafted: CraftedSegment, ways: Ways = {}): string[] {
  const { reader, reported, partition } = readerOf(crafted, ways);
  try {
    for (let batch; (batch = reader.read(ways.eventsMax ?? 100)) !== undefined;) {
      reported.push(`${batch.baseId} to ${batch.baseId + batch.count}`);
    }
  } catch (error) {
    if (!(error instanceof CorruptedLogError)) throw error;
    reported.push(`throws ${error.damage.firstId} to ${error.damage.endId}`);
  }
  partition.close();
  return [...reported, `next ${reader.position}`];
}

const CASES: [what: string, parts: Part[], around: Surroundings, ways: Ways, given: string[]][] = [
  ["nothing", [], {}, {}, ["next 0"]],
  ["frame after frame", [{ count: 2 }, { count: 3 }], {}, {}, ["0 to 2", "2 to 5", "next 5"]],
  ["few events at a time", [{ count: 2 }, { count: 3 }], {}, { eventsMax: 2 }, [
    ...["0 to 2", "2 to 4", "4 to 5", "next 5"],
  ]],
  ["one event at a time", [{ count: 3 }], {}, { eventsMax: 1 }, ["0 to 1", "1 to 2", "2 to 3", "next 3"]],
  ["from the middle of a frame", [{ count: 2 }, { count: 3 }], {}, { from: { id: 3 } }, ["3 to 5", "next 5"]],
  ["from a frame's first event", [{ count: 2 }, { count: 3 }], {}, { from: { id: 2 } }, ["2 to 5", "next 5"]],
  ["from a frame's last event", [{ count: 2 }, { count: 3 }], {}, { from: { id: 1 } }, [
    ...["1 to 2", "2 to 5", "next 5"],
  ]],
  ["from the end", [{ count: 2 }], {}, { from: { id: 2 } }, ["next 2"]],
  ["from after the end", [{ count: 2 }], {}, { from: { id: 99 } }, ["next 2"]],
  ["from the latest", [{ count: 2 }], {}, { from: "latest" }, ["next 2"]],
  ["from a time", [{ time: 6000 }, { time: 7000 }], {}, { from: { time: 6500 } }, ["1 to 2", "next 2"]],
  ["from a time that is a frame's", [{ time: 6000 }, { time: 7000 }], {}, { from: { time: 7000 } }, [
    ...["1 to 2", "next 2"],
  ]],
  ["chunks are passed over", [{}, CHUNK, {}], {}, {}, ["0 to 1", "1 to 2", "next 2"]],
  ["what was cut short is passed over", [{}, { bytes: 80 }, {}], {}, {}, ["0 to 1", "1 to 2", "next 2"]],
  ["events that a repair gave up", [{}, { flags: FLAG.lost, count: 3 }, {}], {}, {}, [
    ...["0 to 1", "4 to 5", "next 5"],
  ]],
  ["from events that a repair gave up", [{}, { flags: FLAG.lost, count: 3 }, {}], {}, { from: { id: 2 } }, [
    ...["4 to 5", "next 5"],
  ]],
  ["events without their data, if data is not wanted", [{ count: 4, dataLost: [1, 2] }], {}, {}, [
    ...["0 to 4", "next 4"],
  ]],
  ["events without their data, if data is wanted", [{ count: 4, dataLost: [1, 2] }, {}], {}, {
    dataWanted: true,
  }, ["0 to 1", "3 to 4", "4 to 5", "next 5"]],
  ["a frame that ends with events without their data", [{ count: 3, dataLost: [1, 2] }, {}], {}, {
    dataWanted: true,
  }, ["0 to 1", "3 to 4", "next 4"]],
  ["a frame of events without their data", [{ count: 2, dataLost: [0, 1] }, {}], {}, { dataWanted: true }, [
    ...["2 to 3", "next 3"],
  ]],
  ["few events at a time between those without their data", [{ count: 7, dataLost: [0, 4] }], {}, {
    dataWanted: true,
    eventsMax: 2,
  }, ["1 to 3", "3 to 4", "5 to 7", "next 7"]],
  ["from the middle of events without their data", [{ count: 5, dataLost: [1, 2] }], {}, {
    dataWanted: true,
    from: { id: 2 },
  }, ["3 to 5", "next 5"]],
  ["a damaged head", [{ count: 2 }, { count: 3, damaged: ["head"] }, {}], {}, {}, [
    ...["0 to 2", "lost 2 to 5 at 1: metadata checksum differs", "5 to 6", "next 6"],
  ]],
  ["a damaged head before where it begins", [{ count: 2 }, { count: 3, damaged: ["head"] }, {}], {}, {
    from: { id: 5 },
  }, ["5 to 6", "next 6"]],
  ["a damaged head in which it begins", [{ count: 2 }, { count: 3, damaged: ["head"] }, {}], {}, {
    from: { id: 3 },
  }, ["lost 2 to 5 at 1: metadata checksum differs", "5 to 6", "next 6"]],
  ["a damaged head is thrown", [{ count: 2 }, { count: 3, damaged: ["head"] }, {}], {}, {
    onCorruption: "throw",
  }, ["0 to 2", "throws 2 to 5", "next 2"]],
  ["a damaged head and header", [{ count: 2, damaged: ["header", "head"] }, {}], {}, {}, [
    ...["lost 0 to 2 at 0: metadata checksum differs", "2 to 3", "next 3"],
  ]],
  ["a damaged header, whose trailer tells", [{ count: 2, damaged: ["header"] }, {}], {}, {}, [
    ...["0 to 2", "2 to 3", "next 3"],
  ]],
  ["a table that does not add up", [{}, { count: 2, flags: FLAG.jsonText }, {}], {}, {}, [
    ...["0 to 1", "lost 1 to 3 at 1: the sizes of its parts do not add up", "3 to 4", "next 4"],
  ]],
  [
    "chunks that do not add up",
    [CHUNK, { extents: [{ part: 0, bytes: 70 }, { part: 0, bytes: 0 }] }, {}],
    {},
    {},
    [
      ...["lost 0 to 1 at 1: the sizes of its parts do not add up", "1 to 2", "next 2"],
    ],
  ],
  ["a gap", [{ count: 2 }, noise(200), { anchor: [2, 7] }], {}, {}, [
    ...["0 to 2", "lost 2 to 7 at 1: a frame is damaged or missing", "7 to 8", "next 8"],
  ]],
  ["a gap before where it begins", [{ count: 2 }, noise(200), { anchor: [2, 7] }], {}, { from: { id: 7 } }, [
    ...["7 to 8", "next 8"],
  ]],
  ["a gap in which no event is missing", [{ count: 2 }, noise(200), {}], {}, {}, [
    "0 to 2",
    "2 to 3",
    "next 3",
  ]],
  ["a gap is thrown", [{ count: 2 }, noise(200), { anchor: [2, 7] }], {}, { onCorruption: "throw" }, [
    ...["0 to 2", "throws 2 to 7", "next 2"],
  ]],
  ["a missing end", [{}], { next: { id: 3 } }, {}, [
    ...["0 to 1", "lost 1 to 3 at 1: a frame is damaged or missing", "next 3"],
  ]],
  ["the next segment", [{}, SEAL], { next: { id: 1, seal: [1, 0] } }, {}, ["0 to 1", "next 1"]],
  ["a missing segment", [{}, SEAL], { next: { id: 9 } }, {}, [
    ...["0 to 1", `lost 1 to 9 at ${segmentName(1)}: the segment is missing`, "next 9"],
  ]],
  ["a seal that none follows", [{}, SEAL], {}, {}, ["0 to 1", "next 1"]],
  [
    "data with events that want it",
    [{ data: noise(50) }, { data: noise(90_000) }],
    {},
    { dataWanted: true },
    [
      ...["0 to 1", "1 to 2", "next 2"],
    ],
  ],
];

for (const [what, parts, around, ways, given] of CASES) {
  test(`a reader: ${what}`, () => assertEquals(read(new CraftedSegment(parts, around), ways), given));
}

test("a reader of removed events reports the first id left", () => {
  const crafted = new CraftedSegment([{ count: 2 }], { baseId: 50 });
  assertEquals(read(crafted), ["50 to 52", "next 52"]);
  assertEquals(read(crafted, { from: { id: 50 } }), ["50 to 52", "next 52"]);
  const { firstId, id } = assertThrows(() => read(crafted, { from: { id: 49 } }), EventGoneError);
  assertEquals([id, firstId], [49, 50]);
});

test("a reader ends with its topic", () => {
  const crafted = new CraftedSegment([{}, { kind: KIND.seal, flags: FLAG.terminal }]);
  const { reader, partition } = readerOf(crafted);
  assertEquals(reader.read(9)?.count, 1);
  assertEquals(reader.hasNews(), true);
  assertThrows(() => reader.read(9), TopicDeletedError);
  partition.close();
});

test("a reader reports new events until all are read", () => {
  const crafted = new CraftedSegment([{ count: 3 }]);
  const { reader, partition } = readerOf(crafted);
  assertEquals(reader.hasNews(), true);
  reader.read(1);
  assertEquals([reader.hasNews(), reader.position], [true, 1]);
  reader.read(9);
  assertEquals([reader.hasNews(), reader.position], [false, 3]);
  crafted.append(new CraftedSegment([{}, {}]).bytesOf(1));
  assertEquals(reader.hasNews(), true);
  assertEquals(reader.read(9)?.baseId, 3);
  partition.close();
});

test("a reader reports once that the last segment cannot be read", () => {
  const crafted = new CraftedSegment([noise(30)]);
  const bytes = crafted.storage.readWhole(crafted.segment.path)!;
  bytes[20]! ^= 1;
  crafted.storage.replace(crafted.segment.path, bytes);
  const { reader, reported, partition } = readerOf(crafted);
  for (let times = 0; times < 3; times++) assertEquals(reader.read(9), undefined);
  assertEquals(reported, ["lost 0 to 0 at byte 0: the segment header is damaged and no frame is whole"]);
  partition.close();
});

/** A segment after another one. */
function follow({ storage }: CraftedSegment, baseId: number): void {
  const after = { baseId: 0, sealOffset: 0, salt: SALT };
  const content = encodeSegmentHeader({ partition: 0, salt: 7, baseId, created: CREATED, after });
  storage.publish(`${DIRECTORY}/${segmentName(baseId)}`, content);
}

test("a reader at the end checks once a second for a segment after an unreadable part", () => {
  for (const stepMs of [999, 1000, -1000]) {
    const crafted = new CraftedSegment([{}]);
    let now = crafted.storage.now();
    crafted.storage.now = () => now;
    const { reader, reported, partition } = readerOf(crafted);
    reader.read(9);
    assertEquals(reader.read(9), undefined);
    follow(crafted, 5);
    assertEquals([reader.read(9), reader.hasNews(), reader.position], [undefined, false, 1]);
    now += stepMs;
    assertEquals(reader.read(9), undefined);
    const isSeen = stepMs !== 999;
    assertEquals(reported, isSeen ? ["lost 1 to 5 at 1: a frame is damaged or missing"] : []);
    assertEquals(reader.position, isSeen ? 5 : 1);
    partition.close();
  }
});

test("a reader continues with a segment that was removed by hand and recreated", () => {
  const crafted = new CraftedSegment([{ count: 2 }]);
  let now = crafted.storage.now();
  crafted.storage.now = () => now;
  const { reader, reported, partition } = readerOf(crafted);
  reader.read(9);
  reader.read(9);
  crafted.storage.remove(crafted.segment.path);
  const another = crafted.partition();
  const writer = new PartitionWriter(another, { flushBehavior: "buffered", segmentBytesMax: 1e6 });
  writer.append({ count: 3, metadata: ["1", "2", "3"], dataBytes: 0 });
  void writer.close();
  another.close();
  assertEquals(reader.read(9), undefined);
  now += 1000;
  // It has another salt than the one before: what was known of that is forgotten.
  assertEquals([reader.read(9)?.count, reported], [3, []]);
  partition.close();
});

test("a reader whose segment was removed reports the first id left", () => {
  const crafted = new CraftedSegment([{}, SEAL], { next: { id: 1, seal: [1, 0] } });
  const { reader, partition } = readerOf(crafted);
  reader.read(9);
  reader.read(9);
  follow(crafted, 8);
  for (const id of [0, 1]) {
    partition.segments.release(id);
    crafted.storage.remove(`${DIRECTORY}/${segmentName(id)}`);
  }
  const { id, firstId } = assertThrows(() => reader.read(9), EventGoneError);
  assertEquals([id, firstId], [1, 8]);
  assertThrows(() => reader.hasNews(), EventGoneError);
  partition.close();
});

test("a reader that moves leaves the rest of the frame that it was in", () => {
  const crafted = new CraftedSegment([{ count: 2 }, { count: 3 }]);
  const { reader, partition } = readerOf(crafted);
  assertEquals([reader.read(2)?.baseId, reader.read(1)?.baseId], [0, 2]);
  reader.seek({ id: 0 });
  assertEquals([reader.read(1)?.baseId, reader.position], [0, 1]);
  reader.seek("latest");
  assertEquals([reader.hasNews(), reader.read(1), reader.position], [false, undefined, 5]);
  partition.close();
});

test("a next segment is news for a reader at an end without a seal", () => {
  const crafted = new CraftedSegment([{}]);
  let now = crafted.storage.now();
  crafted.storage.now = () => now;
  const { reader, reported, partition } = readerOf(crafted);
  reader.read(9);
  assertEquals(reader.hasNews(), false);
  follow(crafted, 5);
  now += 1000;
  assertEquals(reader.hasNews(), true);
  assertEquals([reader.read(9), reader.position, reported.length], [undefined, 5, 1]);
  partition.close();
});

test("a batch says whether more is at hand: the rest of its frame, or a whole record after it", () => {
  const cases: [parts: Part[], eventsMax: number, more: boolean[]][] = [
    [[{}, {}], 9, [true, false]],
    [[{ count: 2 }], 1, [true, false]],
    [[{}, { bytes: 64 }], 9, [true]],
    [[{}, { bytes: 63 }], 9, [false]],
    [[{}, CHUNK, {}], 9, [true, false]],
  ];
  for (const [parts, eventsMax, more] of cases) {
    const { reader, partition } = readerOf(new CraftedSegment(parts));
    assertEquals(more.map(() => reader.read(eventsMax)!.hasMore), more);
    assertEquals(reader.read(eventsMax), undefined);
    partition.close();
  }
});

test("a reader of a partition that was never written to has nothing, and no news", () => {
  const crafted = new CraftedSegment([]);
  crafted.storage.remove(crafted.segment.path);
  const { reader, partition } = readerOf(crafted);
  assertEquals([reader.hasNews(), reader.read(9), reader.position], [false, undefined, 0]);
  partition.close();
});

test("a segment that has begun after a seal is news, once", () => {
  const crafted = new CraftedSegment([{}, SEAL], { next: { id: 1, seal: [1, 0] } });
  const { reader, partition } = readerOf(crafted);
  reader.read(9);
  assertEquals([reader.hasNews(), reader.hasNews(), reader.read(9)], [true, false, undefined]);
  partition.close();
});

test("a reader says what the disk says about a first segment that cannot be opened", () => {
  const crafted = new CraftedSegment([{}]);
  const partition = crafted.partition();
  crafted.storage.open = (path) => {
    throw new StorageError("ENOENT", `Cannot open "${path}"`);
  };
  const reader = new PartitionReader(partition, { dataWanted: false, onCorruption: "throw" });
  assertThrows(() => reader.read(9), StorageError, crafted.segment.path);
  partition.close();
});

test("damage in a segment that is removed meanwhile is reported as damage", () => {
  const crafted = new CraftedSegment([{}, { damaged: ["head"] }]);
  const { reader, partition } = readerOf(crafted, { onCorruption: "throw" });
  assertEquals(reader.read(9)?.count, 1);
  follow(crafted, 8);
  crafted.storage.remove(crafted.segment.path);
  const { damage } = assertThrows(() => reader.read(9), CorruptedLogError);
  assertEquals([damage.firstId, damage.endId], [1, 2]);
  partition.close();
});

/** Shows other bytes of the segment until its file is opened again, as some network file systems do; counts openings. */
function showOld(
  { storage, segment }: CraftedSegment,
  change: (bytes: Uint8Array, offset: number) => void,
): { opened: number } {
  const count = { opened: 0 };
  const open = storage.open.bind(storage);
  storage.open = (path, mode) => {
    const file = open(path, mode);
    if (path !== segment.path || mode !== "read" || ++count.opened > 1) return file;
    const readAt = file.readAt.bind(file);
    file.readAt = (into, offset) => {
      const bytes = readAt(into, offset);
      change(into.subarray(0, bytes), offset);
      return bytes;
    };
    return file;
  };
  return count;
}

test("metadata that is right once the file is opened again is read, and nothing is reported", () => {
  const crafted = new CraftedSegment([{ count: 2 }, { count: 3 }]);
  const count = showOld(crafted, (bytes, offset) => {
    const head = crafted.offsets[1]! + RECORD_BYTES - offset;
    if (head >= 0 && head < bytes.byteLength) bytes[head]! ^= 1;
  });
  readWindow.clear();
  assertEquals(read(crafted), ["0 to 2", "2 to 5", "next 5"]);
  assertEquals(count.opened, 2);
});

test("damage before the event that is asked for is not reported, if more looked damaged until the file is opened again", () => {
  const parts: Part[] = [{ count: 2 }, noise(200), { count: 3, anchor: [2, 5] }, { anchor: [3, 8] }];
  const crafted = new CraftedSegment(parts);
  const [, , from, to] = crafted.offsets;
  const count = showOld(crafted, (bytes, offset) => {
    bytes.fill(0xee, Math.max(0, from! - offset), Math.max(0, to! - offset));
  });
  readWindow.clear();
  assertEquals(read(crafted, { from: { id: 6 } }), ["6 to 8", "8 to 9", "next 9"]);
  assertEquals(count.opened, 2);
});

test("an end that is not whole is looked at again in the file opened anew, once a second while it grows", () => {
  for (const isRight of [true, false]) {
    const crafted = new CraftedSegment([{ count: 2 }, { count: 3 }]);
    let now = crafted.storage.now();
    crafted.storage.now = () => now;
    const hide = (bytes: Uint8Array, offset: number) =>
      bytes.fill(0, Math.max(0, crafted.offsets[1]! - offset));
    const count = showOld(crafted, hide);
    if (!isRight) {
      const bytes = crafted.storage.readWhole(crafted.segment.path)!;
      hide(bytes, 0);
      crafted.storage.replace(crafted.segment.path, bytes);
    }
    readWindow.clear();
    const { reader, reported, partition } = readerOf(crafted);
    assertEquals(reader.read(9)?.count, 2);
    assertEquals([reader.read(9)?.baseId, count.opened], isRight ? [2, 2] : [undefined, 2]);
    for (let looks = 0; looks < 3; looks++) {
      now += 1000;
      assertEquals(reader.read(9), undefined);
    }
    assertEquals(count.opened, 2);
    crafted.append(new Uint8Array(10));
    now += 1000;
    assertEquals([reader.read(9), count.opened, reported], [undefined, 3, []]);
    partition.close();
  }
});

test("a reader at the seal of a removed segment goes on with the next one, or reports the first id left", () => {
  for (const removed of [[0], [0, 1]]) {
    const crafted = new CraftedSegment([{}, SEAL], { next: { id: 1, seal: [1, 0] } });
    const { reader, partition } = readerOf(crafted);
    reader.read(9);
    if (removed.length > 1) follow(crafted, 8);
    for (const id of removed) crafted.storage.remove(`${DIRECTORY}/${segmentName(id)}`);
    if (removed.length === 1) assertEquals([reader.read(9), reader.position], [undefined, 1]);
    else {
      const { id, firstId } = assertThrows(() => reader.read(9), EventGoneError);
      assertEquals([id, firstId], [1, 8]);
    }
    partition.close();
  }
});
