// What the simulation found when group members were added to it.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { StorageError } from "../../src/errors.ts";
import { Heartbeat, readHeartbeat } from "../../src/groups/heartbeat.ts";
import type { AssignmentListener } from "../../src/groups/assignor.ts";
import { Membership } from "../../src/groups/membership.ts";
import type { GroupEnvironment } from "../../src/groups/failure_detector.ts";
import { CursorFile } from "../../src/log/positions/cursor.ts";
import { test } from "../harness.ts";
import { SimulatedDisk } from "../simulation/disk/disk.ts";
import { SimulatedProcess } from "../simulation/disk/process.ts";
import { interruptOnce } from "../simulation/interrupt_once.ts";

/** A disk with an empty folder. */
function makeDisk(seed = 1): SimulatedDisk {
  const disk = new SimulatedDisk(seed);
  new SimulatedProcess(disk).makeDirectory("/consumer");
  return disk;
}

// A position is written to two slots in turn. The system wrote one only in part, and the acknowledgement
// failed; the next acknowledgement, or the close, used the other slot, which held the last complete position.
// When that was cut short too, no position was left, and the partition started again from a much earlier one.
test("consecutive partial writes leave the position stored before them", () => {
  const path = "/consumer/00000000.pos";
  for (let seed = 1; seed <= 20; seed++) {
    const disk = makeDisk(seed);
    const cursor = new CursorFile(new SimulatedProcess(disk), path);
    for (let nextId = 1; nextId <= seed; nextId++) cursor.acknowledge({ nextId, time: 0 });
    disk.faults = { shortUpdate: 1 };
    for (let nextId = 1; nextId <= 3; nextId++) {
      assertThrows(
        () => cursor.acknowledge({ nextId: seed + nextId, time: 0 }),
        StorageError,
        "Cannot write",
      );
    }
    cursor.close();
    disk.faults = {};
    assertEquals(new CursorFile(new SimulatedProcess(disk), path).read()?.nextId, seed);
  }
});

// A member that had been silent for long showed that it was alive, in a new file, and was stopped before it
// opened it. Another member declared it dead, and removed the file. When the first one resumed, it reported
// that its consumer had been deleted, although it only had to join again.
test("a member whose heartbeat file is removed at any moment writes the next one", () => {
  const path = "/consumer/member";
  let others = 0;
  for (let moment = 0, isLast = false; !isLast; moment++) {
    const disk = makeDisk();
    const other = new SimulatedProcess(disk);
    const heartbeat = new Heartbeat(new SimulatedProcess(disk), path);
    const end = interruptOnce(disk, moment, () => {
      other.remove(path);
      others++;
    });
    heartbeat.beat();
    isLast = !end();
    heartbeat.beat();
    assertEquals(readHeartbeat(other, path), 2, `at call ${moment}`);
  }
  assert(others > 3);
});

// A member took over a partition, and could not read the roster just after that. It forgot that it owned the
// partition, but continued to deliver its events, even when another member owned it.
test("a member that takes over a partition and cannot verify its ownership releases it", () => {
  const disk = makeDisk();
  const storage = new SimulatedProcess(disk);
  let isFailing = false;
  const list = storage.list.bind(storage);
  storage.list = (path) => {
    if (isFailing) throw new StorageError("EIO", `Cannot list "${path}" (EIO)`);
    return list(path);
  };
  const has = new Set<number>();
  const listener: AssignmentListener = {
    onAssigned(partitions) {
      for (const partition of partitions) has.add(partition);
      isFailing = true;
      return [];
    },
    onRevoking: () => true,
    onKept: () => {},
    onLost: (partition) => has.delete(partition),
    onTurn: () => {},
    onError: () => {},
  };
  const environment: GroupEnvironment = {
    self: { host: "here", pid: 1 },
    isGone: () => false,
    elapsedMs: () => disk.clock.time,
    every: () => () => {},
    soon: () => () => {},
    sleep: () => Promise.resolve(),
  };
  const settings = { storage, directory: "/consumer/group", numPartitions: 1, timeoutMs: 1000 };
  const member = new Membership({ ...settings, environment, listener });
  assertThrows(() => member.join(), StorageError, "EIO");
  assertEquals([...has], []);
});

// Two consumers merged the same files into their own at the same time. One was stopped before it removed them;
// the other one removed them, and a third one created a file with the plain name, which was free again. When
// the first one resumed, it removed the third one's file, with the position in it.
test("a member stopped while removing merged files removes none created since", () => {
  const path = "/consumer/00000000.pos";
  let others = 0;
  for (let moment = 0, isLast = false; !isLast; moment++) {
    const disk = makeDisk();
    const open = () => new CursorFile(new SimulatedProcess(disk), path);
    const seek = (nextId: number) => {
      const cursor = open();
      cursor.seek({ nextId, time: 0 });
      cursor.close();
    };
    for (let nextId = 1; nextId <= 4; nextId++) open().acknowledge({ nextId, time: 0 });
    disk.clock.pass(3_600_000);
    const end = interruptOnce(disk, moment, () => {
      seek(20);
      seek(30);
      others++;
    });
    open().acknowledge({ nextId: 10, time: 0 });
    isLast = !end();
    assertEquals(open().read()?.nextId, isLast ? 10 : 30, `at call ${moment}`);
  }
  assert(others > 5);
});
