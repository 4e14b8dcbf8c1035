// The membership of a group when something else happens in the middle of it: a listener that leaves, a failing disk,
// a process that is stopped, and others that are faster.
import { assertEquals, assertThrows } from "@std/assert";
import { StorageError } from "../../src/errors.ts";
import { bestEffort } from "../../src/storage/port.ts";
import { ROOT } from "../drivers/files/simulated_folder.ts";
import { test } from "../harness.ts";
import { Scene } from "./scripted_members.ts";

const isRoster = (path: string): boolean => /group\/\d+\.json$/.test(path);

function refuse(scene: Scene): void {
  scene.folder.before = (name) => {
    if (name === "publish") throw new StorageError("EIO", "Cannot publish: simulated");
  };
}

test("a member that leaves while it is given partitions keeps none of them, and does not join again", () => {
  const scene = new Scene();
  const [one, two] = [scene.joined(), scene.joined()];
  scene.settle();
  two.log.length = 0;
  two.onAssigned = () => two.membership.leave();
  one.environment.gone.add(1);
  two.environment.gone.add(1);
  two.membership.poll();
  assertEquals([two.partitions, scene.roster!.members, two.environment.timers.size], ["", [], 0]);
  assertEquals(scene.folder.names(`${ROOT}/group/members`), []);
});

test("a member that leaves because it lost its partitions does not join again", () => {
  const scene = new Scene();
  const one = scene.joined();
  scene.publish(() => ({ members: [] }));
  scene.pass(5000);
  one.onLost = () => one.membership.leave();
  one.membership.poll();
  assertEquals([one.partitions, scene.roster!.members, one.environment.timers.size], ["", [], 0]);
  assertEquals([scene.openFiles.size, scene.folder.names(`${ROOT}/group/members`)], [0, []]);
});

test("a member that leaves while it joins has no timer afterwards", () => {
  const scene = new Scene(1);
  const one = scene.member();
  one.onAssigned = () => one.membership.leave();
  one.membership.join();
  assertEquals([one.environment.timers.size, one.partitions, scene.roster!.members], [0, "", []]);
});

test("a member that leaves closes its files, calls nothing any more, and keeps its heartbeat until the others know", () => {
  const scene = new Scene();
  const one = scene.joined();
  one.membership.checkBeforeDelivery();
  assertEquals([scene.openFiles.size, one.environment.soonCalls.size], [1, 1]);
  const there: boolean[] = [];
  scene.folder.before = (name, path) => {
    if (name !== "publish" || !isRoster(path)) return;
    there.push(scene.folder.names(`${ROOT}/group/members`).length === 1);
  };
  one.membership.leave();
  assertEquals([there, scene.openFiles.size, one.environment.soonCalls.size], [[true], 0, 0]);
  scene.folder.before = () => {};
  // Neither does one that cannot say that it leaves, or that is abandoned, keep its file open.
  const two = scene.joined();
  refuse(scene);
  assertThrows(() => two.membership.leave(), StorageError, "simulated");
  scene.folder.before = () => {};
  assertEquals([scene.openFiles.size, two.partitions], [0, ""]);
  const three = scene.joined();
  assertEquals(scene.openFiles.size, 1);
  bestEffort(() => three.membership.leave());
  assertEquals(scene.openFiles.size, 0);
});

test("a member that leaves takes nothing that it was given meanwhile, and changes nothing if it is not a member", () => {
  const scene = new Scene();
  const [one, two] = [scene.joined(), scene.joined()];
  scene.settle();
  two.membership.leave();
  one.log.length = 0;
  one.membership.leave();
  assertEquals(one.log, ["-0", "-1"]);
  const other = new Scene();
  const alone = other.joined();
  other.publish(({ shares }) => ({
    members: [],
    shares: shares.map(() => ({ owner: undefined, epoch: 2 })),
  }));
  alone.membership.leave();
  assertEquals(other.roster!.epoch, 2);
});

test("a poll within a poll, or while a member joins, does nothing", () => {
  const scene = new Scene();
  const one = scene.member();
  const looks: number[] = [];
  one.onAssigned = () => void looks.push(scene.looksDuring(() => one.membership.poll()));
  one.membership.join();
  assertEquals(looks, [0, 0, 0, 0]);
  const two = scene.joined();
  scene.settle();
  looks.length = 0;
  two.membership.leave();
  one.membership.poll();
  assertEquals([looks, one.partitions], [[0, 0], "0123"]);
});

test("a member whose disk fails polls six times before it gives everything up, and so does one that polls by itself", () => {
  const scene = new Scene();
  const one = scene.joined();
  scene.pass(5000);
  refuse(scene);
  one.membership.checkLease();
  assertEquals([one.log.filter((text) => text.startsWith("error")).length, one.partitions], [6, ""]);
  scene.folder.before = () => {};
  one.membership.isWatched = true;
  // No time has passed, so that nothing else is due.
  // A listener that asks for the lease in the middle of that takes nothing away.
  one.onAssigned = () => one.membership.checkLease();
  one.tick();
  assertEquals(one.partitions, "0123");
  scene.pass(5000);
  refuse(scene);
  one.membership.poll();
  assertEquals(one.partitions, "");
});

test("a member that is stopped in each of its polls gives everything up after the sixth", () => {
  const scene = new Scene();
  const one = scene.joined();
  scene.pass(5000);
  let polls = 0;
  scene.folder.before = (name, path) => {
    if (name !== "publish" || !isRoster(path)) return;
    polls++;
    one.environment.nowMs += 900;
  };
  one.membership.checkLease();
  scene.folder.before = () => {};
  assertEquals([polls, one.partitions, one.log.filter((text) => text.startsWith("error"))], [6, "", []]);
});

test("a lease is renewed when that is due, to the millisecond", () => {
  for (const [ms, partitions] of [[199, ""], [200, "0123"]] as const) {
    const scene = new Scene();
    const one = scene.joined();
    scene.pass(ms);
    one.membership.checkLease();
    scene.pass(899 - ms);
    refuse(scene);
    one.membership.poll();
    assertEquals(one.partitions, partitions);
  }
});

test("a working member looks after the others without a poll where the group is watched", () => {
  const scene = new Scene(4, 60_000);
  const [one, two] = [scene.joined(), scene.joined()];
  scene.settle();
  one.membership.isWatched = true;
  one.membership.poll();
  const [first] = [...one.environment.timers];
  assertEquals(first![0], 250);
  scene.pass(250);
  assertEquals(scene.looksDuring(() => one.membership.checkLease()), 0);
  one.environment.gone.add(2);
  scene.pass(249);
  one.membership.checkLease();
  assertEquals(one.partitions, "01");
  scene.pass(1);
  one.membership.checkLease();
  assertEquals([one.partitions, two.partitions], ["0123", "23"]);
});

test("the more members there are, the less often each of them polls", () => {
  const scene = new Scene(8, 60_000);
  const [one] = [1, 2, 3, 4, 5, 6].map(() => {
    const member = scene.joined();
    scene.settle();
    return member;
  });
  assertEquals([...one!.environment.timers.keys()], [1000]);
  scene.members.splice(1, 3).forEach(({ membership }) => membership.leave());
  scene.settle();
  assertEquals([...one!.environment.timers.keys()], [250]);
});

test("a watched member whose assignment failed tries again at its next tick, and so it does for one that is to go", () => {
  const scene = new Scene(2);
  const [one, two] = [scene.joined(), scene.joined()];
  scene.settle();
  one.membership.isWatched = true;
  two.membership.leave();
  one.onAssigned = () => {
    throw new Error("cannot open it");
  };
  one.membership.poll();
  assertEquals([one.partitions, one.log.at(-1)], ["0", "error cannot open it"]);
  one.onAssigned = () => {};
  one.tick();
  assertEquals(one.partitions, "01");
  one.letsGo = false;
  const three = scene.joined();
  one.membership.poll();
  one.letsGo = true;
  one.tick();
  three.membership.poll();
  assertEquals([one.partitions, three.partitions], ["0", "1"]);
  // What was handed over is not kept when it comes back.
  three.membership.leave();
  one.membership.poll();
  assertEquals([one.partitions, one.log.includes("=1")], ["01", false]);
});

test("a member that always comes too late gives up after fifty attempts, until its next poll", () => {
  const scene = new Scene();
  const one = scene.joined();
  scene.publish(({ shares }) => ({ members: [], shares }));
  let attempts = 0;
  const lose = (name: string, path: string): void => {
    if (name !== "publish" || !isRoster(path)) return;
    scene.folder.before = () => {};
    attempts++;
    scene.publish(() => ({}));
    scene.folder.before = lose;
  };
  scene.folder.before = lose;
  one.membership.poll();
  scene.folder.before = () => {};
  assertEquals([attempts, scene.roster!.members], [50, []]);
  one.membership.poll();
  assertEquals(one.partitions, "0123");
});

test("a member that joins removes the dead in the same step", () => {
  const scene = new Scene();
  scene.joined();
  const two = scene.member();
  two.environment.gone.add(1);
  two.membership.join();
  assertEquals([two.partitions, scene.roster!.epoch, scene.roster!.members.length], ["0123", 2, 1]);
});

test("partitions stay where they are if the numbers are right, whatever their order", () => {
  const scene = new Scene();
  const [one, two, three] = [scene.joined(), scene.joined(), scene.joined()];
  scene.settle();
  assertEquals([one.partitions, two.partitions, three.partitions], ["01", "2", "3"]);
  one.membership.leave();
  scene.settle();
  assertEquals([two.partitions, three.partitions], ["02", "13"]);
});

test("a partition of one that is not a member is taken by a member, under the next epoch", () => {
  const scene = new Scene(1);
  const one = scene.joined();
  scene.publish(({ epoch }) => ({ shares: [{ owner: "other", epoch: epoch + 1 }] }));
  one.log.length = 0;
  one.membership.poll();
  assertEquals([one.log, scene.roster!.epoch], [["-0", "+0"], 3]);
  assertEquals([scene.roster!.shares[0]!.epoch, one.membership.owns(0)], [3, true]);
});

test("a partition that moves while it is assigned is lost before the poll ends", () => {
  const scene = new Scene(2);
  const [one, two] = [scene.joined(), scene.joined()];
  scene.settle();
  two.membership.leave();
  one.onAssigned = () => {
    one.onAssigned = () => {};
    two.environment.nowMs = one.environment.nowMs;
    scene.publish(({ members, shares, epoch }) => ({
      members: [...members, { ...members[0]!, id: "other", pid: 9 }],
      shares: [shares[0]!, { owner: "other", epoch: epoch + 1 }],
    }));
  };
  one.membership.poll();
  assertEquals([one.log.slice(-2), one.partitions], [["+1", "-1"], "0"]);
});

test("a member whose group is gone owns nothing, and says so", () => {
  const scene = new Scene(1);
  const one = scene.joined();
  scene.folder.storage.removeTree(`${ROOT}/group`);
  assertEquals(one.membership.owns(0), false);
  one.membership.poll();
  assertEquals([one.partitions, one.log.at(-1)?.includes("ENOENT")], ["", true]);
  // Also if it could not take over everything just before.
  const other = new Scene(2);
  const [first, second] = [other.joined(), other.joined()];
  other.settle();
  second.membership.leave();
  first.onAssigned = () => {
    throw new Error("cannot open it");
  };
  first.membership.poll();
  assertEquals(first.partitions, "0");
  other.folder.storage.removeTree(`${ROOT}/group`);
  first.membership.poll();
  assertEquals(first.partitions, "");
});

test("a member does not ask whether it is alive itself", () => {
  const scene = new Scene();
  const one = scene.joined();
  one.membership.poll();
  assertEquals(one.environment.asked, []);
});
