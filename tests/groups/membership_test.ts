// The membership of consumers in a group, step by step: who owns which partition, and what each learns of it.
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { StorageError } from "../../src/errors.ts";
import { RosterFiles } from "../../src/groups/roster.ts";
import { bestEffort } from "../../src/storage/port.ts";
import { ROOT } from "../drivers/files/simulated_folder.ts";
import { test } from "../harness.ts";
import { Scene, TIMEOUT_MS } from "./scripted_members.ts";

test("the first member has every partition, and each that joins its share, once the others let go", () => {
  const scene = new Scene();
  const one = scene.joined();
  assertEquals([one.partitions, one.log], ["0123", ["+0", "+1", "+2", "+3"]]);
  one.letsGo = false;
  const two = scene.joined();
  scene.settle();
  assertEquals([one.partitions, two.partitions, one.membership.isSettled], ["0123", "", false]);
  assertEquals(one.log.slice(4, 6), ["?2", "?3"]);
  one.letsGo = true;
  scene.settle();
  assertEquals([one.partitions, two.partitions, one.membership.isSettled], ["01", "23", true]);
  assertEquals([0, 1, 2, 3].map((partition) => one.membership.owns(partition)), [true, true, false, false]);
  assertEquals([0, 1, 2, 3].map((partition) => two.membership.owns(partition)), [false, false, true, true]);
  // Each ownership has the epoch of the roster that began it.
  assertEquals(scene.roster!.shares.map((share) => share.epoch), [1, 1, 3, 3]);
  // Nothing changes any more, and no one is asked again.
  const before = one.log.length;
  const { epoch } = scene.roster!;
  scene.settle();
  assertEquals([one.log.length, scene.roster!.epoch], [before, epoch]);
});

test("a member is known by sixteen digits, its process and its heartbeat", () => {
  const scene = new Scene();
  scene.joined();
  scene.joined();
  const members = scene.roster!.members;
  assertEquals(members.map(({ host, pid, started, timeoutMs }) => [host, pid, started, timeoutMs]), [
    ["here", 1, "at 1", TIMEOUT_MS],
    ["here", 2, "at 2", TIMEOUT_MS],
  ]);
  for (const { id } of members) assertMatch(id, /^[0-9a-f]{16}$/);
  const files = scene.folder.names(`${ROOT}/group/members`).map((name) => name.replace("group/members/", ""));
  assertEquals(files, members.map(({ id }) => id).sort());
});

test("a member that leaves gives everything to the others, takes its heartbeat with it, and is not heard again", () => {
  const scene = new Scene();
  const one = scene.joined();
  const two = scene.joined();
  scene.settle();
  one.membership.leave();
  assertEquals([one.partitions, one.log.slice(-2), one.environment.timers.size], ["", ["-0", "-1"], 0]);
  assertEquals([scene.roster!.members.length, scene.folder.names(`${ROOT}/group/members`).length], [1, 1]);
  two.membership.poll();
  assertEquals(two.partitions, "0123");
  const { epoch } = scene.roster!;
  const before = one.log.length;
  one.membership.leave();
  one.membership.poll();
  one.membership.checkLease();
  assertEquals([one.log.length, scene.roster!.epoch, scene.roster!.members.length], [before, epoch, 1]);
});

test("a member that cannot leave stays in the roster until the others see that it is dead", () => {
  const scene = new Scene();
  const zero = scene.joined();
  bestEffort(() => zero.membership.leave());
  assertEquals(scene.roster!.members, []);
  const one = scene.joined();
  const two = scene.joined();
  scene.settle();
  scene.folder.before = (name) => {
    if (name === "publish") throw new StorageError("ENOSPC", "Cannot write: simulated");
  };
  bestEffort(() => one.membership.leave());
  scene.folder.before = () => {};
  assertEquals([one.partitions, scene.roster!.members.length, one.environment.timers.size], ["", 2, 0]);
  one.membership.poll();
  one.membership.leave();
  assertEquals([one.partitions, scene.roster!.members.length], ["", 2]);
  two.environment.gone.add(2);
  two.membership.poll();
  assertEquals([two.partitions, scene.roster!.members.map(({ pid }) => pid)], ["0123", [3]]);
  assertEquals(scene.folder.names(`${ROOT}/group/members`).length, 1);
});

test("partitions that are to move and then stay are kept, and said so once", () => {
  const scene = new Scene();
  const one = scene.joined();
  one.letsGo = false;
  const two = scene.joined();
  one.membership.poll();
  two.membership.leave();
  scene.members.pop();
  one.log.length = 0;
  scene.settle();
  assertEquals([one.log, one.partitions], [["=2", "=3"], "0123"]);
});

test("a roster that another process publishes first is taken into account", () => {
  const scene = new Scene();
  const one = scene.joined();
  const two = scene.member();
  let races = 0;
  scene.folder.before = (name, path) => {
    if (name !== "publish" || !/group\/\d+\.json$/.test(path)) return;
    scene.folder.before = () => {};
    races++;
    scene.joined();
  };
  two.membership.join();
  assertEquals([races, scene.roster!.members.length], [1, 3]);
  scene.settle();
  const owned = [one, ...scene.members.slice(1)].map(({ partitions }) => partitions);
  assertEquals(owned.join("").split("").sort().join(""), "0123");
});

test("a member whose lease has expired loses everything before others may have it, and reclaims it if no one does", () => {
  const scene = new Scene();
  const one = scene.joined();
  scene.pass(699);
  one.membership.checkLease();
  assertEquals(one.partitions, "0123");
  // It was stopped for longer than its lease.
  scene.pass(5000);
  const { epoch } = scene.roster!;
  const { renewals } = scene.roster!.members[0]!;
  one.membership.checkLease();
  assertEquals([one.partitions, scene.roster!.members[0]!.renewals], ["0123", renewals + 1]);
  assertEquals(scene.roster!.epoch, epoch + 1);
  // It cannot say that it is alive: the disk fails.
  scene.pass(5000);
  scene.folder.before = (name) => {
    if (name === "publish") throw new StorageError("EIO", "Cannot publish: simulated");
  };
  one.membership.checkLease();
  assertEquals([one.partitions, one.log.filter((text) => text.startsWith("error")).length > 0], ["", true]);
  scene.folder.before = () => {};
  one.membership.poll();
  assertEquals(one.partitions, "0123");
});

test("a listener may poll and ask what it owns while it is called", () => {
  const scene = new Scene(1);
  const one = scene.member();
  const asked: boolean[] = [];
  one.onAssigned = () => {
    asked.push(one.membership.owns(0));
    one.membership.poll();
  };
  one.membership.join();
  assertEquals([asked, one.log], [[true], ["+0"]]);
});

test("a partition whose assignment fails is lost, the error is reported, and the next poll tries again", () => {
  const scene = new Scene(1);
  const one = scene.member();
  one.onAssigned = () => {
    throw new Error("cannot open it");
  };
  assertThrows(() => one.membership.join(), Error, "cannot open it");
  assertEquals(one.partitions, "");
  one.membership.poll();
  assertEquals(one.log.at(-1), "error cannot open it");
  one.onAssigned = () => {};
  one.membership.poll();
  assertEquals([one.partitions, one.membership.owns(0)], ["0", true]);
});

test("a partition that moves while it is assigned is lost again", () => {
  const scene = new Scene(1);
  const one = scene.member();
  one.onAssigned = () => {
    const files = new RosterFiles(scene.folder.storage, `${ROOT}/group`, 1);
    const roster = files.read()!;
    files.publish(roster, { members: roster.members, shares: [{ owner: "other", epoch: roster.epoch + 1 }] });
    one.onAssigned = () => {};
  };
  one.membership.join();
  assertEquals(one.log.slice(0, 2), ["+0", "-0"]);
});

test("a timer polls often where nothing is watched, rarely where something is, and says that the loop has turned", () => {
  const scene = new Scene(1);
  const one = scene.joined();
  const [tick] = [...one.environment.timers.values()];
  const listed = (ms: number): number => {
    scene.pass(ms);
    let calls = 0;
    scene.folder.before = (name) => void (name === "stat" && calls++);
    tick!();
    scene.folder.before = () => {};
    return calls;
  };
  assert(listed(1) > 0);
  one.membership.isWatched = true;
  assertEquals(listed(50), 0);
  assert(listed(50) > 0);
  one.membership.checkBeforeDelivery();
  for (const call of one.environment.soonCalls) call();
  assertEquals(one.log.at(-1), "turn");
});

test("a member that is notified of changes still looks after what it is to hand over, and after dead members, at each tick", () => {
  const scene = new Scene();
  const one = scene.member();
  assertEquals(one.membership.isSettled, true);
  one.membership.join();
  one.membership.isWatched = true;
  const tick = (): void => [...one.environment.timers.values()].at(-1)!();
  one.letsGo = false;
  const two = scene.joined();
  one.membership.poll();
  assertEquals(one.partitions, "0123");
  one.letsGo = true;
  tick();
  two.membership.poll();
  assertEquals([one.partitions, two.partitions], ["01", "23"]);
  // No time has passed, so that nothing else is due.
  one.environment.gone.add(2);
  tick();
  assertEquals([one.partitions, scene.roster!.members.length], ["0123", 1]);
});

test("a partition that was another member's for a while is not owned until it was lost and assigned again", () => {
  const scene = new Scene(1);
  const one = scene.joined();
  const files = new RosterFiles(scene.folder.storage, `${ROOT}/group`, 1);
  const { id } = scene.roster!.members[0]!;
  for (const owner of ["other", id]) {
    const { epoch, members } = files.read()!;
    files.publish({ epoch, members, shares: [] }, { members, shares: [{ owner, epoch: epoch + 1 }] });
  }
  assertEquals(one.membership.owns(0), false);
  one.membership.poll();
  assertEquals([one.log, one.membership.owns(0)], [["+0", "-0", "+0"], true]);
});
