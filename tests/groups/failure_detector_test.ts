// Which members of a group are taken for dead, and when, by what is seen of their processes and heartbeats.
import { assertEquals } from "@std/assert";
import { FailureDetector } from "../../src/groups/failure_detector.ts";
import type { Member } from "../../src/groups/roster.ts";
import type { Storage } from "../../src/storage/port.ts";
import { test } from "../harness.ts";
import { member, ScriptedEnvironment } from "./scripted_environment.ts";

/** The heartbeats of members, and a detector that reads them. */
class Watched {
  readonly environment = new ScriptedEnvironment();
  /** Counts and times of the files, by the member's id. */
  readonly files = new Map<string, { count: number; modified: number }>();
  /** The ids of members whose heartbeat was read. */
  read: string[] = [];
  wallMs = 1_000_000;
  beforeRead = (): void => {};
  readonly detector: FailureDetector;

  constructor() {
    const idOf = (path: string): string => path.replace("/group/members/", "");
    const storage: Pick<Storage, "readWhole" | "stat" | "now"> = {
      readWhole: (path) => {
        this.read.push(idOf(path));
        this.beforeRead();
        const file = this.files.get(idOf(path));
        return file === undefined ? undefined : new Uint8Array(new Float64Array([file.count]).buffer);
      },
      stat: (path) => {
        const file = this.files.get(idOf(path));
        return file === undefined ? undefined : { kind: "file", bytes: 8, modified: file.modified };
      },
      now: () => this.wallMs,
    };
    this.detector = new FailureDetector(storage as Storage, "/group", this.environment);
  }

  beat(id: string, modified = this.wallMs): void {
    this.files.set(id, { count: (this.files.get(id)?.count ?? 0) + 1, modified });
  }

  /** The ids of the dead at a time. */
  at(ms: number, ...members: Member[]): string {
    this.environment.nowMs = ms;
    return this.detector.failed(members).map(({ id }) => id).join(" ");
  }
}

const far = (id: string, changes: Partial<Member> = {}): Member => member(id, { host: "there", ...changes });

test("a member on this machine is dead as soon as its process has ended; of others the pid says nothing", () => {
  const watched = new Watched();
  const { environment, detector } = watched;
  environment.gone.add(8).add(9);
  const members = [
    member("lives"),
    member("ended", { pid: 8 }),
    far("elsewhere", { pid: 9 }),
    member("unknown", { host: "", pid: 9 }),
  ];
  assertEquals(watched.at(0, ...members), "ended");
  environment.asked.length = 0;
  assertEquals(detector.hasExited(members), true);
  assertEquals(environment.asked, ["7", "8"]);
  assertEquals(detector.hasExited(members.filter(({ id }) => id !== "ended")), false);
  const nowhere = new Watched();
  Object.assign(nowhere.environment, { self: { host: "", pid: 1 } });
  nowhere.environment.gone.add(9);
  assertEquals(nowhere.at(0, member("unknown", { host: "", pid: 9 })), "");
});

test("a member elsewhere is dead when no heartbeat was seen for longer than its timeout", () => {
  const watched = new Watched();
  watched.beat("a");
  const times = [0, 500, 1000, 1001, 1200];
  assertEquals(times.map((ms) => watched.at(ms, far("a"))), ["", "", "", "", "a"]);
  watched.beat("a");
  assertEquals([1400, 2400, 2600].map((ms) => watched.at(ms, far("a"))), ["", "", "a"]);
  // Each of several is watched by itself.
  const several = new Watched();
  several.beat("a");
  several.beat("b");
  assertEquals([0, 1001].map((ms) => several.at(ms, far("a"), far("b"))), ["", "a b"]);
});

test("a member whose heartbeat's file is missing is given its timeout too, and one that reclaimed its lease another", () => {
  const watched = new Watched();
  assertEquals([0, 1000].map((ms) => watched.at(ms, far("a"))), ["", ""]);
  const again = far("a", { renewals: 1 });
  assertEquals([1200, 2200, 2400].map((ms) => watched.at(ms, again)), ["", "", "a"]);
});

test("a silence is what this process observed: not the time in which it was stopped before it read", () => {
  const watched = new Watched();
  watched.beat("a");
  watched.at(0, far("a"));
  watched.beforeRead = () => watched.environment.nowMs += 5000;
  assertEquals(watched.at(900, far("a")), "");
  watched.beforeRead = () => {};
  assertEquals(watched.at(6000, far("a")), "a");
});

test("heartbeats are read five times in the shortest timeout, and every two seconds at least", () => {
  const readAt = (times: readonly number[], ...members: Member[]): number[] => {
    const watched = new Watched();
    return times.filter((ms) => {
      watched.read = [];
      watched.at(ms, ...members);
      return watched.read.length > 0;
    });
  };
  const slow = far("slow", { timeoutMs: 60_000 });
  assertEquals(readAt([0, 199, 200, 399, 400], far("a"), slow), [0, 200, 400]);
  assertEquals(readAt([0, 1999, 2000, 3999, 4000], slow), [0, 2000, 4000]);
});

test("once in a second one member is checked thoroughly, each in its turn", () => {
  const watched = new Watched();
  const members = [1, 2, 3].map((pid) => member(`m${pid}`, { pid }));
  const asked = [0, 999, 1000, 1500, 2000, 3000].map((ms) => {
    watched.environment.asked.length = 0;
    watched.at(ms, ...members);
    return watched.environment.asked.join(" ");
  });
  assertEquals(asked, ["1! 2 3", "1 2 3", "1 2! 3", "1 2 3", "1 2 3!", "1! 2 3"]);
  const one = new Watched();
  one.at(0, member("m1"));
  assertEquals(one.environment.asked, ["7!"]);
  // Without others there is nothing to check, and no turn is taken.
  watched.at(5000);
  watched.environment.asked.length = 0;
  watched.at(5001, ...members);
  assertEquals(watched.environment.asked, ["1", "2!", "3"]);
});

test("on this machine a file that was touched is not read", () => {
  const watched = new Watched();
  watched.beat("a");
  watched.at(0, member("a"));
  assertEquals(watched.read, ["a"]);
  watched.beat("a", watched.wallMs += 5);
  assertEquals([watched.at(900, member("a")), watched.read], ["", ["a"]]);
  assertEquals([watched.at(1900, member("a")), watched.read], ["", ["a", "a"]]);
  assertEquals(watched.at(2100, member("a")), "a");
  // A file of another machine says nothing by its time.
  watched.beat("far");
  watched.at(2400, far("far"));
  watched.files.get("far")!.modified += 50;
  assertEquals(watched.at(3500, far("far")), "far");
});

test("after a touch, the number that is read next is compared with none", () => {
  const watched = new Watched();
  watched.beat("a");
  watched.at(0, member("a"));
  watched.beat("a", watched.wallMs += 5);
  watched.at(900, member("a"));
  watched.at(1700, member("a"));
  // The clock of the file system stands: the number alone tells.
  watched.beat("a");
  assertEquals([watched.at(1950, member("a")), watched.at(2900, member("a"))], ["", ""]);
  assertEquals(watched.at(3100, member("a")), "a");
});

test("a member has shown itself by its second heartbeat, and what was seen of one that left is forgotten", () => {
  const watched = new Watched();
  const { detector } = watched;
  const shown = (ms: number, ...members: Member[]): boolean => {
    watched.at(ms, ...members);
    return detector.hasShown("a");
  };
  watched.beat("a");
  assertEquals([detector.hasShown("a"), shown(0, far("a")), shown(200, far("a"))], [false, false, false]);
  watched.beat("a");
  assertEquals([shown(400, far("a")), shown(800, far("b")), shown(1000, far("a"))], [true, false, false]);
});

test("a heartbeat on this machine is recent if its file is younger than the timeout, by a clock that may step", () => {
  const watched = new Watched();
  const { detector } = watched;
  assertEquals(detector.hasRecentHeartbeat(member("a")), false);
  const found = [0, 999, 1000, -999, -1000].map((ageMs) => {
    watched.beat("a", watched.wallMs - ageMs);
    return detector.hasRecentHeartbeat(member("a"));
  });
  assertEquals(found, [true, true, false, true, false]);
  watched.beat("a");
  assertEquals(detector.hasRecentHeartbeat(far("a")), false);
});
