// What verify reports for every kind of damage to a segment, to the byte, and that nothing is left to report
// after a repair.
import { assertEquals, assertRejects } from "@std/assert";
import { Buffer } from "node:buffer";
import { StorageError } from "../../../src/errors.ts";
import { FLAG, INDEX, INDEX_ENTRY_BYTES, KIND, SEGMENT } from "../../../src/log/format/bytes.ts";
import { planRepair, type RepairStep } from "../../../src/log/check/plan.ts";
import { repairPartition } from "../../../src/log/check/repair.ts";
import { verifyPartition } from "../../../src/log/check/verify.ts";
import { core } from "../../../src/log/format/core/core.ts";
import { entriesFrom } from "../../../src/log/segment/entries.ts";
import { encodeSegmentHeader } from "../../../src/log/format/segment_header.ts";
import { Pace } from "../../../src/log/check/pace.ts";
import { SegmentCheck } from "../../../src/log/check/verify_segment.ts";
import { IndexCheck } from "../../../src/log/check/verify_index.ts";
import { Segment, segmentName, startOf } from "../../../src/log/segment/segment_file.ts";
import { INDEX_BYTES_MAX, indexPath } from "../../../src/log/segment/index.ts";
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
const DATA = noise(50);

function damaged(...what: NonNullable<Exclude<Part, Uint8Array>["damaged"]>): Part {
  return { damaged: what };
}

/** What verify reports, one line each: where, what, which events, how many bytes. */
async function findings(crafted: CraftedSegment): Promise<string[]> {
  const partition = crafted.partition();
  const lines: string[] = [];
  for await (const finding of verifyPartition(partition)) {
    const { severity, kind, partition, firstId, endId, file, offset, bytes, reason, frame, keptId } = finding;
    assertEquals(partition, 0);
    const isLog = file === crafted.segment.path;
    const at = isLog ? crafted.place(offset) : `${file.slice(DIRECTORY.length + 1)} ${offset}`;
    const size = bytes === undefined ? "" : `, ${bytes} bytes`;
    const of = frame === undefined ? "" : `, of ${crafted.place(frame.offset)} id ${frame.firstId}`;
    const kept = keptId === undefined ? "" : `, keeps ${keptId}`;
    lines.push(`${at}: ${severity} ${kind} ${firstId} to ${endId}${size}${of}${kept}: ${reason}`);
  }
  partition.close();
  return lines;
}

const CASES: [what: string, parts: Part[], around: Surroundings, findings: string[], entries: string[]][] = [
  ["nothing", [{}, { data: DATA }, CHUNK, SEAL], {}, [], ["0: id 0", "1: id 1", "2: id 2", "end 2"]],
  ["a damaged header", [{}, damaged("header"), {}], {}, [
    "1: redundant frame header 1 to 1, 64 bytes, of 1 id 1: the header of a frame is damaged, its other end has " +
    "the same content",
  ], ["0: id 0", "1: id 1", "2: id 2", "end 3"]],
  ["a damaged trailer", [{}, damaged("trailer"), {}], {}, [
    "byte 264: redundant frame trailer 1 to 1, 64 bytes, of 1 id 1: the trailer of a frame is damaged, its other " +
    "end has the same content",
  ], ["0: id 0", "1: id 1", "2: id 2", "end 3"]],
  ["a damaged table", [{}, { count: 3, damaged: ["head"] }, {}], {}, [
    "1: damage frame 1 to 4, 140 bytes: metadata checksum differs",
  ], ["0: id 0", "1: id 1", "2: id 4", "end 5"]],
  ["a damaged table of events that were lost before", [{}, { flags: FLAG.lost, count: 3 }, {}], {}, [], [
    "0: id 0",
    "1: id 1",
    "2: id 4",
    "3: tail 5",
  ]],
  ["a table that does not add up", [{}, { count: 2, flags: FLAG.jsonText }, {}], {}, [
    "1: damage frame 1 to 3, 136 bytes: the sizes in its table do not add up",
  ], ["0: id 0", "1: id 1", "2: id 3", "end 4"]],
  ["damaged data", [{}, { count: 3, data: DATA, damaged: ["data"] }, {}], {}, [
    "byte 288: damage data 1 to 2, of 1 id 1: data checksum differs",
  ], ["0: id 0", "1: id 1", "2: id 4", "end 5"]],
  ["a damaged block of many", [{}, { count: 2, data: noise(200_000), damaged: ["data"] }, {}], {}, [
    "byte 292: damage data 1 to 2, of 1 id 1: data checksum differs",
  ], ["0: id 0", "1: id 1", "2: id 3", "end 4"]],
  [
    "damaged data that a repair gave up before",
    [{}, { count: 3, data: DATA, dataLost: [0], damaged: ["data"] }, {}],
    {},
    ["byte 288: redundant data 1 to 1, of 1 id 1: data checksum differs"],
    ["0: id 0", "1: id 1", "2: id 4", "end 5"],
  ],
  ["a damaged chunk that no event needs", [{}, { ...CHUNK, damaged: ["data"] } as Part, {}], {}, [
    "byte 264: damage chunk 1 to 1, 202 bytes, of 1 id 1: data checksum differs",
  ], ["0: id 0", "1: id 1", "2: id 1", "end 2"]],
  [
    "a damaged chunk that an event needs",
    [
      { ...CHUNK, damaged: ["data"] } as Part,
      {},
      { extents: [{ part: 0, bytes: 70 }] },
      {},
    ],
    {},
    [
      "byte 132: damage chunk 0 to 0, 202 bytes, of 0 id 0: data checksum differs",
      "byte 132: damage data 1 to 2, of 2 id 1: data checksum differs",
    ],
    ["0: id 0", "1: id 0", "2: id 1", "3: id 2", "end 3"],
  ],
  ["an event whose chunk is not there", [{}, { extents: [{ part: 0, bytes: 70 }] }], {}, [
    "0: damage data 1 to 2, of 1 id 1: a data chunk is not where its event says",
  ], ["0: id 0", "1: id 1", "end 2"]],
  ["an event whose chunk has another size", [CHUNK, { extents: [{ part: 0, bytes: 71 }] }], {}, [
    "0: damage data 0 to 1, of 1 id 0: a data chunk is not where its event says",
  ], ["0: id 0", "1: id 0", "end 1"]],
  [
    "an event whose chunks are right",
    [CHUNK, CHUNK, {
      extents: [{ part: 0, bytes: 70 }, { part: 1, bytes: 70 }],
    }],
    {},
    [],
    ["0: id 0", "1: id 0", "2: id 0", "3: tail 1"],
  ],
  [
    "chunks of which one is damaged, and events that need one each",
    [CHUNK, { ...CHUNK, damaged: ["data"] } as Part, { extents: [{ part: 0, bytes: 70 }] }, {
      extents: [{ part: 1, bytes: 70 }],
    }],
    {},
    [
      "byte 334: damage chunk 0 to 0, 202 bytes, of 1 id 0: data checksum differs",
      "byte 334: damage data 1 to 2, of 3 id 1: data checksum differs",
    ],
    ["0: id 0", "1: id 0", "2: id 0", "3: id 1", "end 2"],
  ],
  [
    "a chunk whose checksums are damaged, and the event that needs it",
    [{ ...CHUNK, damaged: ["head"] } as Part, { extents: [{ part: 0, bytes: 70 }] }],
    {},
    [
      "0: damage chunk 0 to 0, 202 bytes: metadata checksum differs",
      "0: damage data 0 to 1, of 1 id 0: metadata checksum differs",
    ],
    [],
  ],
  ["an event whose chunk is an event", [{ data: noise(70) }, { extents: [{ part: 0, bytes: 70 }] }], {}, [
    "0: damage data 1 to 2, of 1 id 1: a data chunk is not where its event says",
  ], ["0: id 0", "1: id 1", "end 2"]],
  [
    "damaged data of events that were lost before",
    [{}, { flags: FLAG.lost, data: DATA, damaged: ["data"] }],
    {},
    [],
    [
      "0: id 0",
      "1: id 1",
      "2: tail 2",
    ],
  ],
  [
    "a damaged head of events that were lost before",
    [{ flags: FLAG.lost, data: DATA, damaged: ["head"] }, {}],
    {},
    [
      "0: redundant frame 0 to 1, 182 bytes: metadata checksum differs",
    ],
    [],
  ],
  [
    "an event whose chunk is a damaged event",
    [{ data: noise(70), damaged: ["head"] }, { extents: [{ part: 0, bytes: 70 }] }],
    {},
    [
      "0: damage frame 0 to 1, 210 bytes: metadata checksum differs",
      "0: damage data 1 to 2, of 1 id 1: a data chunk is not where its event says",
    ],
    [],
  ],
  [
    "frames without events after the last event",
    [{}, { count: 0 }, { ...CHUNK, damaged: ["data"] } as Part, SEAL],
    { next: { id: 1, seal: [3, 0] } },
    ["byte 392: damage chunk 1 to 1, 202 bytes, of 2 id 1: data checksum differs"],
    [],
  ],
  ["an event with an empty chunk", [CHUNK, { extents: [{ part: 0, bytes: 0 }] }], {}, [
    "1: damage data 0 to 1, of 1 id 0: the sizes of its data chunks do not add up",
  ], ["0: id 0", "1: id 0", "end 1"]],
  [
    "an event whose chunk's segment is missing",
    [{}, { extents: [{ segmentId: 7, offset: 64, bytes: 70 }] }],
    {},
    [
      "0: damage data 1 to 2, of 1 id 1: segment 7, which holds its data, is missing",
    ],
    ["0: id 0", "1: id 1", "end 2"],
  ],
  ["a frame beyond recognition", [{}, damaged("header", "trailer"), { anchor: [2, 3] }], {}, [
    "1: damage gap 1 to 3, 132 bytes: a frame is damaged or missing",
  ], ["0: id 0", "1: id 1", "2: id 3", "end 4"]],
  ["a cut write", [{}, { bytes: 80 }, {}], {}, [
    "1: torn leftover 1 to 1, 80 bytes: a write that was cut short",
  ], ["0: id 0", "1: torn, 1, up to 2", "2: id 1", "3: tail 2"]],
  ["bytes in which no event is missing", [{}, noise(200), {}], {}, [
    "1: torn leftover 1 to 1, 200 bytes: bytes that are not a frame, and no event is missing",
  ], ["0: id 0", "1: lost 1 to 1, up to 2", "2: id 1", "3: tail 2"]],
  ["a write under way", [{}, { bytes: 100 }], {}, [
    "1: torn leftover 1 to 1, 100 bytes: a write in progress, or cut short",
  ], ["0: id 0", "1: tail 1 pending"]],
  ["a missing end", [{}, {}], { next: { id: 9 } }, [
    "2: damage missing end 2 to 9, 0 bytes: the end of the segment is missing",
  ], ["0: id 0", "1: id 1", "2: id 2", "end 9"]],
  ["a missing end, and a piece of a write where it was", [{}, { bytes: 100 }], { next: { id: 9 } }, [
    "1: damage missing end 1 to 9, 0 bytes: the end of the segment is missing",
  ], ["0: id 0", "1: id 1", "end 9"]],
  [
    "chunks of the next segment's event, and the seal",
    [{}, CHUNK, SEAL],
    { next: { id: 1, seal: [2, 0] } },
    [],
    [
      "0: id 0",
      "end 1",
    ],
  ],
  [
    "a damaged chunk of the next segment's event",
    [{}, { ...CHUNK, damaged: ["data"] } as Part, SEAL],
    {
      next: { id: 1, seal: [2, 0] },
    },
    ["byte 264: damage chunk 1 to 1, 202 bytes, of 1 id 1: data checksum differs"],
    ["0: id 0", "end 1"],
  ],
  ["a cut write before the seal", [{}, noise(20), SEAL], { next: { id: 1, seal: [2, 0] } }, [
    "1: torn leftover 1 to 1, 20 bytes: a write that was cut short",
  ], ["0: id 0", "end 1"]],
  ["a seal whose trailer is damaged", [{}, { ...SEAL, damaged: ["trailer"] } as Part], {
    next: { id: 1, seal: [1, 0] },
  }, [
    "byte 260: redundant frame trailer 1 to 1, 64 bytes, of 1 id 1: the trailer of a frame is damaged, its other " +
    "end has the same content",
  ], ["0: id 0", "end 1"]],
  ["events after the end", [{}, {}, noise(30)], { next: { id: 1 } }, [], ["0: id 0", "end 1"]],
  ["a frame of another id than its writer knew", [{}, { anchor: [1, 7] }, {}], {}, [
    "1: damage ids 1 to 2: its writer knew that event 7 comes next at byte 196, and by counting it is 1",
  ], []],
  ["an index that is right", [{}, {}], { index: [[0, 0], [1, 1]] }, [], ["0: id 0", "1: id 1", "2: tail 2"]],
  ["an index with a wrong id", [{}, {}], { index: [[0, 0], [1, 5]] }, [
    "00000000000000000000.idx 32: redundant index 0 to 0: an index entry gives event 1 the id 5",
  ], ["0: id 0", "1: id 1", "2: tail 2"]],
  ["an index with a time that is too late", [{}, {}], { index: [[0, 0], [1, 1, 9999]] }, [
    "00000000000000000000.idx 32: torn index 0 to 0: an index entry refers to a frame that is not there",
  ], ["0: id 0", "1: id 1", "2: tail 2"]],
  ["an index with a time that is too early", [{}, { time: 6000 }], { index: [[1, 1, 5999], [0, 0]] }, [
    "00000000000000000000.idx 0: torn index 0 to 0: an index entry refers to a frame that is not there",
  ], ["0: id 0", "1: id 1", "2: tail 2"]],
  ["an index with the newest time before", [{ time: 7000 }, { time: 6000 }], { index: [[1, 1, 7000]] }, [], [
    "0: id 0",
    "1: id 1",
    "2: tail 2",
  ]],
];

for (const [what, parts, around, found, entries] of CASES) {
  test(`verify and repair: ${what}`, async () => {
    const crafted = new CraftedSegment(parts, around);
    assertEquals(await findings(crafted), found);
    if (entries.length === 0) return;
    const partition = crafted.partition();
    const all = [];
    for await (const finding of verifyPartition(partition)) all.push(finding);
    const { steps, unrepairable } = planRepair(all);
    assertEquals(unrepairable, []);
    const { storage, segment } = crafted;
    storage.makeDirectory("/kept");
    const files = [segment.path, indexPath(segment)];
    const before = files.map((file) => storage.readWhole(file));
    const keep = (file: string) => `/kept/${file.slice(file.lastIndexOf("/") + 1)}`;
    if (steps.length > 0) await repairPartition(partition, steps, keep);
    partition.close();
    const left = (await findings(crafted)).filter((line) => !line.includes(": torn "));
    assertEquals(left, []);
    // Whatever was changed is kept as it was, except for the seal that sends writers to the next segment.
    const changed = new Set(steps.map(({ file }) => files.indexOf(file)));
    for (const [index, file] of files.entries()) {
      if (!changed.has(index)) continue;
      const original = before[index]!;
      const kept = storage.readWhole(keep(file))!.subarray(0, original.byteLength);
      assertEquals(Buffer.compare(kept, original), 0);
    }
    const again = crafted.reopened();
    assertEquals(again, entries);
  });
}

/** What verify reports after a file was changed. */
async function findingsAfter(
  crafted: CraftedSegment,
  path: string,
  change: (bytes: Uint8Array, view: DataView) => Uint8Array | void,
): Promise<string[]> {
  const bytes = crafted.storage.readWhole(path)!;
  const after = change(bytes, new DataView(bytes.buffer, bytes.byteOffset)) ?? bytes;
  crafted.storage.replace(path, after);
  return await findings(crafted);
}

const TORN_ENTRY = "an index entry was cut short; the entries after it cannot be found";
const INDEX_NAME = "00000000000000000000.idx";

test("verify distinguishes damaged index entries from truncated ones", async () => {
  const crafted = () => new CraftedSegment([{}, {}, {}], { index: [[0, 0], [1, 1], [2, 2]] });
  const path = indexPath(crafted().segment);
  const cases: [what: string, change: (bytes: Uint8Array) => Uint8Array | void, findings: string[]][] = [
    ["one is damaged", (bytes) => void (bytes[40]! ^= 1), [
      `${INDEX_NAME} 32: redundant index 0 to 0: index checksum differs`,
    ]],
    ["the first is damaged", (bytes) => void (bytes[0]! ^= 1), [
      `${INDEX_NAME} 0: redundant index 0 to 0: index checksum differs`,
    ]],
    ["two are damaged", (bytes) => void (bytes[40]! ^= bytes[70]! ^= 1), [
      `${INDEX_NAME} 32: redundant index 0 to 0: index checksum differs`,
    ]],
    ["the last is cut short", (bytes) => bytes.subarray(0, 90), [
      `${INDEX_NAME} 64: torn index 0 to 0: ${TORN_ENTRY}`,
    ]],
    ["the last is cut short by a byte", (bytes) => bytes.subarray(0, 95), [
      `${INDEX_NAME} 64: torn index 0 to 0: ${TORN_ENTRY}`,
    ]],
    [
      "one in the middle is cut short",
      (bytes) => new Uint8Array([...bytes.subarray(0, 50), ...bytes.subarray(64)]),
      [`${INDEX_NAME} 32: torn index 0 to 0: ${TORN_ENTRY}`],
    ],
    [
      "one is damaged after one that is cut short",
      (bytes) => {
        bytes[70]! ^= 1;
        return new Uint8Array([...bytes.subarray(0, 20), ...bytes.subarray(32)]);
      },
      [
        `${INDEX_NAME} 0: torn index 0 to 0: ${TORN_ENTRY}`,
        `${INDEX_NAME} 52: redundant index 0 to 0: index checksum differs`,
      ],
    ],
    ["none is there", () => new Uint8Array(0), []],
  ];
  for (const [what, change, expected] of cases) {
    assertEquals(await findingsAfter(crafted(), path, change), expected, what);
  }
});

test("an index entry that is cut short is not completed by what was read before", () => {
  const { segment, storage } = new CraftedSegment([{}, {}], { index: [[0, 0], [1, 1]] });
  const bytes = storage.readWhole(indexPath(segment))!;
  new IndexCheck(segment);
  storage.replace(indexPath(segment), bytes.subarray(0, 60));
  const torn = new IndexCheck(segment).damage().filter(({ at }) => at === 32);
  assertEquals(torn, [{ at: 32, isLeftover: true, reason: TORN_ENTRY }]);
});

test("verify reports index entries in order, even several for one frame", async () => {
  const crafted = new CraftedSegment([{}, {}, {}], {
    index: [[2, 9], [0, 0], [1, 7], [1, 1], [1, 8]],
  });
  const found = await findingsAfter(crafted, indexPath(crafted.segment), (bytes, view) => {
    // One refers to a frame that does not exist.
    view.setUint32(INDEX_ENTRY_BYTES + INDEX.recordCrc, 5, true);
    const sum = core.crc32(bytes.subarray(INDEX_ENTRY_BYTES, INDEX_ENTRY_BYTES + INDEX.crc));
    view.setUint32(INDEX_ENTRY_BYTES + INDEX.crc, sum, true);
  });
  assertEquals(found, [
    `${INDEX_NAME} 0: redundant index 0 to 0: an index entry gives event 2 the id 9`,
    `${INDEX_NAME} 32: torn index 0 to 0: an index entry refers to a frame that is not there`,
    `${INDEX_NAME} 64: redundant index 0 to 0: an index entry gives event 1 the id 7`,
    `${INDEX_NAME} 128: redundant index 0 to 0: an index entry gives event 1 the id 8`,
  ]);
});

test("verify reads no more of an index than its maximum size", async () => {
  const crafted = new CraftedSegment([{}], { index: [[0, 0]] });
  const { storage } = crafted;
  const readWhole = storage.readWhole.bind(storage);
  for (const [bytes, isLonger] of [[INDEX_BYTES_MAX, false], [INDEX_BYTES_MAX + 1, true]] as const) {
    storage.readWhole = (path, bytesMax) => {
      if (!path.endsWith(".idx")) return readWhole(path, bytesMax);
      assertEquals(bytesMax, INDEX_BYTES_MAX + 1);
      const all = new Uint8Array(bytes);
      for (let at = 0; at + 32 <= INDEX_BYTES_MAX; at += 1 << 20) all.set(readWhole(path)!, at);
      return all;
    };
    const found = await findings(crafted);
    const longer =
      `${INDEX_NAME} ${INDEX_BYTES_MAX}: redundant index 0 to 0: the index is longer than an index can be`;
    assertEquals(found.includes(longer), isLonger);
    // The zeros between entries, and nothing else.
    assertEquals(found.length, 8 + (isLonger ? 1 : 0));
  }
});

test("verify says in which block of the data the first damage is", async () => {
  const crafted = new CraftedSegment([{}, { count: 2, data: noise(200_000) }]);
  const dataAt = crafted.offsets[2]! - 64 - 200_000;
  const found = await findingsAfter(crafted, crafted.segment.path, (bytes) => {
    for (const at of [65_536, 199_999]) bytes[dataAt + at]! ^= 1;
  });
  assertEquals(found, [`byte ${dataAt + 65_536}: damage data 1 to 2, of 1 id 1: data checksum differs`]);
});

const sum = (bytes: Uint8Array, view: DataView) =>
  view.setUint32(60, core.crc32(bytes.subarray(0, 60)), true);

test("verify says what is wrong with a segment header", async () => {
  const cases: [
    what: string,
    parts: Part[],
    change: (bytes: Uint8Array, view: DataView) => void,
    around: Surroundings,
    found: string[],
  ][] = [
    ["the frames tell", [{}], (bytes) => void (bytes[20]! ^= 1), {}, [
      "byte 0: redundant segment header 0 to 0: segment header checksum differs",
    ]],
    ["nothing tells", [noise(30)], (bytes) => void (bytes[20]! ^= 1), {}, [
      "byte 0: damage segment header 0 to 0: the segment header is damaged and no frame is whole",
    ]],
    ["nothing tells, and another one follows", [noise(30)], (bytes) => void (bytes[20]! ^= 1), {
      next: { id: 9 },
    }, [
      "byte 0: damage segment header 0 to 9: the segment header is damaged and no frame is whole",
    ]],
    [
      "another partition",
      [{}],
      (bytes, view) => {
        view.setUint32(SEGMENT.partition, 6, true);
        sum(bytes, view);
      },
      {},
      [
        "byte 0: damage segment foreign 0 to 0: the file was written for partition 6; move it away, and restore the one that was here",
      ],
    ],
    [
      "another id",
      [{}],
      (bytes, view) => {
        view.setUint32(SEGMENT.baseId, 6, true);
        sum(bytes, view);
      },
      {},
      [
        "byte 0: damage segment foreign 0 to 0: the file was written for first id 6; move it away, and restore the one that was here",
      ],
    ],
  ];
  for (const [what, parts, change, around, found] of cases) {
    const crafted = new CraftedSegment(parts, around);
    assertEquals(await findingsAfter(crafted, crafted.segment.path, change), found, what);
  }
});

test("verify reports segments missing between others", async () => {
  const crafted = new CraftedSegment([{}, { kind: KIND.seal }], { next: { id: 9 } });
  assertEquals(await findings(crafted), [
    "00000000000000000001.log 0: damage segment missing 1 to 9: the segment is missing",
  ]);
});

test("verify skips a segment that is removed meanwhile, and nothing else", async () => {
  const crafted = new CraftedSegment([{}, { kind: KIND.seal }], { next: { id: 1 } });
  const { storage } = crafted;
  const open = storage.open.bind(storage);
  storage.open = (path, mode) => {
    if (path === crafted.segment.path) storage.remove(path);
    return open(path, mode);
  };
  assertEquals(await findings(crafted), []);
  for (const errno of ["ENOENT", "EIO"]) {
    const there = new CraftedSegment([{}]);
    there.storage.open = () => {
      throw new StorageError(errno, "cannot open");
    };
    assertEquals(await findings(there), ["byte 0: unreadable unreadable 0 to 0: cannot open"]);
  }
  const empty = new CraftedSegment([]);
  empty.storage.remove(empty.segment.path);
  assertEquals(await findings(empty), []);
  // A failure of the disk is not passed over because the segment is removed at the same moment.
  const failing = new CraftedSegment([{}]);
  failing.storage.open = (path) => {
    failing.storage.remove(path);
    throw new StorageError("EIO", "cannot read");
  };
  assertEquals(await findings(failing), ["byte 0: unreadable unreadable 0 to 0: cannot read"]);
});

test("verify goes on if the segment of a chunk cannot be read, which says nothing about the chunk", async () => {
  const extents = [{ segmentId: 3, offset: 64, bytes: 70 }];
  const crafted = new CraftedSegment([{ extents }], { baseId: 10 });
  const { storage } = crafted;
  const header = encodeSegmentHeader({ partition: 0, salt: SALT, baseId: 3, created: CREATED });
  storage.publish(`${DIRECTORY}/${segmentName(3)}`, header);
  const open = storage.open.bind(storage);
  storage.open = (path, mode) => {
    if (path.endsWith(segmentName(3))) throw new StorageError("EIO", "cannot read");
    return open(path, mode);
  };
  const partition = crafted.partition();
  const check = new SegmentCheck(partition, crafted.segment, new Map(), new Pace({}));
  const found: string[] = [];
  for await (const { kind } of check.findings()) found.push(kind);
  assertEquals(found, ["dependency marker"]);
  partition.close();
});

test("verify waits for its turns, within a segment and after its last event", async () => {
  for (const endsAt of [1, 2]) {
    const crafted = new CraftedSegment([{}, CHUNK, SEAL], { next: { id: 1, seal: [2, 0] } });
    const partition = crafted.partition();
    let reads = 0;
    const read = () => ++reads === endsAt ? Promise.reject(new Error("enough")) : undefined;
    const pace = { read } as unknown as Pace;
    const check = new SegmentCheck(partition, crafted.segment, new Map(), pace);
    await assertRejects(() => check.findings().next(), Error, "enough");
    partition.close();
  }
});

test("verify remembers some thousand frame boundaries, to hold anchors against them", async () => {
  const parts: Part[] = Array.from({ length: 4097 }, () => ({ kind: KIND.chunk }));
  // Both know wrong ids of the first frame: the second one is too far after it to be checked.
  parts[4095] = { kind: KIND.chunk, anchor: [0, 7] };
  parts[4096] = { kind: KIND.chunk, anchor: [0, 8] };
  const found = await findings(new CraftedSegment(parts));
  assertEquals(found.map((line) => line.replace(/:.*/, "")), ["4095"]);
});

test("verify requires a dependency marker if data is in an older segment", async () => {
  const event: Part = { extents: [{ segmentId: 3, offset: 64, bytes: 5 }] };
  const crafted = new CraftedSegment([event], { baseId: 10 });
  const partition = crafted.partition();
  const markers = async () => (await findings(crafted)).filter((line) => line.includes("dependency marker"));
  const missing =
    "byte 0: torn dependency marker 10 to 10, keeps 3: no dependency marker names segment 3, which holds data of its " +
    "events";
  assertEquals(await markers(), [missing]);
  partition.keepForSegment(10, 5);
  assertEquals(await markers(), [missing]);
  partition.keepForSegment(10, 3);
  assertEquals(await markers(), []);
  partition.close();
});

test("verify reports how much it read", async () => {
  const crafted = new CraftedSegment([{ count: 3 }, {}, { kind: KIND.chunk, data: noise(70) }, {
    kind: KIND.seal,
  }]);
  const partition = crafted.partition();
  const done: number[][] = [];
  const progress = ({ bytes, events }: { bytes: number; events: number }) => void done.push([bytes, events]);
  for await (const finding of verifyPartition(partition, { progress })) throw new Error(finding.reason);
  assertEquals(done, [[140, 3], [132, 1], [202, 0]]);
  partition.close();
  // And after the last event, up to the seal.
  const ended = new CraftedSegment([{}, CHUNK, { bytes: 80 }, CHUNK, SEAL], {
    next: { id: 1, seal: [4, 0] },
  });
  const other = ended.partition();
  done.length = 0;
  for await (const finding of verifyPartition(other, { progress })) assertEquals(finding.severity, "torn");
  assertEquals(done, [[132, 1], [202, 0], [80, 0], [202, 0]]);
  other.close();
});

test("a repair that does not fit the segment any more changes nothing", async () => {
  const cases: [
    what: Partial<RepairStep>,
    damaged: "head"[],
    reason: (offsets: readonly number[]) => string,
  ][] = [
    [{ kind: "restore records", bytes: 4 }, [], ([, one]) => `no frame is at byte ${one! + 4} any more`],
    [{ endId: 3 }, [], () => "it would end before event 5, not 4"],
    [{ bytes: 200 }, [], () => "it would end before event 2, not 4"],
    [{}, ["head"], ([, , two]) => `metadata checksum differs at byte ${two}`],
  ];
  for (const [what, damaged, reason] of cases) {
    const parts: Part[] = [{}, {}, { count: 2, damaged }, SEAL];
    const crafted = new CraftedSegment(parts, { next: { id: 4, seal: [3, 0] } });
    const { storage, segment: { path: file }, offsets } = crafted;
    const before = storage.readWhole(file);
    const partition = crafted.partition();
    const offset = offsets[1]! + (what.kind === undefined ? 0 : 4);
    const step: RepairStep = {
      ...{
        partition: 0,
        file,
        reason: "r",
        kind: "give up events",
        firstId: 1,
        endId: 2,
        bytes: 132,
        offset,
      },
      ...what,
    };
    storage.makeDirectory("/kept");
    const repair = () => repairPartition(partition, [step], () => "/kept/log");
    const error = await assertRejects(repair, StorageError, reason(offsets));
    assertEquals([error.errno, error.message.startsWith(`Cannot repair "${file}": `)], ["EIO", true]);
    assertEquals(storage.readWhole(file), before);
    partition.close();
  }
});

test("a repair writes a missing dependency marker of its own partition only", async () => {
  const event: Part = { extents: [{ segmentId: 3, offset: 64, bytes: 5 }] };
  const crafted = new CraftedSegment([event], { baseId: 10 });
  const partition = crafted.partition();
  const step = {
    kind: "write dependency marker",
    firstId: 10,
    endId: 10,
    offset: 0,
    reason: "",
    keptId: 3,
  } as const;
  const file = crafted.segment.path;
  await repairPartition(partition, [{ ...step, partition: 1, file: `/another${file}` }], (file) => file);
  assertEquals([...partition.listing().needs], []);
  await repairPartition(partition, [{ ...step, partition: 0, file }], (file) => file);
  assertEquals([...partition.listing().needs], [[10, [3]]]);
  partition.close();
});

test("a repair replaces the events of two places by tombstones, each with its own time and ids", async () => {
  const crafted = new CraftedSegment([
    { count: 2, time: 6000 },
    { count: 3, time: 7000, damaged: ["head"] },
    { time: 8000 },
    { count: 2, time: 9000, damaged: ["head"] },
    {},
  ]);
  const partition = crafted.partition();
  const all = [];
  for await (const finding of verifyPartition(partition)) all.push(finding);
  crafted.storage.makeDirectory("/kept");
  await repairPartition(
    partition,
    planRepair(all).steps,
    (file) => `/kept/${file.slice(file.lastIndexOf("/") + 1)}`,
  );
  partition.close();
  const segment = new Segment(crafted.storage, crafted.segment.path, { partition: 0, baseId: 0 });
  const frames = [...entriesFrom(startOf(segment), 4096)].flatMap((entry) =>
    entry.kind === "frame" ? [entry] : []
  );
  assertEquals(frames.map(({ id, frame: { count, time, flags } }) => [id, count, time, flags]), [
    [0, 2, 6000, 0],
    [2, 3, 7000, FLAG.lost],
    [5, 1, 8000, 0],
    [6, 2, 9000, FLAG.lost],
    [8, 1, 5000, 0],
  ]);
  const [one, other] = frames.filter(({ frame }) => frame.flags === FLAG.lost).map(({ frame }) => frame);
  assertEquals([one!.sequence, other!.sequence, one!.nonceLow === other!.nonceLow], [1, 2, true]);
  assertEquals([one!.anchorId, one!.anchorOffset], [2, crafted.offsets[1]]);
});
