// What is at an offset: complete frames, damaged ones, interrupted writes, copies of frames in users' data.
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { StorageError } from "../../../mod.ts";
import { FLAG, KIND, RECORD_BYTES } from "../../../src/log/format/bytes.ts";
import { isCompletable } from "../../../src/log/segment/frame_end.ts";
import { step } from "../../../src/log/segment/frame_scanner.ts";
import { READ_AHEAD_BYTES, readWindow } from "../../../src/log/segment/window.ts";
import { test } from "../../harness.ts";
import { CraftedSegment, noise, type Part, type Surroundings } from "./crafted_segment.ts";

/** Of one event: 132 bytes. */
const FRAME: Part = {};
const FRAME_BYTES = 2 * RECORD_BYTES + 4;
const CHUNK: Part = { kind: KIND.chunk, data: noise(70) };
const SEAL: Part = { kind: KIND.seal };
const MAGIC = new TextEncoder().encode("DSFH");

function damaged(...what: NonNullable<Exclude<Part, Uint8Array>["damaged"]>): Part {
  return { damaged: what };
}

function bytes(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

type Case = [what: string, parts: Part[], around: Surroundings, entries: string[]];

const SEGMENTS: Case[] = [
  ["nothing", [], {}, ["0: tail 0"]],
  ["frames of events and chunks", [FRAME, CHUNK, { count: 3 }], {}, [
    "0: id 0",
    "1: id 1",
    "2: id 1",
    "3: tail 4",
  ]],
  ["a seal", [FRAME, SEAL, FRAME], {}, ["0: id 0", "end 1"]],
  ["the end for good", [FRAME, { kind: KIND.seal, flags: FLAG.terminal }], {}, ["0: id 0", "end 1 for good"]],
  ["events after the beginning of the next segment are discarded", [FRAME, FRAME], { next: { id: 1 } }, [
    "0: id 0",
    "end 1",
  ]],
  ["nothing is counted any more once the next segment has begun", [FRAME], { next: { id: 3 } }, [
    "0: id 0",
    "1: lost 1 to 3, up to 1",
    "end 3",
  ]],
  ["a damaged header, whose trailer tells", [FRAME, damaged("header"), FRAME], {}, [
    "0: id 0",
    "1: header damaged, id 1",
    "2: id 2",
    "3: tail 3",
  ]],
  ["a header without its magic", [damaged("header magic")], {}, ["0: header damaged, id 0", "1: tail 1"]],
  ["a damaged trailer at the end", [FRAME, damaged("trailer")], {}, [
    "0: id 0",
    "1: trailer damaged, id 1",
    "2: tail 2",
  ]],
  ["a damaged trailer before a frame", [damaged("trailer magic"), FRAME], {}, [
    "0: trailer damaged, id 0",
    "1: id 1",
    "2: tail 2",
  ]],
  ["a damaged trailer before a damaged header", [damaged("trailer"), damaged("header"), FRAME], {}, [
    "0: trailer damaged, id 0",
    "1: header damaged, id 1",
    "2: id 2",
    "3: tail 3",
  ]],
  [
    "a damaged trailer before a header whose frame has no trailer either",
    [
      damaged("trailer"),
      damaged("header", "trailer"),
      FRAME,
    ],
    {},
    ["0: trailer damaged, id 0", "1: lost 1 to 1, up to 2", "2: id 1", "3: tail 2"],
  ],
  ["a damaged trailer before the beginning of a header", [damaged("trailer"), MAGIC.subarray(0, 2)], {}, [
    "0: trailer damaged, id 0",
    "1: tail 1 pending",
  ]],
  ["a damaged trailer before bytes that are no header", [damaged("trailer"), noise(3)], {}, [
    "0: tail 0 pending",
  ]],
  [
    "a damaged trailer before bytes that begin as a header does",
    [
      damaged("trailer"),
      bytes(MAGIC.subarray(0, 3), noise(1)),
    ],
    {},
    ["0: tail 0 pending"],
  ],
  ["a damaged trailer before a damaged seal", [damaged("trailer"), noise(128)], {
    next: { id: 1, seal: [1, 0] },
  }, ["0: trailer damaged, id 0", "end 1"]],
  ["a damaged trailer, and a frame after bytes of nothing", [damaged("trailer"), noise(30), FRAME], {}, [
    "0: lost 0 to 0, up to 2",
    "2: id 0",
    "3: tail 1",
  ]],
  ["a frame that is damaged beyond recognition", [FRAME, damaged("header", "trailer"), FRAME], {}, [
    "0: id 0",
    "1: lost 1 to 1, up to 2",
    "2: id 1",
    "3: tail 2",
  ]],
  ["damage at the end", [FRAME, damaged("header", "trailer")], {}, ["0: id 0", "1: tail 1 pending hole"]],
  ["as many bytes as no frame has", [noise(127), FRAME], {}, ["0: torn, 0, up to 1", "1: id 0", "2: tail 1"]],
  ["as many bytes as a frame may have", [noise(128), FRAME], {}, [
    "0: lost 0 to 0, up to 1",
    "1: id 0",
    "2: tail 1",
  ]],
  [
    "two parts of one writer, of which the first was cut",
    [{ writer: 2, sequence: 5, bytes: 100 }, { writer: 2, sequence: 6 }, { writer: 3, sequence: 1 }],
    {},
    ["0: torn, 0, up to 1", "1: id 0", "2: id 1", "3: tail 2"],
  ],
  [
    "a cut write before a frame whose header is damaged",
    [{ bytes: 80 }, damaged("header"), FRAME],
    {},
    ["0: torn, 0, up to 1", "1: header damaged, id 0", "2: id 1", "3: tail 2"],
  ],
  [
    "a write that was cut in its trailer before a damaged header",
    [{ bytes: FRAME_BYTES - 10 }, damaged("header", "trailer"), FRAME],
    {},
    ["0: torn, 0, up to 2", "2: id 0", "3: tail 1"],
  ],
  [
    "a write that was cut by one byte before a damaged header",
    [{ bytes: FRAME_BYTES - 1 }, damaged("header", "trailer"), FRAME],
    {},
    ["0: torn, 0, up to 2", "2: id 0", "3: tail 1"],
  ],
  [
    "a write that was cut just before its trailer's second byte and a damaged header",
    [{ bytes: FRAME_BYTES - RECORD_BYTES + 1 }, damaged("header", "trailer"), FRAME],
    {},
    ["0: torn, 0, up to 2", "2: id 0", "3: tail 1"],
  ],
  [
    "a frame whose header's magic is in its trailer's place is not a boundary",
    [{ bytes: FRAME_BYTES - 1 }, damaged("header", "trailer")],
    {},
    ["0: tail 0 pending"],
  ],
  [
    "a cut write, and the beginning of a magic at the end",
    [{ bytes: FRAME_BYTES - 20 }, MAGIC.subarray(0, 2)],
    {},
    ["0: tail 0 pending"],
  ],
  [
    "a damaged trailer before a frame whose header has lost its magic",
    [damaged("trailer"), damaged("header magic"), FRAME],
    {},
    ["0: trailer damaged, id 0", "1: header damaged, id 1", "2: id 2", "3: tail 3"],
  ],
  ["a damaged trailer before a magic and nothing else", [damaged("trailer"), bytes(MAGIC, noise(5))], {}, [
    "0: trailer damaged, id 0",
    "1: tail 1 pending",
  ]],
  [
    "a cut write, and a magic with a few bytes in its trailer's place",
    [{ bytes: FRAME_BYTES - 20 }, bytes(MAGIC, noise(16))],
    {},
    ["0: tail 0 pending"],
  ],
  ["a cut write, and one byte of a magic", [{ bytes: FRAME_BYTES - 1 }, MAGIC.subarray(0, 1)], {}, [
    "0: tail 0 pending",
  ]],
  ["a cut write, and two bytes of a magic", [{ bytes: FRAME_BYTES - 2 }, MAGIC.subarray(0, 2)], {}, [
    "0: tail 0 pending",
  ]],
  ["a cut write, and three bytes of a magic", [{ bytes: FRAME_BYTES - 2 }, MAGIC.subarray(0, 3)], {}, [
    "0: tail 0 pending",
  ]],
  ["a cut write, and a magic that ends with the file", [{ bytes: FRAME_BYTES - 2 }, MAGIC], {}, [
    "0: tail 0 pending",
  ]],
  // Its events are given again, as those of the frame after it.
  ...[[1], [2], [3], [1, 1], [2, 1], [1, 2], [1, 1, 1], [3, 1], [1, 1, 1, 1]].map((pieces): Case => [
    `a cut write before a frame, in whose last bytes lie ${pieces.join(" and ")} of a magic`,
    [
      { bytes: FRAME_BYTES - pieces.reduce((sum, bytes) => sum + bytes, 0) },
      ...pieces.map((bytes) => MAGIC.subarray(0, bytes)),
      { anchor: [pieces.length + 1, 0] },
    ],
    {},
    [
      `0: lost 0 to 0, up to ${pieces.length + 1}`,
      `${pieces.length + 1}: id 0`,
      `${pieces.length + 2}: tail 1`,
    ],
  ]),
  ["noise before a frame whose header is damaged", [noise(200), damaged("header"), FRAME], {}, [
    "0: lost 0 to 0, up to 1",
    "1: header damaged, id 0",
    "2: id 1",
    "3: tail 2",
  ]],
  [
    "a write that was cut after its header, before a damaged trailer",
    [{ bytes: RECORD_BYTES }, damaged("trailer"), FRAME],
    {},
    ["0: torn, 0, up to 1", "1: trailer damaged, id 0", "2: id 1", "3: tail 2"],
  ],
  [
    "the end of a frame whose beginning is gone",
    [FRAME, new CraftedSegment([FRAME, FRAME]).bytesOf(1).subarray(40), FRAME],
    {},
    ["0: id 0", "1: torn, 1, up to 2", "2: id 1", "3: tail 2"],
  ],
  [
    "the trailer of another frame in the place of a frame's own",
    [
      bytes(
        new CraftedSegment([{ sequence: 1 }]).bytesOf(0).subarray(0, FRAME_BYTES - RECORD_BYTES),
        new CraftedSegment([{ sequence: 9 }]).bytesOf(0).subarray(FRAME_BYTES - RECORD_BYTES),
      ),
    ],
    {},
    ["0: trailer damaged, id 0", "1: tail 1"],
  ],
  [
    "a frame after damage, although a damaged header said more of its writer",
    [
      { writer: 2, sequence: 1 },
      { writer: 2, sequence: 99, damaged: ["header", "trailer"] },
      FRAME,
      noise(200),
      { writer: 2, sequence: 3 },
    ],
    {},
    [
      "0: id 0",
      "1: lost 1 to 1, up to 2",
      "2: id 1",
      "3: lost 2 to 2, up to 4",
      "4: id 2",
      "5: tail 3",
    ],
  ],
  [
    "a copy of a frame whose header is damaged by now",
    [
      { writer: 2, sequence: 5, damaged: ["header"] },
      FRAME,
      bytes(noise(150), new CraftedSegment([{ writer: 2, sequence: 5 }]).bytesOf(0), noise(20)),
      FRAME,
    ],
    {},
    ["0: header damaged, id 0", "1: id 1", "2: lost 2 to 2, up to 3", "3: id 2", "4: tail 3"],
  ],
];

for (const [what, parts, around, entries] of SEGMENTS) {
  test(`the scanner finds ${what}`, () => {
    const crafted = new CraftedSegment(parts, around);
    for (const ahead of [64, 70, 4096, 1 << 20]) assertEquals(crafted.entries(ahead), entries, `${ahead}`);
  });
}

test("the scanner finds the frame after a write truncated at any byte", () => {
  for (let cut = 1; cut < FRAME_BYTES; cut++) {
    const crafted = new CraftedSegment([FRAME, { bytes: cut }, { count: 2 }]);
    const entries = ["0: id 0", "1: torn, 1, up to 2", "2: id 1", "3: tail 3"];
    for (const ahead of [64, 4096]) assertEquals(crafted.entries(ahead), entries, `${cut} bytes`);
  }
});

test("the scanner reports an incomplete frame as pending bytes", () => {
  for (let cut = 0; cut < FRAME_BYTES; cut++) {
    const crafted = new CraftedSegment([FRAME, { bytes: cut }]);
    const tail = `1: tail 1${cut === 0 ? "" : " pending"}`;
    assertEquals(crafted.entries(), ["0: id 0", tail], `${cut} bytes`);
    // What was in the window before is not evidence.
    crafted.append(new CraftedSegment([FRAME, FRAME]).bytesOf(1).subarray(cut));
    const end = crafted.place(crafted.offsets[1] + FRAME_BYTES);
    assertEquals(crafted.entries(), ["0: id 0", "1: id 1", `${end}: tail 2`], `${cut} bytes`);
  }
});

test("the scanner repeats a failed search in a file that has grown", () => {
  const crafted = new CraftedSegment([FRAME, noise(200)]);
  assertEquals(crafted.entries(), ["0: id 0", "1: tail 1 pending hole"]);
  assertEquals(crafted.entries(), ["0: id 0", "1: tail 1 pending hole"]);
  crafted.append(new CraftedSegment([FRAME, FRAME, FRAME]).bytesOf(2));
  assertEquals(crafted.entries(), [
    "0: id 0",
    "1: lost 1 to 1, up to 2",
    "2: id 1",
    `byte ${crafted.offsets[2] + FRAME_BYTES}: tail 2`,
  ]);
});

/** Reads that a step makes. */
function countReads(crafted: CraftedSegment, work: () => void): number {
  const { file } = crafted.segment;
  const readAt = file.readAt.bind(file);
  let reads = 0;
  file.readAt = (into, offset) => {
    reads++;
    return readAt(into, offset);
  };
  work();
  file.readAt = readAt;
  return reads;
}

test("the scanner does not repeat a search in an unchanged file", () => {
  const crafted = new CraftedSegment([noise(3000)]);
  const at = crafted.offsets[0];
  step(crafted.segment, at, 64);
  readWindow.clear();
  // The record at the offset, and no more.
  assertEquals(countReads(crafted, () => step(crafted.segment, at, 64)), 1);
  // A search from another offset is a different one.
  assertEquals(step(crafted.segment, at + 1, 64), {
    kind: "tail",
    offset: at + 1,
    pending: true,
    isHole: true,
  });
});

test("the scanner reads a whole frame by one read", () => {
  const crafted = new CraftedSegment([{ data: noise(3000) }, FRAME]);
  readWindow.clear();
  const reads = countReads(crafted, () => {
    assertEquals(step(crafted.segment, crafted.offsets[0], 8192).kind, "frame");
    assertEquals(step(crafted.segment, crafted.offsets[1], 8192).kind, "frame");
  });
  // The end of the file is one more.
  assertEquals(reads, 2);
});

const FAR = 1 << 20;
for (const before of [0, 1, 31, 63, 64, 65]) {
  test(`the scanner finds a frame that starts ${before} bytes before the end of a search window`, () => {
    const gap = noise(FAR + 1 - before);
    const crafted = new CraftedSegment([gap, { count: 2 }]);
    const entries = ["0: lost 0 to 0, up to 1", "1: id 0", "2: tail 2"];
    assertEquals(crafted.entries(4096), entries);
  });
}

test("the scanner does not mistake a copy of a frame in user data for a later frame", () => {
  const first = new CraftedSegment([{ count: 5 }]).bytesOf(0);
  for (const hidden of [first, first.subarray(0, 100), first.subarray(70)]) {
    const crafted = new CraftedSegment([
      { count: 5 },
      FRAME,
      bytes(noise(150), hidden, noise(20)),
      FRAME,
    ]);
    assertEquals(crafted.entries(), [
      "0: id 0",
      "1: id 5",
      "2: lost 6 to 6, up to 3",
      "3: id 6",
      "4: tail 7",
    ]);
    // From the middle on, with nothing remembered.
    const again = new CraftedSegment([{ count: 5 }, FRAME, bytes(noise(150), hidden, noise(20)), FRAME]);
    assertEquals(step(again.segment, again.offsets[2], 4096), {
      kind: "gap",
      segment: again.segment,
      offset: again.offsets[2],
      endOffset: again.offsets[3],
      torn: false,
    });
  }
});

test("the scanner does not mistake a copied header of a truncated write for a frame", () => {
  const cut: Part = { writer: 2, sequence: 50, bytes: 100 };
  const header = new CraftedSegment([cut]).bytesOf(0).subarray(0, RECORD_BYTES);
  const parts = (copy: Uint8Array): Part[] => [
    ...[cut, { writer: 3, sequence: 1 }, bytes(noise(150), copy, noise(150))],
    { writer: 3, sequence: 2 },
  ];
  assertEquals(new CraftedSegment(parts(header)).entries(), [
    "0: torn, 0, up to 1",
    "1: id 0",
    "2: lost 1 to 1, up to 3",
    "3: id 1",
    "4: tail 2",
  ]);
  // A header of a later frame of that writer is one.
  const later = new CraftedSegment([{ writer: 2, sequence: 51 }]).bytesOf(0).subarray(0, RECORD_BYTES);
  const crafted = new CraftedSegment(parts(later));
  const start = `byte ${crafted.offsets[2] + 150}`;
  assertEquals(crafted.entries(), [
    "0: torn, 0, up to 1",
    "1: id 0",
    `2: lost 1 to 1, up to ${start}`,
    `${start}: lost 1 to 1, up to 3`,
    "3: id 1",
    "4: tail 2",
  ]);
});

test("the scanner accepts a writer's frames after its truncated write, and keeps its highest sequence", () => {
  const copy = new CraftedSegment([{ writer: 2, sequence: 60 }]).bytesOf(0);
  const crafted = new CraftedSegment([
    { writer: 2, sequence: 60 },
    { writer: 2, sequence: 50, bytes: 100 },
    { writer: 3, sequence: 1 },
    bytes(noise(150), copy, noise(150)),
    { writer: 3, sequence: 2 },
  ]);
  assertEquals(crafted.entries(), [
    "0: id 0",
    "1: torn, 1, up to 2",
    "2: id 1",
    "3: lost 2 to 2, up to 4",
    "4: id 2",
    "5: tail 3",
  ]);
});

test("the scanner continues reading an open file that was removed", () => {
  const crafted = new CraftedSegment([FRAME, noise(200), FRAME]);
  void crafted.segment.file;
  crafted.storage.remove(crafted.segment.path);
  assertEquals(crafted.segment.file.size(), -1);
  const entries = ["0: id 0", "1: lost 1 to 1, up to 2", "2: id 1", "3: tail 2"];
  assertEquals(crafted.entries(), entries);
  assertEquals(crafted.entries(), entries);
});

test("the scanner finds frames written to a removed file", () => {
  const crafted = new CraftedSegment([FRAME, noise(200)]);
  const file = crafted.storage.open(crafted.segment.path, "append");
  void crafted.segment.file;
  crafted.storage.remove(crafted.segment.path);
  assertEquals(crafted.entries(), ["0: id 0", "1: tail 1 pending hole"]);
  file.append(new CraftedSegment([FRAME, FRAME, FRAME]).bytesOf(2));
  file.close();
  assertEquals(crafted.entries().slice(0, 3), ["0: id 0", "1: lost 1 to 1, up to 2", "2: id 1"]);
});

test("the scanner checks a frame again that became complete during the search", () => {
  const whole = new CraftedSegment([FRAME, FRAME, { count: 2 }]);
  for (const cut of [64, 70, FRAME_BYTES - 1]) {
    for (const ahead of [64, 4096]) {
      const crafted = new CraftedSegment([FRAME, { bytes: cut }]);
      const { file } = crafted.segment;
      const size = file.size.bind(file);
      // Between reading the frame and searching for what follows.
      file.size = () => {
        file.size = size;
        crafted.append(bytes(whole.bytesOf(1).subarray(cut), whole.bytesOf(2)));
        return size();
      };
      readWindow.clear();
      const found = step(crafted.segment, crafted.offsets[1], ahead);
      assertEquals(
        [found.kind, found.kind === "frame" && found.damaged],
        ["frame", undefined],
        `${cut} bytes`,
      );
    }
  }
});

test("the scanner handles a magic truncated by the end of the file", () => {
  const cut: Part = { bytes: FRAME_BYTES - 2 };
  const stale = new CraftedSegment([cut, new TextEncoder().encode("DSFx")]);
  const crafted = new CraftedSegment([cut, MAGIC.subarray(0, 2)]);
  for (const ahead of [64, 4096]) {
    stale.entries(ahead);
    assertEquals(crafted.entries(ahead), ["0: tail 0 pending"]);
  }
});

test("a damaged trailer is the end of a frame where the file ends, or a header begins, however short", () => {
  for (
    const [after, isEnd] of [["", true], ["D", true], ["DSF", true], ["DSFHx", true], ["x", false], [
      "DSx",
      false,
    ]] as const
  ) {
    const crafted = new CraftedSegment([FRAME, damaged("trailer"), new TextEncoder().encode(after)]);
    for (const ahead of [64, 4096]) {
      const found = step(crafted.segment, crafted.offsets[1], ahead);
      assertEquals(found.kind, isEnd ? "frame" : "tail", `${JSON.stringify(after)}, ${ahead}`);
    }
  }
});

/** A frame that ends with bytes that `fits`: its time is chosen for that. */
function frameEnding(fits: (beforeLast: number, last: number) => boolean): Uint8Array {
  for (let time = 1;; time++) {
    const frame = new CraftedSegment([{ time }]).bytesOf(0);
    if (fits(frame.at(-2)!, frame.at(-1)!)) return frame;
  }
}

// A repair may write such frames; no writer does.
test("a bit flipped in a trailer is damage, though the frame then ends like a header that was cut short", () => {
  const [magic] = MAGIC;
  for (let bit = 0; bit < 8; bit++) {
    const flipped = frameEnding((_, last) => last === (magic ^ 1 << bit)).slice();
    flipped[flipped.length - 1] = magic;
    const entries = new CraftedSegment([flipped, FRAME]).entries();
    assertEquals(entries, ["0: trailer damaged, id 0", "1: id 1", "2: tail 2"], `bit ${bit}`);
  }
});

test("two bytes of other headers at the end of a frame are not one flipped bit", () => {
  const [magic] = MAGIC;
  const isOneBit = (byte: number) => [0, 1, 2, 3, 4, 5, 6, 7].some((bit) => (byte ^ magic) === 1 << bit);
  const frame = frameEnding((before, last) => isOneBit(before) && !isOneBit(last) && last !== magic);
  const cut = new CraftedSegment([frame.slice(0, -2), MAGIC.subarray(0, 1), MAGIC.subarray(0, 1), FRAME]);
  assertEquals(cut.entries()[0], "0: lost 0 to 0, up to 3");
});

test("the scanner recognizes a frame with one damaged record", () => {
  for (const what of ["header", "trailer"] as const) {
    const { segment, offsets } = new CraftedSegment([damaged(what), FRAME]);
    const found = step(segment, offsets[0], 4096);
    assertEquals([found.kind, found.kind === "frame" && found.damaged], ["frame", what]);
    assertEquals(found.kind === "frame" && found.endOffset, offsets[1]);
  }
});

test("the scanner finds the same frames however few bytes a read returns", () => {
  const parts: Part[] = [
    FRAME,
    damaged("header"),
    { bytes: 90 },
    FRAME,
    noise(300),
    CHUNK,
    damaged("trailer"),
    SEAL,
  ];
  const expected = new CraftedSegment(parts).entries();
  const crafted = new CraftedSegment(parts);
  const { file } = crafted.segment;
  const readAt = file.readAt.bind(file);
  let turn = 0;
  file.readAt = (into, offset) => readAt(into.subarray(0, 1 + turn++ % 50), offset);
  readWindow.clear();
  for (const ahead of [64, 4096]) assertEquals(crafted.entries(ahead), expected);
});

test("a search that a failed read ended makes no later one mistake a frame for a copy", () => {
  const parts = [FRAME, noise(300), FRAME, { data: noise(READ_AHEAD_BYTES) }, noise(300), FRAME];
  let failed = 0;
  for (let reads = 0, isDone = false; !isDone; reads++) {
    const crafted = new CraftedSegment(parts);
    const { segment, offsets } = crafted;
    const firstGap = () => step(segment, offsets[1], 4096);
    const expected = firstGap();
    assertEquals(expected.kind === "gap" && expected.endOffset, offsets[2]);
    const { file } = segment;
    const readAt = file.readAt.bind(file);
    let left = reads;
    file.readAt = (into, offset) => {
      if (left-- === 0) throw new StorageError("EIO", "Cannot read: simulated");
      return readAt(into, offset);
    };
    try {
      step(segment, offsets[4], 4096);
      isDone = true;
    } catch (error) {
      assertInstanceOf(error, StorageError);
      failed++;
    }
    file.readAt = readAt;
    assertEquals(firstGap(), expected);
  }
  assert(failed > 2);
});

test("bytes that a frame must not end with are those of a header's magic, and those a bit away from one", () => {
  const isNear = (byte: number) =>
    [...MAGIC].some((each) =>
      byte === each || [0, 1, 2, 3, 4, 5, 6, 7].some((bit) => byte === (each ^ 1 << bit))
    );
  for (let byte = 0; byte < 256; byte++) assertEquals(isCompletable(byte), isNear(byte), `byte ${byte}`);
});
