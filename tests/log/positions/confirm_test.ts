// Which stored positions the log confirms, and where reading goes back to if it does not: in crafted segments.
import { assertEquals } from "@std/assert";
import { FLAG } from "../../../src/log/format/bytes.ts";
import { Partition } from "../../../src/log/partition.ts";
import { confirmedId, positionAt } from "../../../src/log/positions/confirm.ts";
import type { FrameMark, Position, StoredPosition } from "../../../src/log/positions/position_slot.ts";
import { test } from "../../harness.ts";
import { SimulatedFolder } from "../../drivers/files/simulated_folder.ts";
import { CraftedSegment, CREATED, type Part, SALT, type Surroundings } from "../segment/crafted_segment.ts";

/** The frame with a sequence of a writer. */
function frame(sequence: number, nonce = 1, salt = SALT): FrameMark {
  return { salt, nonce, sequence };
}

/** The id from which reading goes on. */
function confirmed(
  parts: readonly Part[] | Partition,
  position: Partial<StoredPosition> & { nextId: number },
  surroundings: Surroundings = {},
): number {
  const partition = parts instanceof Partition ? parts : new CraftedSegment(parts, surroundings).partition();
  return confirmedId(partition, { time: 0, generation: 1, ...position });
}

function emptyPartition(): Partition {
  const { storage } = new SimulatedFolder();
  return new Partition({ storage, directory: "/store", topic: "t", partition: 0 });
}

/** A frame of which nothing is left but its place. */
function lost(count: number): Part {
  return { count, damaged: ["header magic", "trailer magic"] };
}

test("a position is stored with the frame that holds the event before it", () => {
  const parts: Part[] = [{ count: 2, time: 6000 }, { count: 3, time: 7000 }, { writer: 2, time: 8000 }];
  const partition = new CraftedSegment(parts.map((part) => ({ ...part, anchor: [0, 10] })), { baseId: 10 })
    .partition();
  const expected: [nextId: number, time: number, mark?: FrameMark][] = [
    [8, 0],
    [10, 0],
    [11, 6000, frame(0)],
    [12, 6000, frame(0)],
    [13, 7000, frame(1)],
    [15, 7000, frame(1)],
    [16, 8000, frame(2, 2)],
    [17, 0],
  ];
  for (const [nextId, time, mark] of expected) {
    assertEquals(
      positionAt(partition, nextId),
      mark === undefined ? { nextId, time } : { nextId, time, mark },
    );
  }
  assertEquals(positionAt(emptyPartition(), 5), { nextId: 5, time: 0 });
});

test("a position is confirmed by its frame, wherever in it that is, and not by another one", () => {
  const parts: Part[] = [{ count: 2 }, { count: 3 }, { writer: 2 }, { sequence: 7 }];
  for (
    const [nextId, mark] of [[1, frame(0)], [2, frame(0)], [4, frame(1)], [5, frame(1)], [
      6,
      frame(2, 2),
    ]] as const
  ) {
    assertEquals(confirmed(parts, { nextId, mark }), nextId);
  }
  // Back to the last frame that its writer certainly made before.
  assertEquals(confirmed(parts, { nextId: 5, mark: frame(2) }), 5);
  assertEquals(confirmed(parts, { nextId: 6, mark: frame(1) }), 2);
  assertEquals(confirmed(parts, { nextId: 7, mark: frame(2) }), 5);
  assertEquals(confirmed(parts, { nextId: 99, mark: frame(7) }), 5);
  assertEquals(confirmed(parts, { nextId: 6, mark: frame(2, 3) }), 0);
  assertEquals(confirmed(parts, { nextId: 6, mark: frame(2, 2, 8) }), 0);
  // Frames from the position on say nothing.
  assertEquals(confirmed([{ count: 2, writer: 2 }, { count: 3 }], { nextId: 2, mark: frame(3) }), 0);
});

test("what another process appends while a position is looked for is not taken for what holds the event before it", () => {
  const crafted = new CraftedSegment([{ count: 2 }]);
  const next = new CraftedSegment([{ count: 2 }, { count: 3 }]).bytesOf(1);
  const partition = crafted.partition();
  const look = partition.positionOfId.bind(partition);
  partition.positionOfId = (id, ids) => {
    const found = look(id, ids);
    crafted.append(next);
    return found;
  };
  assertEquals(positionAt(partition, 9), { nextId: 9, time: 0 });
});

test("a position at the first event, or before it, stays as it is, and without a segment there is none", () => {
  const parts: Part[] = [{ count: 2, anchor: [0, 10] }];
  for (const mark of [undefined, frame(5)]) {
    for (const nextId of [0, 7, 10]) assertEquals(confirmed(parts, { nextId, mark }, { baseId: 10 }), nextId);
    for (const rest of [{}, { time: 5000 }, { generation: 0 }]) {
      assertEquals(confirmed(emptyPartition(), { nextId: 7, mark, ...rest }), 0);
    }
  }
});

test("reading goes back to an earlier position that is confirmed, the greatest one", () => {
  const parts: Part[] = [{ count: 2 }, { count: 3 }, { count: 4 }];
  const unknown = { nextId: 9, mark: frame(1, 1, 8) };
  const at = (nextId: number, mark: FrameMark): Position => ({ nextId, time: 0, mark });
  const cases: [earlier: Position[], expected: number][] = [
    [[], 0],
    [[at(7, frame(2)), at(2, frame(0))], 7],
    [[at(7, frame(3)), at(5, frame(1)), at(2, frame(0))], 5],
    [[at(7, frame(3)), at(5, frame(4))], 0],
  ];
  for (const [earlier, expected] of cases) {
    assertEquals(confirmed(parts, { ...unknown, earlier }), expected);
    assertEquals(confirmed(parts, { nextId: 9, earlier }), expected, "without a frame");
  }
  // The frame before the first event is gone.
  const later = parts.map((part) => ({ ...part, anchor: [0, 10] as [number, number] }));
  for (const nextId of [10, 9]) {
    const earlier = [at(nextId, frame(0))];
    assertEquals(confirmed(later, { nextId: 19, mark: frame(1, 1, 8), earlier }, { baseId: 10 }), 10);
  }
});

test("only the segment of the position's frame, which began before the position, says what its writer made before", () => {
  const parts: Part[] = [{ count: 2 }, { count: 4 }];
  const surroundings = { next: { id: 6 } };
  for (const nextId of [3, 6]) {
    assertEquals(confirmed(parts, { nextId, mark: frame(1, 1, 7) }, surroundings), 0);
  }
  assertEquals(confirmed(parts, { nextId: 8, mark: frame(1, 1, 7) }, surroundings), 6);
  assertEquals(confirmed(parts, { nextId: 8, mark: frame(1) }, surroundings), 2);
});

test("damage is the position's frame if its writer went on after it, in the same segment", () => {
  const after = (part: Part): Part => ({ anchor: [2, 5], ...part } as Part);
  const cases: [what: string, mark: FrameMark | undefined, last: Part, expected: number][] = [
    ["its writer went on", frame(1), {}, 5],
    ["another writer went on", frame(1), { writer: 2 }, 2],
    ["what is there is the position's frame, elsewhere", frame(2), {}, 2],
    ["its writer made a frame before that one", frame(5), {}, 2],
    ["it is of another segment", frame(1, 1, 8), {}, 0],
    ["an earlier version named no frame", undefined, { writer: 2 }, 5],
  ];
  for (const [what, mark, last, expected] of cases) {
    assertEquals(confirmed([{ count: 2 }, lost(3), after(last)], { nextId: 5, mark }), expected, what);
    // The same once a repair has put a frame into its place.
    const repaired: Part = { count: 3, flags: FLAG.lost, writer: 9, sequence: 50, time: CREATED + 9 };
    assertEquals(
      confirmed([{ count: 2 }, repaired, after(last)], { nextId: 5, mark }),
      expected,
      `${what}, repaired`,
    );
  }
});

test("a position of an earlier version is confirmed by the time of its frame, or goes back to that time", () => {
  const at = (...times: number[]): Part[] => times.map((time) => ({ time }));
  const parts = at(6000, 7000, 8000);
  for (
    const [nextId, time, expected] of [[2, 7000, 2], [3, 7000, 1], [3, 6500, 1], [3, 9000, 3], [
      9,
      9000,
      3,
    ]] as const
  ) {
    assertEquals(confirmed(parts, { nextId, time }), expected, `${nextId} at ${time}`);
  }
  // Nothing is known of the event before it.
  for (const nextId of [2, 9]) assertEquals(confirmed(parts, { nextId, time: 0 }), 0);
  // The clock was set back, which earlier versions stored as it was.
  assertEquals(confirmed(at(6000, 9000, 7000, 8000), { nextId: 3, time: 7000 }), 3);
  const repaired: Part[] = [{ time: 6000 }, { flags: FLAG.lost, time: 9000 }, { time: 9000 }];
  assertEquals(confirmed(repaired, { nextId: 2, time: 7000 }), 2);
});
