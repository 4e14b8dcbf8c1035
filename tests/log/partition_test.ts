// Lookups in a partition of several segments: by id, by time, the end, and the bytes between two positions.
import { assertEquals, assertStrictEquals } from "@std/assert";
import type { StartPosition } from "../../src/contract.ts";
import { FLAG, KIND, SEGMENT_HEADER_BYTES } from "../../src/log/format/bytes.ts";
import { Partition } from "../../src/log/partition.ts";
import { type SegmentFacts, segmentFacts } from "../../src/log/retention.ts";
import { SegmentIndex } from "../../src/log/segment/index.ts";
import { type LogPosition, segmentName } from "../../src/log/segment/segment_file.ts";
import { test } from "../harness.ts";
import { CraftedSegment, CREATED, DIRECTORY, noise, type Part } from "./segment/crafted_segment.ts";

const SEAL: Part = { kind: KIND.seal, time: 5300 };

/** Three frames of 2, 3 and 1 events, a chunk between them. */
const FRAMES: Part[] = [
  { count: 2, time: 5100 },
  { kind: KIND.chunk, data: noise(10), time: 5150 },
  { count: 3, time: 5200 },
  { count: 1, time: 5300 },
];

function placeOf(crafted: CraftedSegment, position: LogPosition | undefined): string {
  return position === undefined
    ? "nowhere"
    : `${position.id} at ${crafted.place(position.offset)} of ${position.segment.baseId}`;
}

/** A segment from event 10 on that is sealed after event 15, and the one after it, without events. */
function two(parts: Part[] = [...FRAMES, SEAL]): CraftedSegment {
  return new CraftedSegment(parts, { baseId: 10, next: { id: 16, seal: [parts.length - 1, 0] } });
}

test("an event is found at the frame that has it, and every later id at the end", () => {
  const crafted = new CraftedSegment(FRAMES, { baseId: 10 });
  const partition = crafted.partition();
  const at = (id: number) => placeOf(crafted, partition.positionOfId(id));
  assertEquals([0, 10, 11, 12, 14, 15, 16, 99].map(at), [
    ...["10 at 0 of 10", "10 at 0 of 10", "10 at 0 of 10", "12 at 2 of 10", "12 at 2 of 10"],
    ...["15 at 3 of 10", "16 at 4 of 10", "16 at 4 of 10"],
  ]);
  assertEquals(placeOf(crafted, partition.end()), "16 at 4 of 10");
  assertEquals([10, 12, 14, 15, 16].map((id) => partition.timeOf(id)), [5100, 5200, 5200, 5300, undefined]);
  partition.close();
});

test("in a partition that was never written to nothing is found", () => {
  const { storage } = new CraftedSegment([]);
  storage.makeDirectory("/empty");
  const partition = new Partition({ storage, directory: "/empty", topic: "t", partition: 0 });
  assertEquals(
    [partition.positionOfId(0), partition.positionOfTime(0), partition.end(), partition.timeOf(0)],
    [
      ...[undefined, undefined, undefined, undefined],
    ],
  );
  assertEquals([partition.hasEnded(), partition.firstId(), partition.segmentFor(3)], [false, 0, undefined]);
  for (const to of ["earliest", "latest", { id: 7 }, { time: 7 }] as StartPosition[]) {
    assertEquals(partition.locate(to), { position: undefined, id: 0 });
    assertEquals(partition.resolve(to), 0);
  }
  assertEquals(segmentFacts(partition), []);
});

test("each id has its segment: the last one that does not begin after it, or the first", () => {
  const partition = two().partition();
  assertEquals([0, 9, 10, 15, 16, 99].map((id) => partition.segmentFor(id)!.baseId), [
    10,
    10,
    10,
    10,
    16,
    16,
  ]);
  assertEquals([15, 16].map((id) => partition.segmentFor(id)!.endId), [16, undefined]);
  // What the caller has listed counts.
  assertStrictEquals(partition.segmentFor(99, [10])!.baseId, 10);
  partition.close();
});

test("a seek by time leads to the first event of that time or later", () => {
  const crafted = two();
  const partition = crafted.partition();
  const at = (time: number) => placeOf(crafted, partition.positionOfTime(time));
  assertEquals([0, 5100, 5101, 5150, 5200, 5201, 5300].map(at), [
    ...["10 at 0 of 10", "10 at 0 of 10", "12 at 2 of 10", "12 at 2 of 10", "12 at 2 of 10", "15 at 3 of 10"],
    "15 at 3 of 10",
  ]);
  assertEquals(at(5301), `16 at 0 of 16`);
  partition.close();
});

test("a seek by time passes over a segment of which only the seal is late enough", () => {
  const crafted = two([...FRAMES, { kind: KIND.seal, time: 5400 }]);
  const partition = crafted.partition();
  assertEquals(placeOf(crafted, partition.positionOfTime(5350)), "16 at 0 of 16");
  partition.close();
});

test("the earliest event is the first one, whatever its id", () => {
  const crafted = new CraftedSegment([{ count: 1 }, { count: 1 }]);
  const partition = crafted.partition();
  assertEquals(placeOf(crafted, partition.locate("earliest").position), "0 at 0 of 0");
  partition.close();
});

test("an id after a seal that no segment follows means the end", () => {
  const partition = new CraftedSegment([...FRAMES, SEAL], { baseId: 10 }).partition();
  assertEquals([partition.locate({ id: 99 }).id, partition.locate({ id: 15 }).id], [16, 15]);
  partition.close();
});

test("a seek by time leads to damage that may have been of that time", () => {
  const damaged = new CraftedSegment([
    { count: 1, time: 5100 },
    { count: 2, time: 5200, damaged: ["header", "trailer"] },
    { count: 1, time: 5300, anchor: [2, 3] },
  ]);
  const partition = damaged.partition();
  assertEquals([5100, 5150, 5250, 5300].map((time) => placeOf(damaged, partition.positionOfTime(time))), [
    ...["0 at 0 of 0", "3 at 2 of 0", "3 at 2 of 0", "3 at 2 of 0"],
  ]);
  assertEquals(placeOf(damaged, partition.positionOfId(2)), "1 at 1 of 0");
  // Damage has no time.
  assertEquals([partition.timeOf(1), partition.timeOf(3)], [undefined, 5300]);
  partition.close();
});

test("start positions mean an id: of an event that is there, or of the end", () => {
  const crafted = two([...FRAMES.slice(0, 3), SEAL]);
  const only = new CraftedSegment(FRAMES, { baseId: 10 });
  const partition = only.partition();
  const cases: [StartPosition, number, string][] = [
    ["earliest", 10, "10 at 0 of 10"],
    ["latest", 16, "16 at 4 of 10"],
    [{ id: 3 }, 3, "10 at 0 of 10"],
    [{ id: 11 }, 11, "10 at 0 of 10"],
    [{ id: 13 }, 13, "12 at 2 of 10"],
    [{ id: 16 }, 16, "16 at 4 of 10"],
    [{ id: 50 }, 16, "16 at 4 of 10"],
    [{ time: 5150 }, 12, "12 at 2 of 10"],
    [{ time: new Date(5201) }, 15, "15 at 3 of 10"],
  ];
  for (const [to, id, place] of cases) {
    const found = partition.locate(to);
    assertEquals([found.id, placeOf(only, found.position), partition.resolve(to)], [id, place, id]);
  }
  partition.close();
  assertEquals(crafted.partition().resolve({ id: 999 }), 16);
});

test("a partition has ended when its last segment has the seal that no other one follows", () => {
  for (
    const [parts, ended] of [
      [[{ count: 1 }, { kind: KIND.seal, flags: FLAG.terminal }], true],
      [[{ count: 1 }, { kind: KIND.seal }], false],
      [[{ count: 1 }], false],
      [[], false],
    ] as [Part[], boolean][]
  ) {
    const partition = new CraftedSegment(parts).partition();
    assertStrictEquals(partition.hasEnded(), ended);
    partition.close();
  }
});

test("bytes between two positions are those of the log, with whole segments in between", () => {
  const crafted = two();
  const partition = crafted.partition();
  const [first, third] = [partition.positionOfId(10)!, partition.positionOfId(15)!];
  assertStrictEquals(partition.bytesBetween(first, third), third.offset - first.offset);
  const end = partition.end()!;
  assertStrictEquals(end.segment.baseId, 16);
  const whole = partition.bytesOf(10);
  assertStrictEquals(partition.bytesBetween(first, end), whole);
  assertStrictEquals(partition.bytesBetween(third, end), whole - (third.offset - first.offset));
  // Only segments that were listed count, and none before the first position.
  crafted.storage.publish(`${DIRECTORY}/${segmentName(3)}`, noise(99));
  assertStrictEquals(partition.bytesBetween(first, end, [3, 10, 16]), whole);
  assertStrictEquals(partition.bytesBetween(first, end, [16]), 0);
  partition.close();
});

test("looking for events adds the index entries that are missing, and closes the index", () => {
  const crafted = new CraftedSegment(FRAMES, { baseId: 10 });
  const { storage } = crafted;
  let open = 0;
  const openActually = storage.open.bind(storage);
  storage.open = (path, mode) => {
    const file = openActually(path, mode);
    if (mode === "append") open++;
    return Object.assign(file, { close: () => mode === "append" && open-- });
  };
  const partition = new Partition({
    storage,
    directory: DIRECTORY,
    topic: "t",
    partition: 0,
    indexIntervalBytes: 1,
  });
  partition.positionOfId(15);
  assertStrictEquals(open, 0);
  partition.close();
  const entries = [...new SegmentIndex(crafted.segment).confirmedIds(() => true)];
  assertEquals(
    entries.map(({ offset, id }) => [crafted.place(offset), id]).sort(),
    [["0", 10], ["1", 12], ["2", 12], ["3", 15]],
  );
  // With the newest time up to there.
  const index = new SegmentIndex(crafted.segment);
  assertEquals([index.positionForId(12).time, index.positionForId(99).time], [5200, 5300]);
});

test("retention knows of each segment its ids, bytes, readings of the clock, and what it needs", () => {
  const crafted = two();
  const { storage } = crafted;
  storage.publish(`${DIRECTORY}/00000000000000000016.needs-00000000000000000010`, new Uint8Array(0));
  // A segment that was removed keeps nothing.
  storage.publish(`${DIRECTORY}/00000000000000000010.needs-00000000000000000003`, new Uint8Array(0));
  const partition = crafted.partition();
  const bytes = crafted.offsets.at(-1)!;
  const expected: SegmentFacts[] = [
    {
      ...{ baseId: 10, endId: 16, bytes, created: CREATED, newestTime: 5300 },
      ...{ storedUntil: Infinity, needsBaseId: 10 },
    },
    {
      ...{ baseId: 16, endId: 16, bytes: SEGMENT_HEADER_BYTES, created: CREATED, newestTime: CREATED },
      ...{ storedUntil: Infinity, needsBaseId: 10 },
    },
  ];
  assertEquals(segmentFacts(partition), expected);
  partition.close();
});

test("retention sees what was appended to the last segment since it looked", () => {
  const later = new CraftedSegment([...FRAMES, { count: 1, time: 5400 }], { baseId: 10 });
  const growing = new CraftedSegment(FRAMES, { baseId: 10 });
  const partition = growing.partition();
  const look = () => segmentFacts(partition).map(({ endId, newestTime }) => [endId, newestTime]);
  assertEquals(look(), [[16, 5300]]);
  growing.append(later.bytesOf(4));
  assertEquals(look(), [[17, 5400]]);
  partition.close();
});
