// A history that random ones hardly ever meet: a member of a group is stopped at one of its system calls, at each
// in turn, and another one acts meanwhile.
import { assert, assertGreater, assertLess } from "@std/assert";
import { Membership } from "../../src/groups/membership.ts";
import { test } from "../harness.ts";
import { SimulatedDisk } from "./disk/disk.ts";
import { SimulatedProcess } from "./disk/process.ts";
import { interruptOnce } from "./interrupt_once.ts";

const FOLDER = "/consumer";
const TIMEOUT_MS = 1000;

function newDisk(): SimulatedDisk {
  const disk = new SimulatedDisk(1);
  new SimulatedProcess(disk).makeDirectory(FOLDER);
  return disk;
}

/** A member that wants the only partition of a topic, and whether it relies on having it. */
class Member {
  hasPartition = false;
  readonly membership: Membership;

  constructor(disk: SimulatedDisk) {
    this.membership = new Membership({
      storage: new SimulatedProcess(disk),
      directory: `${FOLDER}/group`,
      numPartitions: 1,
      timeoutMs: TIMEOUT_MS,
      // On a machine of its own: no one sees that its process is alive.
      environment: {
        self: { host: "", pid: 1 },
        isGone: () => false,
        elapsedMs: () => disk.clock.time,
        every: () => () => {},
        soon: () => () => {},
        sleep: () => Promise.resolve(),
      },
      listener: {
        onAssigned: () => {
          this.hasPartition = true;
          return [];
        },
        onRevoking: () => false,
        onKept: () => {},
        onLost: () => this.hasPartition = false,
        onTurn: () => {},
        onError: (error) => {
          throw error;
        },
      },
    });
    this.membership.join();
  }
}

// A member asks before each event whether it still owns the partition. It sends its heartbeat, reads in the
// roster that it does, and is stopped there for longer than its timeout. The other member sees no further
// heartbeat, takes the partition over, and acknowledges the event. The first one must ask again before it
// delivers it.
test("a member that is stopped anywhere while it asks whether it may deliver does not deliver another one's event", () => {
  let takenOver = 0;
  for (let moment = 0, wasStopped = true; wasStopped; moment++) {
    assertLess(moment, 100);
    const disk = newDisk();
    const [first, second] = [new Member(disk), new Member(disk)];
    disk.clock.pass(TIMEOUT_MS / 4);
    second.membership.poll();
    const end = interruptOnce(disk, moment, () => {
      for (let poll = 0; poll < 8; poll++) {
        disk.clock.pass(TIMEOUT_MS / 4);
        second.membership.poll();
      }
      if (second.hasPartition) takenOver++;
    });
    first.membership.checkBeforeDelivery();
    wasStopped = end();
    assert(!(first.hasPartition && second.hasPartition), "both rely on having it");
  }
  assertGreater(takenOver, 4);
});
