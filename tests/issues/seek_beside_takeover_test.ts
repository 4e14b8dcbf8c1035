// Two that move the position of a group at the same time, one of which is stopped at one of its system calls, at
// each in turn: a member that takes a partition over, and a seek, or another member. A position was "the greatest
// by generation and id", each of the two began the same generation, and what the one stored that found that it
// had not been alone counted all the same.
import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { ConsumerFolder } from "../../src/drivers/files/consumer_folder.ts";
import { CursorFile } from "../../src/log/positions/cursor.ts";
import type { Position, StoredPosition } from "../../src/log/positions/position_slot.ts";
import { test } from "../harness.ts";
import { SimulatedDisk } from "../simulation/disk/disk.ts";
import { SimulatedKill } from "../simulation/disk/failure.ts";
import { SimulatedProcess } from "../simulation/disk/process.ts";
import { interruptOnce } from "../simulation/interrupt_once.ts";

const at = (nextId: number): Position => ({ nextId, time: 0 });
/** A member that begins where the group is, or at an id if nothing is stored. */
const beginAt = (nextId: number) => (stored: StoredPosition | undefined): Position => stored ?? at(nextId);

/** A consumer's position on a disk. */
function newPosition(): { disk: SimulatedDisk; open: (process?: SimulatedProcess) => CursorFile } {
  const disk = new SimulatedDisk(1);
  new SimulatedProcess(disk).makeDirectory("/consumer");
  return {
    disk,
    open: (process = new SimulatedProcess(disk)) => new CursorFile(process, "/consumer/00000000.pos"),
  };
}

/** Stops a process at each of its system calls; `history` says whether it got there. Returns how many there are. */
function atEachCall(history: (call: number) => boolean): number {
  for (let call = 0;; call++) {
    assertLess(call, 500);
    if (!history(call)) return call;
  }
}

// A member reads that the group is at event 60, and is stopped before it makes its own file. A seek to event 10
// sees no file but the old one, and is done. The member makes its file and goes on at event 60; if it was killed
// just then, its file remained, and so did the position in it.
for (const isKilled of [false, true]) {
  test(`a seek is not lost whenever a member takes the partition over${isKilled ? ", and is killed then" : ""}`, () => {
    const calls = atEachCall((call) => {
      const { disk, open } = newPosition();
      const former = open();
      former.acknowledge(at(60));
      former.close();
      const process = new SimulatedProcess(disk);
      const owner = open(process);
      let left = Infinity;
      const before = disk.beforeCall;
      disk.beforeCall = () => {
        if (left-- === 0) process.end();
        before();
      };
      let wasKilled = false;
      const end = interruptOnce(disk, call, () => {
        open().seek(at(10));
        // It may still make its file.
        if (isKilled) left = 12;
      });
      try {
        owner.take(beginAt(0));
      } catch (error) {
        if (!(error instanceof SimulatedKill)) throw error;
        wasKilled = true;
      }
      left = Infinity;
      const wasStopped = end();
      assertEquals(open().read()?.nextId, wasStopped ? 10 : 60);
      if (!wasKilled) {
        // What it acknowledges from then on counts.
        owner.acknowledgeHeld(at(70), () => {});
        assertEquals(open().read()?.nextId, 70);
      }
      return wasStopped;
    });
    assertGreater(calls, 8);
  });
}

// A seek of several partitions decides first what it will store, so that it is done in all of them or in none. A
// member that took one of them over after that looked like a later seek, and the seek left that partition out.
test("a seek of several partitions is stored in all of them whenever a member takes one over", () => {
  const calls = atEachCall((call) => {
    const disk = new SimulatedDisk(1);
    for (const path of ["/topic", "/topic/consumers"]) new SimulatedProcess(disk).makeDirectory(path);
    const open = () => {
      const storage = new SimulatedProcess(disk);
      const names = { topicPath: "/topic", directory: "/topic/consumers", topic: "topic" };
      return new ConsumerFolder({ storage, ...names, numPartitions: 2 }, "workers", false);
    };
    for (const partition of [0, 1]) open().cursor(partition).acknowledge(at(60));
    const end = interruptOnce(disk, call, () => void open().cursor(0).take(beginAt(0)));
    open().seek([{ partition: 0, ...at(10) }, { partition: 1, ...at(10) }]);
    const wasStopped = end();
    assertEquals(
      [0, 1].map((partition) => open().cursor(partition).read()?.nextId),
      [10, 10],
      `call ${call}`,
    );
    return wasStopped;
  });
  assertGreater(calls, 20);
});

// The first member of a group begins at the end of the log, event 100, and is stopped before it makes its file.
// Another one is the owner after that; it was to begin at event 0, and acknowledges event 5. The first one made
// its file then, the group's position was 100, and events 6 to 99 would have come to no one after the second.
test("of two members that begin a partition, one of which was stopped, the first to store its start decides", () => {
  const begins = new Set<number>();
  const calls = atEachCall((call) => {
    const { disk, open } = newPosition();
    const [first, second] = [open(), open()];
    let begin = -1;
    const end = interruptOnce(disk, call, () => begin = second.take(beginAt(0)).nextId);
    first.take(beginAt(100));
    const wasStopped = end();
    // It finds in the roster that it does not own the partition any more.
    first.close();
    if (wasStopped) {
      begins.add(begin);
      second.acknowledgeHeld(at(begin + 6), () => {});
      assertEquals(open().read()?.nextId, begin + 6);
    }
    return wasStopped;
  });
  assertGreater(calls, 8);
  assertEquals([...begins].sort(), [0, 100]);
});

// A member acknowledges, and the partition moves in the middle of that: its next owner has read by then what it begins
// with. The acknowledgement counts for the next owner too, or it is refused; what that one acknowledges counts anyway.
test("an acknowledgement is refused if the next owner of the partition did not see it, wherever the former was stopped", () => {
  const begins = new Set<number>();
  const calls = atEachCall((call) => {
    const { disk, open } = newPosition();
    const [former, next] = [open(), open()];
    former.take(beginAt(0));
    former.acknowledgeHeld(at(5), () => {});
    let begin: number | undefined;
    const end = interruptOnce(disk, call, () => begin = next.take(beginAt(0)).nextId);
    let isConfirmed = false;
    try {
      former.acknowledgeHeld(at(9), () => {
        if (begin !== undefined) throw new Error("it is another member's now");
      });
      isConfirmed = true;
    } catch (error) {
      assertEquals((error as Error).message, "it is another member's now");
    }
    const wasStopped = end();
    if (begin === undefined) return wasStopped;
    begins.add(begin);
    assertEquals([begin, isConfirmed], [isConfirmed ? 9 : begin, isConfirmed], `call ${call}`);
    next.acknowledgeHeld(at(begin + 1), () => {});
    assertEquals(open().read()?.nextId, begin + 1);
    return wasStopped;
  });
  assertGreater(calls, 2);
  assertEquals([...begins].sort(), [5, 9]);
});
