import { assertEquals } from "@std/assert";
import { RECORD_BYTES, SEGMENT_HEADER_BYTES } from "../../src/log/format/bytes.ts";
import {
  lastWouldGo,
  type RetentionPolicy,
  type SegmentFacts,
  segmentsToRemove,
  storedUntil,
  withLastSealed,
} from "../../src/log/retention.ts";
import { test } from "../harness.ts";

/** Four segments of ten events and 100 bytes each, whose times are 1000, 2000, 3000 and 4000. */
function segments(change: (facts: SegmentFacts, index: number) => Partial<SegmentFacts> = () => ({})) {
  return [0, 1, 2, 3].map((index): SegmentFacts => {
    const facts = {
      baseId: index * 10,
      endId: index * 10 + 10,
      bytes: 100,
      created: index * 1000 + 500,
      newestTime: index * 1000 + 1000,
      storedUntil: index * 1000 + 1500,
      needsBaseId: index * 10,
    };
    return { ...facts, ...change(facts, index) };
  });
}

/** Segment `from` depends on segment `to`. */
function needing(from: number, to: number) {
  return segments((_, index) => index === from ? { needsBaseId: to * 10 } : {});
}

const DECISIONS: [what: string, facts: SegmentFacts[], policy: RetentionPolicy, goes: number][] = [
  ["no condition", segments(), {}, 0],
  ["nothing there", [], { bytesMax: 0 }, 0],
  ["the last one stays", segments(), { bytesMax: 0 }, 3],
  ["one alone stays", segments().slice(0, 1), { bytesMax: 0, beforeId: 99, beforeTime: 1e9 }, 0],
  ["as many bytes as there are", segments(), { bytesMax: 400 }, 0],
  ["a byte less", segments(), { bytesMax: 399 }, 1],
  ["bytes of exactly two", segments(), { bytesMax: 200 }, 2],
  ["times up to the newest of the second", segments(), { beforeTime: 2000 }, 1],
  ["times after the newest of the second", segments(), { beforeTime: 2001 }, 2],
  ["stored before a time, at the limit", segments(), { storedBefore: 1500 }, 0],
  ["stored before a time, after the limit", segments(), { storedBefore: 1501 }, 1],
  ["what was stored when no one knows stays", segments(() => ({ storedUntil: Infinity })), {
    storedBefore: 1e15,
  }, 0],
  ["ids below the end of the first", segments(), { beforeId: 9 }, 0],
  ["ids up to the end of the first", segments(), { beforeId: 10 }, 1],
  ["ids up to the end of all", segments(), { beforeId: 40 }, 3],
  ["no one acknowledged anything", segments(), { beforeId: 0 }, 0],
  ["any condition is enough", segments(), { beforeId: 10, beforeTime: 2001 }, 2],
  ["any other condition is enough", segments(), { beforeId: 20, bytesMax: 10_000 }, 2],
  ["a condition that ends lets another go on", segments(), { bytesMax: 300, beforeId: 20 }, 2],
  [
    "an old segment after a young one waits for it",
    segments((_, index) => index === 0 ? { newestTime: 9000 } : {}),
    { beforeTime: 5000 },
    0,
  ],
  ["what stays needs the first", needing(3, 0), { bytesMax: 0 }, 0],
  ["what stays needs the second", needing(3, 1), { bytesMax: 0 }, 1],
  ["what goes too needs the first", needing(1, 0), { beforeId: 20 }, 2],
  ["what just stays needs the first", needing(1, 0), { beforeId: 10 }, 0],
  ["what stays needs one that is gone already", needing(3, 0).slice(1), { bytesMax: 0 }, 0],
  [
    "what stays for another's sake needs one itself",
    segments((_, index) => index === 3 ? { needsBaseId: 20 } : index === 2 ? { needsBaseId: 10 } : {}),
    { bytesMax: 0 },
    1,
  ],
];

for (const [what, facts, policy, goes] of DECISIONS) {
  test(`segmentsToRemove(): ${what}`, () => assertEquals(segmentsToRemove(facts, policy), goes));
}

const NEVER = Infinity;

const NOW = 100;
/** More than a week later. */
const FAR = NOW + 8 * 86_400_000;
const WEEK = NOW + 7 * 86_400_000;

/** Readings for each segment: when it was created, and the newest time in it. */
const AGES: [what: string, readings: [number, number][], removed: number, until: number[]][] = [
  ["no segment", [], 0, []],
  ["one alone", [[10, 19]], 0, [NEVER]],
  ["a clock that does not step", [[10, 19], [20, 29], [30, 39]], 0, [20, 30, NEVER]],
  ["several in the same millisecond", [[10, 10], [10, 10], [10, 10]], 0, [10, 10, NEVER]],
  ["set back and still early", [[150, 159], [20, 29], [30, 99]], 0, [NEVER, NEVER, NEVER]],
  ["set back and right again", [[50, 59], [20, 29], [70, 79]], 0, [70, 70, NEVER]],
  ["set back, right again within a segment", [[50, 59], [20, 65], [70, 79]], 0, [65, 70, NEVER]],
  ["set back, and nothing tells when it was right", [[50, 59], [20, 29], [30, 39]], 0, [NEVER, NEVER, NEVER]],
  ["set back within a segment", [[10, 59], [20, 29], [70, 79]], 0, [70, 70, NEVER]],
  ["set back twice", [[50, 59], [20, 29], [10, 19], [80, 89]], 0, [80, 80, 80, NEVER]],
  ["far ahead once", [[10, FAR], [20, 29], [30, 39]], 0, [20, 30, NEVER]],
  ["a week ahead, which a clock may be", [[10, WEEK], [20, 29], [30, 39]], 0, [NEVER, NEVER, NEVER]],
  ["far ahead in a segment of its own", [[10, 19], [FAR, FAR], [30, 39], [40, 41]], 0, [30, 30, 40, NEVER]],
  ["far ahead at first, and then right", [[FAR, FAR], [30, 39], [40, 41]], 0, [30, 40, NEVER]],
  ["what was removed was newer", [[20, 29], [30, 39], [70, 79]], 59, [70, 70, NEVER]],
  ["what was removed was far ahead", [[20, 29], [30, 39]], FAR, [30, NEVER]],
  ["what was removed was older", [[20, 29], [30, 39]], 15, [30, NEVER]],
];

for (const [what, readings, removed, until] of AGES) {
  test(`storedUntil(): ${what}`, () => {
    const facts = readings.map(([created, newestTime]) => ({ created, newestTime }));
    assertEquals(storedUntil(facts, NOW, removed), until);
  });
}

const LAST = {
  baseId: 5,
  endId: 9,
  bytes: 100,
  created: 10,
  newestTime: 19,
  storedUntil: 20,
  needsBaseId: 5,
};

test("lastWouldGo(): a segment with events can be removed by size 0, time or id, and an empty one never", () => {
  const would = (policy: RetentionPolicy) => lastWouldGo([LAST], policy);
  const cases: [RetentionPolicy, boolean][] = [
    [{}, false],
    [{ bytesMax: 0 }, true],
    [{ bytesMax: 1 }, false],
    [{ beforeTime: 19 }, false],
    [{ beforeTime: 20 }, true],
    [{ beforeId: 8 }, false],
    [{ beforeId: 9 }, true],
  ];
  assertEquals(cases.map(([policy]) => would(policy)), cases.map(([, goes]) => goes));
  assertEquals(lastWouldGo([{ ...LAST, endId: 5 }], { bytesMax: 0 }), false);
  assertEquals(lastWouldGo([], { bytesMax: 0 }), false);
  // It is the last one that counts.
  const before = { ...LAST, baseId: 0, endId: 5, newestTime: 9 };
  assertEquals(lastWouldGo([before, LAST], { beforeTime: 15 }), false);
  assertEquals(lastWouldGo([LAST, before], { beforeTime: 15 }), true);
});

test("withLastSealed(): the last segment is sealed and followed by an empty one", () => {
  const last = { ...LAST, needsBaseId: 0 };
  const [sealed, next] = withLastSealed([last]);
  assertEquals([sealed.baseId, sealed.bytes, sealed.needsBaseId], [5, 100 + 2 * RECORD_BYTES, 0]);
  assertEquals(withLastSealed([]), []);
  const before = { ...last, baseId: 0, endId: 2 };
  const between = { ...last, baseId: 2, endId: 5 };
  assertEquals(withLastSealed([before, between, last]), [before, between, sealed, next]);
  assertEquals([next.baseId, next.endId, next.bytes, next.needsBaseId], [9, 9, SEGMENT_HEADER_BYTES, 9]);
});
