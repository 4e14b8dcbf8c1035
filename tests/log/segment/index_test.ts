// The sparse index: where it leads, which entries are trusted, how entries are added and rebuilt.
import { assertEquals } from "@std/assert";
import { StorageError } from "../../../src/errors.ts";
import { INDEX, INDEX_ENTRY_BYTES, KIND } from "../../../src/log/format/bytes.ts";
import { core } from "../../../src/log/format/core/core.ts";
import { entriesFrom } from "../../../src/log/segment/entries.ts";
import { INDEX_BYTES_MAX, indexPath, SegmentIndex } from "../../../src/log/segment/index.ts";
import { rebuildIndex } from "../../../src/log/check/repair.ts";
import { newestTimeOfSealed } from "../../../src/log/partition.ts";
import { test } from "../../harness.ts";
import { CraftedSegment, CREATED, noise, type Part, type Surroundings } from "./crafted_segment.ts";
import { startOf } from "../../../src/log/segment/segment_file.ts";

const FRAMES: Part[] = [{ count: 2 }, { count: 3 }, { count: 1 }, { count: 4 }];

/** The part that the index leads to, with the id and the time there. */
function found({ segment, place }: CraftedSegment, to: { id: number } | { time: number }) {
  const index = new SegmentIndex(segment);
  const position = "id" in to ? index.positionForId(to.id) : index.positionForTime(to.time);
  assertEquals(position.segment === segment, true);
  return [place(position.offset), position.id, position.time];
}

function bound(crafted: CraftedSegment): CraftedSegment {
  crafted.place = crafted.place.bind(crafted);
  return crafted;
}

function crafted(index?: Surroundings["index"], baseId = 0): CraftedSegment {
  return bound(new CraftedSegment(FRAMES, { baseId, ...index === undefined ? {} : { index } }));
}

test("an index finds the last entry not above an id, or else the start", () => {
  const segment = crafted([[1, 2, 6000], [2, 5, 7000], [3, 6, 8000]]);
  const start = ["0", 0, CREATED];
  const expected = [start, start, ["1", 2, 6000], ["1", 2, 6000], ["1", 2, 6000], ["2", 5, 7000], [
    "3",
    6,
    8000,
  ]];
  for (const [id, entry] of expected.entries()) assertEquals(found(segment, { id }), entry, `${id}`);
  assertEquals(found(segment, { id: 99 }), ["3", 6, 8000]);
  assertEquals(found(crafted([]), { id: 3 }), start);
  assertEquals(found(crafted(), { id: 3 }), start);
  assertEquals(found(crafted(undefined, 70), { id: 73 }), ["0", 70, CREATED]);
});

test("an index finds the last entry before a time", () => {
  const segment = crafted([[1, 2, 6000], [2, 5, 7000], [3, 6, 8000]]);
  const start = ["0", 0, CREATED];
  for (
    const [time, entry] of [
      [5000, start],
      [6000, start],
      [6001, ["1", 2, 6000]],
      [7000, ["1", 2, 6000]],
      [7001, ["2", 5, 7000]],
      [9000, ["3", 6, 8000]],
    ] as const
  ) assertEquals(found(segment, { time }), [...entry], `${time}`);
});

/** Changes the index of a segment. */
function change({ storage, segment }: CraftedSegment, work: (bytes: Uint8Array) => Uint8Array | void): void {
  const path = indexPath(segment);
  const bytes = storage.readWhole(path)!;
  storage.replace(path, work(bytes) ?? bytes);
}

test("entries that are damaged or for another frame are skipped", () => {
  const all: Surroundings["index"] = [[1, 2], [2, 5], [3, 6]];
  let segment = crafted(all);
  change(segment, (bytes) => void (bytes[2 * INDEX_ENTRY_BYTES + 3]! ^= 1));
  assertEquals(found(segment, { id: 99 }), ["2", 5, CREATED]);
  // Of frames in another segment.
  segment = crafted(all);
  for (const field of [INDEX.recordCrc, INDEX.offset]) {
    change(segment, (bytes) => {
      const at = 2 * INDEX_ENTRY_BYTES;
      bytes[at + field]! ^= 1;
      const sum = core.crc32(bytes.subarray(at, at + INDEX.crc));
      new DataView(bytes.buffer).setUint32(at + INDEX.crc, sum, true);
    });
    assertEquals(found(segment, { id: 99 }), ["2", 5, CREATED], `${field}`);
  }
  // Of a position before all frames, and after them.
  for (const offset of [0, 63, 1e6]) {
    segment = crafted(all);
    change(segment, (bytes) => {
      const at = INDEX_ENTRY_BYTES;
      const view = new DataView(bytes.buffer);
      view.setUint32(at + INDEX.offset, offset, true);
      view.setUint32(at + INDEX.crc, core.crc32(bytes.subarray(at, at + INDEX.crc)), true);
    });
    assertEquals(found(segment, { id: 5 }), ["1", 2, CREATED]);
  }
  // All of them.
  segment = crafted(all);
  change(segment, (bytes) => bytes.fill(0));
  assertEquals(found(segment, { id: 99 }), ["0", 0, CREATED]);
});

test("an entry for a frame with a damaged header is not used", () => {
  const parts: Part[] = [{ count: 2 }, { count: 3 }, { count: 1, damaged: ["header"] }];
  const segment = bound(new CraftedSegment(parts, { index: [[1, 2], [2, 5]] }));
  assertEquals(found(segment, { id: 99 }), ["1", 2, CREATED]);
});

test("the other entries of an index with a truncated last one are used", () => {
  const segment = crafted([[1, 2], [2, 5], [3, 6]]);
  change(segment, (bytes) => bytes.subarray(0, 2 * INDEX_ENTRY_BYTES + 31));
  assertEquals(found(segment, { id: 99 }), ["2", 5, CREATED]);
  assertEquals([...new SegmentIndex(segment.segment).confirmedIds(() => true)].map(({ id }) => id), [2, 5]);
});

test("an index that is larger than what the core has room for so far is searched whole", () => {
  const segment = crafted([[1, 2], [2, 5]]);
  // Other tests of this process may have made it larger than an index can be.
  const before = Math.min(core.readAreaBytes, INDEX_BYTES_MAX / 2);
  change(segment, (bytes) => {
    const larger = new Uint8Array(before + bytes.byteLength);
    larger.set(bytes, before);
    return larger;
  });
  assertEquals(found(segment, { id: 99 }), ["2", 5, CREATED]);
  assertEquals(found(segment, { id: 4 }), ["1", 2, CREATED]);
  // It has not been copied over what comes after that room.
  assertEquals(core.readAreaBytes >= before + 2 * INDEX_ENTRY_BYTES, true);
});

test("an unreadable index is ignored, and only the beginning of an oversized one is read", () => {
  const segment = crafted([[1, 2], [2, 5]]);
  const { storage } = segment;
  const readWhole = storage.readWhole.bind(storage);
  let most = 0;
  storage.readWhole = (path, bytesMax) => {
    most = bytesMax ?? Infinity;
    return readWhole(path, INDEX_ENTRY_BYTES);
  };
  assertEquals(found(segment, { id: 99 }), ["1", 2, CREATED]);
  assertEquals(most, INDEX_BYTES_MAX);
  assertEquals(INDEX_BYTES_MAX, 8 * 1024 * 1024);
  storage.readWhole = () => {
    throw new StorageError("ELOOP", "a link");
  };
  assertEquals(found(segment, { id: 99 }), ["0", 0, CREATED]);
  assertEquals([...new SegmentIndex(segment.segment).confirmedIds(() => true)], []);
});

test("an index confirms the ids of requested offsets", () => {
  const { segment, offsets } = crafted([[3, 6], [1, 2], [2, 5], [1, 2]]);
  const index = new SegmentIndex(segment);
  const ids = (isWanted: (offset: number) => boolean) =>
    [...index.confirmedIds(isWanted)].map(({ offset, id }) => [offsets.indexOf(offset), id]);
  assertEquals(ids(() => true), [[3, 6], [1, 2], [2, 5], [1, 2]]);
  assertEquals(ids((offset) => offset === offsets[2]), [[2, 5]]);
  assertEquals(ids(() => false), []);
});

test("an index confirms no entry that is damaged or for another frame", () => {
  const made = crafted([[1, 2], [2, 5], [3, 6]]);
  change(made, (bytes) => {
    bytes[3]! ^= 1;
    const at = INDEX_ENTRY_BYTES;
    bytes[at + INDEX.recordCrc]! ^= 1;
    const sum = core.crc32(bytes.subarray(at, at + INDEX.crc));
    new DataView(bytes.buffer).setUint32(at + INDEX.crc, sum, true);
  });
  const index = new SegmentIndex(made.segment);
  assertEquals([...index.confirmedIds(() => true)].map(({ id }) => id), [6]);
});

/** Adds the segment's frames to an index. */
function addAll(index: SegmentIndex, { segment }: CraftedSegment): void {
  for (const entry of entriesFrom(startOf(segment), 4096)) {
    if (entry.kind === "frame") index.add(entry, 6000 + entry.id);
  }
}

test("added entries are found, whatever a full disk left of an earlier one", () => {
  for (const excess of [undefined, 0, 1, 12, 31]) {
    const made = crafted(excess === undefined ? undefined : []);
    const { storage, segment } = made;
    const path = indexPath(segment);
    if (excess !== undefined) storage.replace(path, noise(excess));
    const index = new SegmentIndex(segment);
    addAll(index, made);
    index.close();
    const bytes = storage.readWhole(path)!.byteLength;
    assertEquals(bytes, (4 + (excess ? 1 : 0)) * INDEX_ENTRY_BYTES, `${excess}`);
    for (const [id, entry] of [[1, ["0", 0, 6000]], [4, ["1", 2, 6002]], [99, ["3", 6, 6006]]] as const) {
      assertEquals(found(made, { id }), [...entry]);
    }
  }
});

test("a partial entry is padded with zeros before the next one", () => {
  const made = crafted([]);
  const { storage, segment } = made;
  const index = new SegmentIndex(segment);
  const open = storage.open.bind(storage);
  let parts = [20, 100, 40];
  storage.open = (path, mode) => {
    const file = open(path, mode);
    const append = file.append.bind(file);
    file.append = (bytes) => append(bytes.subarray(0, parts.shift() ?? 100));
    return file;
  };
  addAll(index, made);
  index.close();
  storage.open = open;
  // 20 of 32; 12 and 32; 32 of 32; 32.
  assertEquals(storage.readWhole(indexPath(segment))!.byteLength, 20 + 12 + 32 + 32 + 32);
  assertEquals(found(made, { id: 5 }), ["2", 5, 6005]);
  parts = [];
});

test("an index that cannot be written only costs time, and is retried", () => {
  const made = crafted();
  const { storage, segment } = made;
  const open = storage.open.bind(storage);
  const publish = storage.publish.bind(storage);
  let [fails, closed] = [true, 0];
  const refuse = (): never => {
    throw new StorageError("ENOSPC", "full");
  };
  storage.publish = (...args) => fails ? refuse() : publish(...args);
  storage.open = (path, mode) => {
    const file = open(path, mode);
    if (mode === "append") {
      const append = file.append.bind(file);
      file.append = (bytes) => fails ? refuse() : append(bytes);
      file.close = () => void closed++;
    }
    return file;
  };
  addAll(new SegmentIndex(segment), made);
  assertEquals(storage.stat(indexPath(segment)), undefined);
  fails = false;
  const index = new SegmentIndex(segment);
  addAll(index, made);
  index.close();
  assertEquals(storage.readWhole(indexPath(segment))!.byteLength, 4 * INDEX_ENTRY_BYTES);
  assertEquals(closed, 1);
  fails = true;
  const refused = new SegmentIndex(segment);
  addAll(refused, made);
  assertEquals(closed, 5);
  refused.close();
  assertEquals(closed, 5);
});

test("an entry is due when enough bytes lie between its frame and the last one with an entry", () => {
  const made = crafted([]);
  const [, second, third, fourth] = made.offsets as [number, number, number, number];
  const intervalBytes = third - second + 1;
  const index = new SegmentIndex(made.segment, intervalBytes);
  addAll(index, made);
  index.close();
  const entries = [...new SegmentIndex(made.segment).confirmedIds(() => true)];
  assertEquals(entries.map(({ offset }) => offset), [second, fourth]);
  const again = new SegmentIndex(made.segment, intervalBytes);
  assertEquals(again.positionForId(99).offset, fourth);
  addAll(again, made);
  again.close();
  assertEquals([...new SegmentIndex(made.segment).confirmedIds(() => true)].length, 2);
});

const LARGE = noise(300_000);

test("a rebuilt index has the same entries as writers add, except for damaged headers", () => {
  const parts: Part[] = [
    { data: LARGE, time: 6000 },
    { data: LARGE, time: 9000 },
    { data: LARGE, time: 7000 },
    { data: LARGE, time: 7000 },
    { data: LARGE, time: 9500, damaged: ["header"] },
    { time: 7000 },
    { time: 7000 },
  ];
  for (const index of [undefined, [[1, 1]] as Surroundings["index"]]) {
    const made = bound(new CraftedSegment(parts, index === undefined ? {} : { index }));
    rebuildIndex(made.segment);
    assertEquals(made.storage.readWhole(indexPath(made.segment))!.byteLength, 2 * INDEX_ENTRY_BYTES);
    const confirmed = [...new SegmentIndex(made.segment).confirmedIds(() => true)];
    assertEquals(confirmed, [{ offset: made.offsets[2], id: 2 }, { offset: made.offsets[5], id: 5 }]);
    assertEquals(found(made, { id: 3 }), ["2", 2, 9000]);
    assertEquals(found(made, { id: 9 }), ["5", 5, 9500]);
  }
});

test("a rebuilt index has an entry for a frame exactly one interval after the last", () => {
  for (const [bytes, entries] of [[524_055, 0], [524_056, 1]] as const) {
    const made = new CraftedSegment([{ data: noise(bytes) }, {}]);
    assertEquals(made.offsets[1], 524_288 - (entries === 0 ? 1 : 0));
    rebuildIndex(made.segment);
    assertEquals(
      made.storage.readWhole(indexPath(made.segment))?.byteLength ?? 0,
      entries * INDEX_ENTRY_BYTES,
    );
  }
});

test("a small segment gets no new index, and a useless one is removed", () => {
  const none = crafted();
  rebuildIndex(none.segment);
  assertEquals(none.storage.stat(indexPath(none.segment)), undefined);
  const some = crafted([[1, 2]]);
  rebuildIndex(some.segment);
  assertEquals(some.storage.readWhole(indexPath(some.segment))!.byteLength, 0);
});

test("a rebuilt index includes the times of frames without entries", () => {
  const parts: Part[] = [{ time: 9000 }, { data: LARGE }, { data: LARGE }, { time: 6000 }];
  const made = bound(new CraftedSegment(parts));
  rebuildIndex(made.segment);
  assertEquals(found(made, { id: 9 }), ["3", 3, 9000]);
});

const TIMES: [what: string, parts: Part[], around: Surroundings, time: number][] = [
  [
    "the seal's own",
    [{ time: 6000 }, { kind: KIND.seal, time: 7000 }],
    { next: { id: 1, seal: [1, 0] } },
    7000,
  ],
  [
    "what came between the last look of the seal's writer and the seal",
    [{ time: 9000 }, { time: 8000 }, { time: 6000 }, { kind: KIND.seal, time: 7000, anchor: [1, 1] }],
    { next: { id: 3, seal: [3, 0] } },
    8000,
  ],
  [
    "what came between, after a write that was cut short",
    [{ time: 9000 }, noise(20), { time: 8000 }, { kind: KIND.seal, time: 7000, anchor: [1, 1] }],
    { next: { id: 2, seal: [3, 0] } },
    8000,
  ],
  [
    "nothing came between",
    [{ time: 9000 }, { kind: KIND.seal, time: 7000, anchor: [1, 1] }],
    { next: { id: 1, seal: [1, 0] } },
    7000,
  ],
  ["no one knows where the seal is", [{ time: 9000 }, { time: 6000 }, { kind: KIND.seal, time: 9500 }], {
    next: { id: 2 },
  }, 9000],
  ["another frame where the seal should be", [{ time: 9000 }, { time: 6000, anchor: [1, 1] }], {
    next: { id: 2, seal: [1, 0] },
  }, 9000],
  ["nothing where the seal should be", [{ time: 9000 }, { time: 6000 }], {
    next: { id: 2, seal: [2, 0] },
  }, 9000],
  ["the clock was set back", [{ time: 4000 }], { next: { id: 1 } }, CREATED],
  ["nothing in it", [], { next: { id: 1 } }, CREATED],
  [
    "the seal is anchored after itself",
    [{ time: 6000 }, { kind: KIND.seal, time: 7000, anchor: [2, 1] }, { time: 9999 }],
    { next: { id: 1, seal: [1, 0] } },
    7000,
  ],
];

for (const [what, parts, around, time] of TIMES) {
  test(`the newest time of a segment that another follows: ${what}`, () => {
    const { segment } = new CraftedSegment(parts, around);
    assertEquals(newestTimeOfSealed(segment), time);
    // It is looked for once.
    segment.file.readAt = () => {
      throw new Error("read again");
    };
    assertEquals(newestTimeOfSealed(segment), time);
  });
}

test("a frame whose offset has more than four bytes gets no entry", () => {
  const { segment } = crafted();
  const [first] = entriesFrom(startOf(segment));
  if (first?.kind !== "frame") throw new Error("no frame");
  const { frame } = first;
  const entryBytes = (offset: number) =>
    new SegmentIndex(segment).entryOf({ offset, id: 0, frame }, CREATED)?.byteLength;
  assertEquals(entryBytes(2 ** 32 - 1), INDEX_ENTRY_BYTES);
  assertEquals(entryBytes(2 ** 32), undefined);
});
