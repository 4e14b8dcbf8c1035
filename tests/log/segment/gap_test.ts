// How many ids a gap spans, and where it ends, by everything that may tell: anchors, the index, the seal.
import { assertEquals } from "@std/assert";
import { FLAG, KIND } from "../../../src/log/format/bytes.ts";
import { test } from "../../harness.ts";
import { CraftedSegment, type FramePart, noise, type Part, type Surroundings } from "./crafted_segment.ts";

/** As large as the smallest frame: what was destroyed here may have been events. */
const LOST = noise(200);
/** Too small for a frame. */
const TORN = noise(20);
/** A torn write with room for a frame that was destroyed after it. */
const HIDING: Part = { data: noise(300), bytes: 250 };
const SEAL: Part = { kind: KIND.seal };

/** A frame with that many events, anchored at a part where that id came next. */
function frame(count: number, part?: number, id?: number): Part {
  return { count, ...part === undefined ? {} : { anchor: [part, id!] } };
}

const GAPS: [what: string, parts: Part[], around: Surroundings, entries: string[]][] = [
  ["no one tells", [frame(2), LOST, frame(3)], {}, [
    "0: id 0",
    "1: lost 2 to 2, up to 2",
    "2: id 2",
    "3: tail 5",
  ]],
  ["the frame after it is anchored at itself", [frame(2), LOST, frame(3, 2, 7)], {}, [
    "0: id 0",
    "1: lost 2 to 7, up to 2",
    "2: id 7",
    "3: tail 10",
  ]],
  ["a later frame is anchored after the gap", [frame(2), LOST, frame(3), frame(1, 3, 12)], {}, [
    "0: id 0",
    "1: lost 2 to 9, up to 2",
    "2: id 9",
    "3: id 12",
    "4: tail 13",
  ]],
  ["the first anchor counts", [frame(2), LOST, frame(3), frame(1, 3, 12), frame(1, 4, 20)], {}, [
    "0: id 0",
    "1: lost 2 to 9, up to 2",
    "2: id 9",
    "3: id 12",
    "4: id 13",
    "5: tail 14",
  ]],
  ["an anchor never takes ids back", [frame(2), LOST, frame(3, 2, 1)], {}, [
    "0: id 0",
    "1: lost 2 to 2, up to 2",
    "2: id 2",
    "3: tail 5",
  ]],
  ["an anchor before the gap says how many there are at least", [frame(2), LOST, frame(3, 0, 6)], {}, [
    "0: id 0",
    "1: lost 2 to 6, up to 2",
    "2: id 6",
    "3: tail 9",
  ]],
  [
    "an anchor after a torn write without room for a frame tells of the gap before",
    [frame(2), LOST, noise(10), frame(3), TORN, frame(1, 5, 99)],
    {},
    ["0: id 0", "1: lost 2 to 96, up to 3", "3: id 96", "4: torn, 99, up to 5", "5: id 99", "6: tail 100"],
  ],
  [
    "frames between a gap and a torn write that may hide others are given up, unless an anchor tells their ids",
    [frame(2), LOST, frame(3), HIDING, frame(1, 4, 20)],
    {},
    ["0: id 0", "1: lost 2 to 20, up to 4", "4: id 20", "5: tail 21"],
  ],
  [
    "an anchor before a torn write that hides others tells the ids before it",
    [frame(2), LOST, frame(3), HIDING, frame(1, 3, 9), frame(1, 4, 20)],
    {},
    [
      "0: id 0",
      "1: lost 2 to 6, up to 2",
      "2: id 6",
      "3: lost 9 to 20, up to 4",
      "4: id 20",
      "5: id 21",
      "6: tail 22",
    ],
  ],
  [
    "a torn write after a gap that hides none holds no ids",
    [frame(2), LOST, frame(3), HIDING, frame(1, 4, 5)],
    {},
    ["0: id 0", "1: lost 2 to 2, up to 2", "2: id 2", "3: torn, 5, up to 4", "4: id 5", "5: tail 6"],
  ],
  [
    "a torn write before a gap leaves what is between them its ids",
    [frame(2), HIDING, frame(3), LOST, frame(1, 4, 20)],
    {},
    [
      "0: id 0",
      "1: torn, 2, up to 2",
      "2: id 2",
      "3: lost 5 to 20, up to 4",
      "4: id 20",
      "5: tail 21",
    ],
  ],
  [
    "the least ids hold until an anchor tells more",
    [frame(2), LOST, frame(3, 0, 6), frame(1, 0, 4), frame(1, 3, 10)],
    {},
    ["0: id 0", "1: lost 2 to 7, up to 2", "2: id 7", "3: id 10", "4: id 11", "5: tail 12"],
  ],
  ["frames between two gaps are given up", [frame(2), LOST, frame(3), LOST, frame(1, 4, 20)], {}, [
    "0: id 0",
    "1: lost 2 to 20, up to 4",
    "4: id 20",
    "5: tail 21",
  ]],
  ["no id is missing", [frame(2), LOST, frame(3), LOST, frame(1, 4, 5)], {}, [
    "0: id 0",
    "1: lost 2 to 2, up to 2",
    "2: id 2",
    "3: lost 5 to 5, up to 4",
    "4: id 5",
    "5: tail 6",
  ]],
  ["no id is missing in three rows", [frame(2), LOST, frame(1), LOST, frame(2), LOST, frame(1, 6, 5)], {}, [
    "0: id 0",
    "1: lost 2 to 2, up to 2",
    "2: id 2",
    "3: lost 3 to 3, up to 4",
    "4: id 3",
    "5: lost 5 to 5, up to 6",
    "6: id 5",
    "7: tail 6",
  ]],
  ["an anchor after the second gap tells the first", [frame(2), LOST, frame(3), LOST, frame(1, 2, 9)], {}, [
    "0: id 0",
    "1: lost 2 to 9, up to 2",
    "2: id 9",
    "3: lost 12 to 12, up to 4",
    "4: id 12",
    "5: tail 13",
  ]],
  [
    "a write that was cut short holds no ids",
    [frame(2), LOST, frame(3), TORN, frame(1), frame(1, 5, 30)],
    {},
    [
      "0: id 0",
      "1: lost 2 to 26, up to 2",
      "2: id 26",
      "3: torn, 29, up to 4",
      "4: id 29",
      "5: id 30",
      "6: tail 31",
    ],
  ],
  ["the index tells", [frame(2), LOST, frame(3)], { index: [[2, 7]] }, [
    "0: id 0",
    "1: lost 2 to 7, up to 2",
    "2: id 7",
    "3: tail 10",
  ]],
  [
    "the index tells of a later frame, and no other",
    [frame(2), LOST, frame(3), frame(1)],
    { index: [[0, 0], [3, 10]] },
    ["0: id 0", "1: lost 2 to 7, up to 2", "2: id 7", "3: id 10", "4: tail 11"],
  ],
  ["the index tells of a frame after a second gap", [frame(2), LOST, frame(3), LOST, frame(1)], {
    index: [[4, 20]],
  }, ["0: id 0", "1: lost 2 to 20, up to 4", "4: id 20", "5: tail 21"]],
  ["an anchor comes before the index", [frame(2), LOST, frame(3), frame(1, 3, 12)], { index: [[2, 7]] }, [
    "0: id 0",
    "1: lost 2 to 9, up to 2",
    "2: id 9",
    "3: id 12",
    "4: tail 13",
  ]],
  ["the seal tells", [frame(2), LOST, frame(3), SEAL], { next: { id: 9, seal: [3, 0] } }, [
    "0: id 0",
    "1: lost 2 to 6, up to 2",
    "2: id 6",
    "end 9",
  ]],
  ["the seal takes no ids back", [frame(2), LOST, frame(3), SEAL], { next: { id: 4, seal: [3, 0] } }, [
    "0: id 0",
    "1: lost 2 to 2, up to 2",
    "2: id 2",
    "end 5",
  ]],
  [
    "the index comes before the seal",
    [frame(2), LOST, frame(3), SEAL],
    { next: { id: 9, seal: [3, 0] }, index: [[2, 4]] },
    ["0: id 0", "1: lost 2 to 4, up to 2", "2: id 4", "end 7"],
  ],
  [
    "the index tells of a later frame before the seal",
    [frame(2), LOST, frame(3), LOST, frame(1), SEAL],
    { next: { id: 30, seal: [5, 0] }, index: [[4, 20]] },
    ["0: id 0", "1: lost 2 to 20, up to 4", "4: id 20", "end 21"],
  ],
  ["the seal is not where it was said to be", [frame(2), LOST, frame(3), SEAL], { next: { id: 9 } }, [
    "0: id 0",
    "1: lost 2 to 9, up to 3",
    "end 9",
  ]],
  ["a seal that no segment follows", [frame(2), LOST, frame(3), SEAL], {}, [
    "0: id 0",
    "1: lost 2 to 2, up to 2",
    "2: id 2",
    "end 5",
  ]],
  ["no id is missing before the seal", [frame(2), LOST, frame(3), LOST, frame(1), SEAL], {
    next: { id: 6, seal: [5, 0] },
  }, ["0: id 0", "1: lost 2 to 2, up to 2", "2: id 2", "3: lost 5 to 5, up to 4", "4: id 5", "end 6"]],
  [
    "no id is missing before the seal, after which comes nothing",
    [
      frame(2),
      LOST,
      frame(3),
      LOST,
      SEAL,
    ],
    { next: { id: 5, seal: [4, 0] } },
    ["0: id 0", "1: lost 2 to 2, up to 2", "2: id 2", "end 5"],
  ],
  [
    "no id is missing before a cut write and the seal",
    [frame(2), LOST, frame(3), LOST, frame(1), TORN, SEAL],
    { next: { id: 6, seal: [6, 0] } },
    ["0: id 0", "1: lost 2 to 2, up to 2", "2: id 2", "3: lost 5 to 5, up to 4", "4: id 5", "end 6"],
  ],
  ["the seal was destroyed with what lay before it", [frame(2), LOST, frame(3)], {
    next: { id: 9, seal: [1, 50] },
  }, ["0: id 0", "1: lost 2 to 9, up to 2", "end 9"]],
  ["an index entry after the place of the seal tells nothing", [frame(2), LOST, frame(3)], {
    next: { id: 9, seal: [1, 50] },
    index: [[2, 5]],
  }, ["0: id 0", "1: lost 2 to 9, up to 2", "end 9"]],
  ["the seal is missing at the end", [frame(2), LOST, frame(3)], { next: { id: 9, seal: [3, 0] } }, [
    "0: id 0",
    "1: lost 2 to 6, up to 2",
    "2: id 6",
    "end 9",
  ]],
  [
    "the seal is missing at the end, and the index tells",
    [frame(2), LOST, frame(3)],
    { next: { id: 9, seal: [3, 0] }, index: [[2, 5]] },
    ["0: id 0", "1: lost 2 to 5, up to 2", "2: id 5", "3: lost 8 to 9, up to 3", "end 9"],
  ],
  ["less than a frame is missing before the seal", [frame(2), LOST, frame(3), noise(150)], {
    next: { id: 9, seal: [3, 127] },
  }, ["0: id 0", "1: lost 2 to 6, up to 2", "2: id 6", "end 9"]],
  ["as much as a frame is missing before the seal", [frame(2), LOST, frame(3), noise(150)], {
    next: { id: 9, seal: [3, 128] },
  }, ["0: id 0", "1: lost 2 to 9, up to 3", "end 9"]],
  ["the seal is damaged, and a discarded frame follows", [frame(2), LOST, frame(3), noise(128), frame(1)], {
    next: { id: 9, seal: [3, 0] },
  }, ["0: id 0", "1: lost 2 to 6, up to 2", "2: id 6", "end 9"]],
  ["a seal in the middle of a frame tells nothing", [frame(2), LOST, frame(3)], {
    next: { id: 9, seal: [2, 10] },
  }, ["0: id 0", "1: lost 2 to 9, up to 3", "end 9"]],
  ["what is missing at the end had ids", [frame(2), LOST, frame(3)], { next: { id: 9 } }, [
    "0: id 0",
    "1: lost 2 to 9, up to 3",
    "end 9",
  ]],
  // Readers that seek by the index read the frame under this id: one that goes through must not report it as lost.
  ["what is missing at the end had ids, and the index tells", [frame(2), LOST, frame(3)], {
    next: { id: 9 },
    index: [[2, 4]],
  }, ["0: id 0", "1: lost 2 to 4, up to 2", "2: id 4", "3: lost 7 to 9, up to 3", "end 9"]],
  ["no id is missing before a seal that is not where it was said to be", [frame(2), LOST, frame(3), SEAL], {
    next: { id: 5 },
  }, ["0: id 0", "1: lost 2 to 2, up to 2", "2: id 2", "end 5"]],
  [
    "what is missing at the end had no ids, because the frames that are left have all",
    [
      frame(2),
      LOST,
      frame(3),
      TORN,
      frame(1),
      LOST,
      frame(2),
      noise(40),
    ],
    { next: { id: 8 } },
    [
      "0: id 0",
      "1: lost 2 to 2, up to 2",
      "2: id 2",
      "3: torn, 5, up to 4",
      "4: id 5",
      "5: lost 6 to 6, up to 6",
      "6: id 6",
      "end 8",
    ],
  ],
  ["an id is missing among the frames that are left", [frame(2), LOST, frame(3), LOST, frame(1), noise(40)], {
    next: { id: 7 },
  }, ["0: id 0", "1: lost 2 to 7, up to 5", "end 7"]],
  ["the seal of another segment tells nothing", [frame(2), LOST, frame(3), SEAL], {
    next: { id: 9, seal: [3, 0], salt: 3 },
  }, ["0: id 0", "1: lost 2 to 9, up to 3", "end 9"]],
  ["a seal tells although its salt is not known", [frame(2), LOST, frame(3), SEAL], {
    next: { id: 9, seal: [3, 0], salt: 0 },
  }, ["0: id 0", "1: lost 2 to 6, up to 2", "2: id 6", "end 9"]],
  ["the seal of an older segment tells nothing", [frame(2), LOST, frame(3), SEAL], {
    next: { id: 9, seal: [3, 0], of: 5 },
  }, ["0: id 0", "1: lost 2 to 9, up to 3", "end 9"]],
  [
    "an anchor in a frame after the place of a missing seal tells nothing",
    [frame(2), LOST, frame(3), frame(1), frame(1, 2, 8)],
    { next: { id: 9, seal: [3, 0] } },
    ["0: id 0", "1: lost 2 to 9, up to 4", "end 9"],
  ],
  [
    "an anchor into a second gap tells of that one",
    [frame(2), LOST, frame(3), LOST, LOST, frame(1, 4, 30)],
    {},
    [
      "0: id 0",
      "1: lost 2 to 2, up to 2",
      "2: id 2",
      "3: lost 5 to 30, up to 5",
      "5: id 30",
      "6: tail 31",
    ],
  ],
  [
    "the anchor of the seal comes before the name of the next segment",
    [
      frame(2),
      LOST,
      frame(3),
      { ...SEAL, anchor: [3, 8] },
    ],
    { next: { id: 9, seal: [3, 0] } },
    ["0: id 0", "1: lost 2 to 5, up to 2", "2: id 5", "end 8"],
  ],
  [
    "so it does after a cut write that ends where the seal is",
    [
      frame(2),
      LOST,
      frame(3),
      TORN,
      { ...SEAL, anchor: [3, 8] },
    ],
    { next: { id: 9, seal: [4, 0] } },
    ["0: id 0", "1: lost 2 to 5, up to 2", "2: id 5", "3: torn, 8, up to 4", "end 8"],
  ],
  ["an index entry of the seal tells, too", [frame(2), LOST, frame(3), SEAL], {
    next: { id: 9, seal: [3, 0] },
    index: [[3, 8]],
  }, ["0: id 0", "1: lost 2 to 5, up to 2", "2: id 5", "end 8"]],
  [
    "a frame that was cut short takes no ids back, whatever an anchor after it says",
    [frame(4), { count: 3, damaged: ["trailer"] }, frame(1, 2, 2)],
    {},
    ["0: id 0", "1: torn, 4, up to 2", "2: id 4", "3: tail 5"],
  ],
  ["a gap of nothing but a cut write", [frame(2), TORN, frame(3)], {}, [
    "0: id 0",
    "1: torn, 2, up to 2",
    "2: id 2",
    "3: tail 5",
  ]],
];

for (const [what, parts, around, entries] of GAPS) {
  test(`ids after a gap: ${what}`, () => {
    const crafted = new CraftedSegment(parts, around);
    for (const ahead of [64, 4096, 1 << 20]) assertEquals(crafted.entries(ahead), entries, `${ahead}`);
  });
}

test("ids after a gap are counted from the first one of the segment", () => {
  const crafted = new CraftedSegment([frame(2), LOST, frame(3), SEAL], {
    baseId: 100,
    next: { id: 109, seal: [3, 0] },
  });
  assertEquals(crafted.entries(), ["0: id 100", "1: lost 102 to 106, up to 2", "2: id 106", "end 109"]);
});

test("a frame after a gap keeps its ids unless it lacks its trailer and its content is not what it was", () => {
  const counted = (what: string) => ["1: lost 1 to 4, up to 2", `2: ${what}id 4`, "3: id 5", "4: tail 6"];
  const givenUp = ["1: lost 1 to 5, up to 3", "3: id 5", "4: tail 6"];
  const cases: [FramePart, string[]][] = [
    [{}, counted("")],
    [{ damaged: ["data"] }, counted("")],
    [{ damaged: ["header", "data"] }, counted("header damaged, ")],
    [{ damaged: ["trailer"] }, counted("trailer damaged, ")],
    [{ damaged: ["trailer", "data"] }, givenUp],
    [{ damaged: ["trailer", "head"] }, givenUp],
    // What a repair says is lost has no content.
    [{ damaged: ["trailer", "head"], flags: FLAG.lost }, counted("trailer damaged, ")],
  ];
  for (const [frame, entries] of cases) {
    const parts = [{}, noise(300), { data: noise(70), ...frame }, { anchor: [3, 5] as [number, number] }];
    assertEquals(new CraftedSegment(parts).entries().slice(1), entries, JSON.stringify(frame));
  }
});
