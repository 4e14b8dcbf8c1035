import { assertEquals } from "@std/assert";
import {
  firstName,
  isKept,
  listingOf,
  needsName,
  needsOlder,
  ownerOf,
} from "../../../src/log/segment/listing.ts";
import { segmentName } from "../../../src/log/segment/segment_file.ts";
import { test } from "../../harness.ts";

const LOGS = [0, 10, 20, 30].map(segmentName);

const LISTINGS: [what: string, names: string[], ids: number[], marked: number][] = [
  ["an empty folder", [], [], 0],
  ["segments in any order", [...LOGS].reverse(), [0, 10, 20, 30], 0],
  ["what is not of the log", ["x", "1.log", `${LOGS[1]}.draft`, ".log", ...LOGS.slice(0, 1)], [0], 0],
  ["a mark hides what is before it", [...LOGS, firstName(20, 5)], [20, 30], 20],
  ["the last of several marks counts", [...LOGS, firstName(10, 5), firstName(30, 5)], [30], 30],
  ["two marks of one segment", [...LOGS, firstName(20, 5), firstName(20, 6)], [20, 30], 20],
  [
    "a mark of a segment that is not there counts for nothing",
    [...LOGS, firstName(25, 5)],
    [0, 10, 20, 30],
    25,
  ],
  ["then an older one counts", [...LOGS, firstName(25, 5), firstName(10, 5)], [10, 20, 30], 25],
  ["a segment that stays needs one that would go", [...LOGS, firstName(20, 5), needsName(30, 10)], [
    0,
    10,
    20,
    30,
  ], 20],
  ["the segment that would be the first needs one that would go", [
    ...LOGS,
    firstName(20, 5),
    needsName(20, 10),
  ], [
    0,
    10,
    20,
    30,
  ], 20],
  ["then an older mark counts", [...LOGS, firstName(20, 5), firstName(10, 5), needsName(30, 10)], [
    10,
    20,
    30,
  ], 20],
  ["a segment that goes needs one that goes", [...LOGS, firstName(20, 5), needsName(10, 0)], [20, 30], 20],
  ["a segment that stays needs one that stays", [...LOGS, firstName(20, 5), needsName(30, 20)], [20, 30], 20],
  [
    "a marker of what is gone keeps nothing",
    [...LOGS.slice(1), firstName(20, 5), needsName(30, 0)],
    [20, 30],
    20,
  ],
  ["a marker that stayed without its segment keeps nothing", [...LOGS, firstName(20, 5), needsName(40, 0)], [
    20,
    30,
  ], 20],
];

for (const [what, names, ids, marked] of LISTINGS) {
  test(`listingOf(): ${what}`, () => {
    const listing = listingOf(names);
    assertEquals([listing.ids, listing.markedFirst], [ids, marked]);
  });
}

test("listingOf() returns the newest time before all marks, and what each segment needs", () => {
  const names = [
    ...LOGS,
    firstName(10, 700),
    firstName(20, 600),
    needsName(30, 20),
    needsName(30, 10),
    needsName(20, 10),
  ];
  const { removedTime, needs } = listingOf(names);
  assertEquals(removedTime, 700);
  assertEquals([...needs], [[30, [20, 10]], [20, [10]]]);
});

test("ownerOf() returns the segment of every name that belongs to one", () => {
  for (
    const name of [
      LOGS[3],
      "00000000000000000030.idx",
      firstName(30, 1),
      needsName(30, 20),
      `${LOGS[3]}.ab.draft`,
    ]
  ) {
    assertEquals(ownerOf(name), 30);
  }
  assertEquals(ownerOf("00000000.lock"), undefined);
});

const KEPT: [what: string, names: string[], baseId: number, isKept: boolean][] = [
  ["is there", LOGS, 20, true],
  ["is not there", LOGS, 25, false],
  ["is where the log begins", [...LOGS, firstName(20, 5)], 20, true],
  ["was removed", [...LOGS, firstName(20, 5)], 10, false],
  ["may be removed by a removal that came to nothing", [...LOGS, firstName(25, 5)], 20, false],
];

for (const [what, names, baseId, kept] of KEPT) {
  test(`isKept(): a segment that ${what}`, () => assertEquals(isKept(listingOf(names), baseId), kept));
}

test("needsOlder(): one of the segments in a range needs one before it that is there", () => {
  const markers = (...pairs: [baseId: number, olderId: number][]) =>
    listingOf([...LOGS, ...pairs.map((pair) => needsName(...pair))]);
  const cases: [listing: ReturnType<typeof listingOf>, from: number, end: number, needs: boolean][] = [
    [markers(), 10, 30, false],
    [markers([10, 0]), 10, 30, true],
    [markers([20, 0]), 10, 30, true],
    // Before the range, at its end and after it.
    [markers([10, 0]), 20, 30, false],
    [markers([20, 0]), 10, 20, false],
    [markers([30, 0]), 10, 20, false],
    // One in the range is not an older one, and one that was removed need not stay.
    [markers([20, 10]), 10, 30, false],
    [markers([20, 5]), 10, 30, false],
    // One of several is enough.
    [markers([20, 10], [20, 0]), 10, 30, true],
    [markers([20, 0], [20, 5]), 10, 30, true],
  ];
  for (const [listing, from, end, needs] of cases) {
    assertEquals(needsOlder(listing, from, end), needs, `${[...listing.needs]} in ${from} to ${end}`);
  }
});
