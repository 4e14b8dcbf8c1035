// How much may be pending and in flight, with partitions that are unavailable beside others.
import { assertEquals } from "@std/assert";
import {
  type BatcherOwner,
  heldBackBy,
  type Holder,
  NOTHING_HELD_BACK,
} from "../../src/producer/batcher_owner.ts";
import { backpressure, hasMemory, hasSlot, isBusy } from "../../src/producer/backpressure.ts";
import { test } from "../harness.ts";

const HOLDER: Holder = {
  partition: 3,
  isUsed: true,
  isUnavailable: false,
  inFlight: 0,
  pendingBytes: 0,
  queuedBytes: 0,
};
const UNAVAILABLE: Holder = { ...HOLDER, isUnavailable: true };

/** A producer with a limit of 4 batches and 100 bytes; `held` is what unavailable partitions hold of it. */
function owner(
  { inFlight = 0, openBytes = 0, queuedBytes = 0, held = {} as Partial<typeof NOTHING_HELD_BACK> },
): BatcherOwner {
  return {
    inFlight: new Set(Array.from({ length: inFlight }, (_, index) => index)),
    openBytes,
    queuedBytes,
    limits: { batchesMax: 4, pendingBytesMax: 100 },
    heldBack: () => ({ ...NOTHING_HELD_BACK, ...held }),
  } as unknown as BatcherOwner;
}

test("a batch may be sent while there is a slot, and those of unavailable partitions take none from the others", () => {
  const cases: [inFlight: number, batches: number, available: boolean, unavailable: boolean][] = [
    [3, 0, true, true],
    [4, 0, false, false],
    [4, 1, true, false],
    [5, 1, false, false],
    [7, 4, true, false],
    [8, 4, false, false],
  ];
  for (const [inFlight, batches, available, unavailable] of cases) {
    const its = owner({ inFlight, held: { batches } });
    assertEquals([hasSlot(HOLDER, its), hasSlot(UNAVAILABLE, its)], [available, unavailable], `${inFlight}`);
  }
});

test("half of the room is there for available partitions, all of it if nothing is held back", () => {
  const cases: [open: number, queued: number, held: number, available: boolean, unavailable: boolean][] = [
    [25, 25, 0, true, true],
    [50, 50, 0, true, true],
    [50, 51, 0, false, false],
    [50, 0, 50, true, true],
    [51, 0, 50, true, true],
    [52, 0, 51, true, false],
    [100, 0, 50, true, true],
    [101, 0, 50, false, true],
    [90, 30, 70, true, false],
    [91, 30, 70, false, false],
    [100, 0, 1, true, true],
    [100, 1, 1, false, true],
  ];
  for (const [openBytes, queuedBytes, pendingBytes, available, unavailable] of cases) {
    const its = owner({ openBytes, queuedBytes, held: { pendingBytes } });
    const what = `${openBytes} + ${queuedBytes}, ${pendingBytes} held back`;
    assertEquals([hasMemory(HOLDER, its), hasMemory(UNAVAILABLE, its)], [available, unavailable], what);
  }
});

test("a producer is busy while all slots are taken or something is queued for an available partition", () => {
  const cases: [ReturnType<typeof owner>, boolean][] = [
    [owner({}), false],
    [owner({ inFlight: 3 }), false],
    [owner({ inFlight: 4 }), true],
    [owner({ inFlight: 4, held: { batches: 1 } }), false],
    [owner({ queuedBytes: 1 }), true],
    [owner({ queuedBytes: 9, held: { queuedBytes: 9 } }), false],
    [owner({ queuedBytes: 10, held: { queuedBytes: 9 } }), true],
    [owner({ openBytes: 99 }), false],
  ];
  cases.forEach(([its, expected], index) => assertEquals(isBusy(its), expected, `case ${index}`));
});

test("a push without room says what to do about it, and how much waits", () => {
  const text = (holder: Holder, its: BatcherOwner): string => backpressure(holder, its).message;
  const waits =
    "Cannot push to partition 3: 101 bytes wait to be stored; await producer.ready() before pushing more, " +
    "or raise maxPendingBytes";
  assertEquals(text(HOLDER, owner({ openBytes: 51, queuedBytes: 50 })), waits);
  assertEquals(text(HOLDER, owner({ openBytes: 81, queuedBytes: 50, held: { pendingBytes: 30 } })), waits);
  assertEquals(text(UNAVAILABLE, owner({ openBytes: 51, queuedBytes: 50 })), waits);
  assertEquals(
    text(UNAVAILABLE, owner({ openBytes: 81, held: { pendingBytes: 60 } })),
    "Cannot push to partition 3: 60 bytes wait for partitions that are unavailable while others store; push later, or raise maxPendingBytes",
  );
});

test("what unavailable partitions hold is added up, unless the producer pushes to no others", () => {
  const holders: Holder[] = [
    { ...UNAVAILABLE, inFlight: 1, pendingBytes: 10, queuedBytes: 4 },
    { ...UNAVAILABLE, inFlight: 2, pendingBytes: 20, queuedBytes: 5 },
    { ...UNAVAILABLE, isUsed: false, inFlight: 50, pendingBytes: 50, queuedBytes: 50 },
  ];
  const available = { ...HOLDER, inFlight: 7, pendingBytes: 70, queuedBytes: 7 };
  assertEquals(heldBackBy([...holders, available]), { batches: 3, pendingBytes: 30, queuedBytes: 9 });
  assertEquals(heldBackBy([...holders, { ...available, isUsed: false }]), NOTHING_HELD_BACK);
  assertEquals(heldBackBy(holders), NOTHING_HELD_BACK);
  assertEquals(heldBackBy([]), NOTHING_HELD_BACK);
  assertEquals(heldBackBy([available]), NOTHING_HELD_BACK);
});
