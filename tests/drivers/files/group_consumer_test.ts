// What a member of a group does with its partitions, while a scripted group assigns, revokes and takes them.
import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { EventGoneError, PartitionMovedError, StorageError, TopicDeletedError } from "../../../mod.ts";
import type { ConsumerRequest } from "../../../src/contract.ts";
import type { ConsumerPositions } from "../../../src/drivers/files/consumer.ts";
import { GroupConsumer } from "../../../src/drivers/files/group_consumer.ts";
import { partitionName, PositionFiles } from "../../../src/drivers/files/layout.ts";
import { trimPartition } from "../../../src/drivers/files/trim.ts";
import type { Membership } from "../../../src/groups/mod.ts";
import { sealLast } from "../../../src/log/mod.ts";
import { Partition } from "../../../src/log/partition.ts";
import { CursorFile } from "../../../src/log/positions/cursor.ts";
import { PartitionWriter } from "../../../src/log/write/writer.ts";
import { test } from "../../harness.ts";
import { turn, until } from "../../waiting.ts";
import { withOpenFiles } from "./counted_files.ts";
import { ROOT, SimulatedFolder } from "./simulated_folder.ts";

const PATIENCE_MS = 1000;

/** A member of a group of which the test decides everything. */
class Scene {
  readonly logs: Partition[];
  readonly writers: PartitionWriter[];
  readonly #folder = new SimulatedFolder();
  readonly #counted = withOpenFiles(this.#folder.storage);
  readonly openFiles = this.#counted.openFiles;
  /** Fails every write from now on. */
  writesFail = false;
  /** Fails the next listing of a log. */
  listingFails = false;
  /** What joining the group throws. */
  joinError: Error | undefined;
  /** What leaving the group throws. */
  leaveError: Error | undefined;
  /** What the member asked of its group. */
  readonly asked: string[] = [];
  /** What the consumer was given as its partitions. */
  readonly given: (readonly number[])[] = [];
  readonly released: number[] = [];
  /** Whether the group says that a partition is the member's. */
  owns = true;
  /** What the check of the lease throws. */
  leaseError: Error | undefined;
  now = 0;
  /** Wakes the member when the group may have changed. */
  groupChanged: (() => void) | undefined;
  canWatch = true;
  readonly membership = {
    isWatched: false,
    checkLease: () => {
      if (this.leaseError !== undefined) throw this.leaseError;
    },
    checkBeforeDelivery: () => 7,
    owns: () => this.owns,
    poll: () => void this.asked.push("poll"),
    leave: () => {
      this.asked.push("leave");
      if (this.leaveError !== undefined) throw this.leaveError;
    },
  };

  constructor(partitions: number) {
    const { storage } = this.#folder;
    this.#folder.before = (name, path) => {
      if (this.writesFail && name === "publish" && path.endsWith(".pos")) {
        throw new StorageError("EIO", "Cannot publish: simulated");
      }
      if (this.listingFails && name === "list" && path !== ROOT) {
        this.listingFails = false;
        throw new StorageError("EIO", "Cannot list: simulated");
      }
    };
    this.logs = Array.from({ length: partitions }, (_, partition) => {
      storage.makeDirectory(`${ROOT}/${partition}`);
      return new Partition({ storage, directory: `${ROOT}/${partition}`, topic: "t", partition });
    });
    this.writers = this.logs.map((log) =>
      new PartitionWriter(log, { flushBehavior: "buffered", segmentBytesMax: 1 << 20 })
    );
  }

  push(partition: number, count: number): void {
    const metadata = Array.from({ length: count }, (_, index) => String(index));
    this.writers[partition]!.append({ count, metadata, dataBytes: 0 });
  }

  async member(request: Partial<ConsumerRequest> = {}): Promise<GroupConsumer> {
    const consumer = this.unopened(request);
    await consumer.open();
    return consumer;
  }

  unopened(request: Partial<ConsumerRequest> = {}): GroupConsumer {
    const whole = {
      ...{ from: "earliest", onCorruption: "throw", dataWanted: false },
      onAssigned: (partitions: readonly number[]) => this.given.push(partitions),
      release: (partition: number) => void this.released.push(partition),
      ...request,
    } as unknown as ConsumerRequest;
    const positions: ConsumerPositions = {
      cursor: (partition) => this.cursor(partition),
      listed: () => this.listed(),
      syncNames: () => Promise.resolve(),
      seek: (targets) => targets.forEach((target) => this.cursor(target.partition).seek(target)),
    };
    return new GroupConsumer(this.logs, whole, positions, {
      name: "c",
      join: () =>
        this.joinError === undefined
          ? Promise.resolve(this.membership as unknown as Membership)
          : Promise.reject(this.joinError),
      listen: (wake) => {
        if (!this.canWatch) return undefined;
        this.asked.push("listen");
        this.groupChanged = wake;
        return () => void this.asked.push("stop listening");
      },
      explained: (error) => error,
      elapsedMs: () => this.now,
      timeoutMs: PATIENCE_MS,
    });
  }

  cursor(partition: number): CursorFile {
    return new CursorFile(this.#counted.storage, `${ROOT}/${partitionName(partition)}.pos`);
  }

  listed(): PositionFiles {
    return new PositionFiles(this.#counted.storage.list(ROOT));
  }

  stored(partition: number): number | undefined {
    return this.cursor(partition).read()?.nextId;
  }
}

function idsOf(consumer: GroupConsumer, partition: number, eventsMax: number): number[] {
  const batch = consumer.read(partition, eventsMax);
  return Array.from({ length: batch?.count ?? 0 }, (_, index) => batch!.baseId + index);
}

test("a member starts where its name stands, or else where the option from did when it was opened", async () => {
  const cases = [["earliest", 0], ["latest", 3], [{ id: 2 }, 2], [{ time: 0 }, 0], [
    { time: 2 ** 45 },
    3,
  ]] as const;
  for (const [from, start] of cases) {
    const scene = new Scene(2);
    scene.push(0, 3);
    const member = await scene.member({ from });
    scene.push(0, 2);
    member.onAssigned([0]);
    assertEquals([scene.stored(0), member.position(0), member.assigned], [start, start, [0]]);
    assertEquals(idsOf(member, 0, 1), [start]);
    assertEquals([idsOf(member, 1, 1), member.position(1)], [[], 0]);
    await member.close();
    const next = await scene.member({ from: "latest" });
    next.onAssigned([0]);
    assertEquals(next.position(0), start);
    await next.close();
  }
});

test("a member is given its partitions in order, and loses them again", async () => {
  const scene = new Scene(3);
  const member = await scene.member();
  for (const partition of [2, 0, 1]) member.onAssigned([partition]);
  assertEquals(scene.given, [[2], [0, 2], [0, 1, 2]]);
  member.onLost(0);
  member.onLost(0);
  assertEquals([scene.given.slice(3), scene.released], [[[1, 2]], [0]]);
  assertThrows(() => member.acknowledge(0, 0), PartitionMovedError);
  await assertRejects(async () => await member.seek([0], "earliest", false), PartitionMovedError, "seek in");
  scene.leaseError = new PartitionMovedError("c", 1);
  assertThrows(() => member.assigned, PartitionMovedError);
  assertThrows(() => member.acknowledge(1, 0), PartitionMovedError);
  scene.leaseError = undefined;
  await member.close();
  assertEquals(scene.asked, ["leave"]);
});

test("a revoked partition goes once what was delivered of it is acknowledged, or the group waits no longer", async () => {
  const scene = new Scene(2);
  scene.push(0, 5);
  const member = await scene.member();
  member.onAssigned([0]);
  member.onAssigned([1]);
  assertEquals(idsOf(member, 0, 3), [0, 1, 2]);
  // Nothing is under way in the other one.
  assertEquals(member.onRevoking(1), true);
  assertEquals(member.onRevoking(0), false);
  assertEquals([member.assigned, scene.released], [[], [1, 0]]);
  member.acknowledge(0, 2);
  assertEquals([member.onRevoking(0), scene.asked], [false, ["poll"]]);
  scene.now = PATIENCE_MS - 1;
  assertEquals(member.onRevoking(0), false);
  scene.now = PATIENCE_MS;
  assertEquals(member.onRevoking(0), true);
  scene.now = 1;
  member.acknowledge(0, 3);
  assertEquals([member.onRevoking(0), scene.released], [true, [1, 0]]);
  member.onLost(0);
  member.onLost(1);
  // It was released when it was revoked.
  assertEquals([scene.released, member.onRevoking(0), scene.stored(0)], [[1, 0], true, 3]);
  await member.close();
});

test("what a member did not deliver of a partition that it keeps is delivered then, and once", async () => {
  const scene = new Scene(1);
  scene.push(0, 5);
  const member = await scene.member({ release: () => 1 });
  member.onAssigned([0]);
  assertEquals(idsOf(member, 0, 3), [0, 1, 2]);
  member.onKept(0);
  assertEquals(idsOf(member, 0, 1), [3]);
  assertEquals(member.onRevoking(0), false);
  assertEquals(member.assigned, []);
  member.onKept(0);
  member.onKept(0);
  assertEquals([member.assigned, member.position(0)], [[0], 1]);
  assertEquals(idsOf(member, 0, 9), [1, 2, 3, 4]);
  member.acknowledge(0, 5);
  // It is revoked anew, with what was delivered meanwhile.
  assertEquals(member.onRevoking(0), true);
  await member.close();
});

test("a seek in a partition that is to move counts if the partition stays", async () => {
  const scene = new Scene(1);
  scene.push(0, 5);
  const member = await scene.member({ release: () => 3 });
  member.onAssigned([0]);
  assertEquals(idsOf(member, 0, 3), [0, 1, 2]);
  member.acknowledge(0, 1);
  assertEquals(member.onRevoking(0), false);
  await member.seek([0], { id: 1 }, false);
  // Nothing is left that was delivered and not acknowledged.
  assertEquals(member.onRevoking(0), true);
  member.onKept(0);
  assertEquals(idsOf(member, 0, 9), [1, 2, 3, 4]);
  await member.close();
});

test("a member acknowledges what it read of a partition since it has it, and nothing twice", async () => {
  const scene = new Scene(1);
  scene.push(0, 5);
  const member = await scene.member();
  member.onAssigned([0]);
  assertThrows(() => member.acknowledge(0, 1), PartitionMovedError);
  idsOf(member, 0, 3);
  member.acknowledge(0, 2);
  assertEquals(scene.stored(0), 2);
  scene.owns = false;
  // It is stored already: nothing is asked of the group.
  member.acknowledge(0, 2);
  member.acknowledge(0, 1);
  assertEquals([scene.stored(0), scene.asked], [2, []]);
  // Another member takes the position over.
  const other = scene.cursor(0);
  other.take((stored) => stored!);
  other.close();
  assertThrows(() => member.acknowledge(0, 3), PartitionMovedError);
  assertEquals([scene.stored(0), scene.asked], [2, ["poll"]]);
  scene.owns = true;
  member.onLost(0);
  member.onAssigned([0]);
  assertEquals(member.position(0), 2);
  assertThrows(() => member.acknowledge(0, 3), PartitionMovedError);
  assertEquals(idsOf(member, 0, 1), [2]);
  member.acknowledge(0, 3);
  assertEquals(scene.stored(0), 3);
  await member.close();
});

test("a member seeks in its partition, and stores the position where that is asked for and it still owns it", async () => {
  const scene = new Scene(1);
  scene.push(0, 5);
  const member = await scene.member();
  member.onAssigned([0]);
  idsOf(member, 0, 5);
  member.acknowledge(0, 4);
  await member.seek([0], { id: 1 }, false);
  assertEquals([scene.stored(0), idsOf(member, 0, 1)], [4, [1]]);
  // What was acknowledged once is not taken back by reading it again.
  member.acknowledge(0, 2);
  assertEquals(scene.stored(0), 4);
  await member.seek([0], { id: 1 }, true);
  assertEquals(scene.stored(0), 1);
  // It has read that event before.
  member.acknowledge(0, 2);
  assertEquals(scene.stored(0), 2);
  scene.owns = false;
  await assertRejects(async () => await member.seek([0], "earliest", true), PartitionMovedError, "seek in");
  assertEquals(scene.stored(0), 2);
  await member.close();
});

/** A member that begins at event 1 of a partition whose events below 3 were removed. */
async function memberAtRemovedEvent(): Promise<{ scene: Scene; member: GroupConsumer }> {
  const scene = new Scene(1);
  scene.push(0, 3);
  sealLast(scene.logs[0]!);
  scene.push(0, 2);
  trimPartition(scene.logs[0]!, { beforeId: 3 });
  const member = await scene.member({ from: { id: 1 } });
  member.onAssigned([0]);
  return { scene, member };
}

test("a member learns that events were removed where it starts, once, and reads on after them", async () => {
  const { member } = await memberAtRemovedEvent();
  assertThrows(() => member.read(0, 9), EventGoneError);
  assertEquals(idsOf(member, 0, 9), [3, 4]);
  await member.seek([0], { id: 0 }, false);
  await member.seek([0], { id: 4 }, false);
  assertEquals(idsOf(member, 0, 9), [4]);
  await member.close();
});

test("a seek that cannot find its place, or not store it, leaves a member where it was", async () => {
  for (
    const [fault, message] of [
      ["listingFails", "Cannot list: simulated"],
      ["writesFail", "Cannot publish: simulated"],
    ] as const
  ) {
    const scene = new Scene(1);
    scene.push(0, 5);
    const member = await scene.member();
    member.onAssigned([0]);
    assertEquals(idsOf(member, 0, 2), [0, 1]);
    scene[fault] = true;
    await assertRejects(async () => await member.seek([0], { id: 4 }, true), StorageError, message);
    assertEquals([scene.stored(0), idsOf(member, 0, 9)], [0, [2, 3, 4]]);
    await member.close();
  }
});

test("a member learns that events were removed also if the partition was to move meanwhile, and stays", async () => {
  const { member } = await memberAtRemovedEvent();
  assertEquals(member.onRevoking(0), true);
  member.onKept(0);
  assertThrows(() => member.read(0, 9), EventGoneError);
  assertEquals(idsOf(member, 0, 9), [3, 4]);
  await member.close();
});

test("a seek that fails changes nothing: neither where a member reads nor what it has yet to learn", async () => {
  const { scene, member } = await memberAtRemovedEvent();
  const seekFails = async () => {
    scene.listingFails = true;
    const seek = async () => await member.seek([0], { id: 4 }, true);
    await assertRejects(seek, StorageError, "Cannot list: simulated");
  };
  await seekFails();
  assertEquals([assertThrows(() => member.read(0, 9), EventGoneError).id, scene.stored(0)], [1, 1]);
  assertEquals(idsOf(member, 0, 1), [3]);
  await seekFails();
  assertEquals(idsOf(member, 0, 9), [4]);
  await member.close();
});

test("a member closes although its group cannot be left, and says so unless the topic is deleted", async () => {
  for (
    const [error, isReported] of [
      [new StorageError("EIO", "Cannot publish: simulated"), true],
      [new TopicDeletedError("t"), false],
    ] as const
  ) {
    const scene = new Scene(1);
    const member = await scene.member();
    member.onAssigned([0]);
    const before = scene.openFiles.size;
    scene.leaveError = error;
    assertEquals(await member.close().catch((reason) => reason), isReported ? error : undefined);
    assertEquals([before - scene.openFiles.size, member.read(0, 1)], [1, undefined]);
  }
});

test("a fault of the group is thrown once, by the next read or wait", async () => {
  const scene = new Scene(1);
  const member = await scene.member();
  member.onAssigned([0]);
  const fault = new Error("no more");
  member.onError(fault);
  assertEquals(assertThrows(() => member.read(0, 1)), fault);
  assertEquals(member.read(0, 1), undefined);
  member.onError(fault);
  const never = new AbortController().signal;
  assertEquals(await assertRejects(() => member.waitForEvents(never)), fault);
  // The first wait tells of the new partition.
  await member.waitForEvents(never);
  let ended = 0;
  const waiting = member.waitForEvents(never).then(() => ended++);
  await turn();
  assertEquals(ended, 0);
  member.onError(fault);
  await waiting;
  assertEquals(assertThrows(() => member.read(0, 1)), fault);
  await member.close();
});

test("a member that waits watches its group, and wakes when it is given partitions or loses them", async () => {
  const scene = new Scene(2);
  const member = await scene.member();
  const never = new AbortController().signal;
  let ended = 0;
  const wait = (): Promise<unknown> => member.waitForEvents(never).then(() => ended++);
  const first = wait();
  await turn();
  // The group may have changed before the watch began.
  assertEquals([ended, scene.asked, scene.membership.isWatched], [0, ["listen", "poll"], true]);
  scene.groupChanged!();
  assertEquals(scene.asked, ["listen", "poll", "poll"]);
  member.onAssigned([1]);
  await first;
  const second = wait();
  await turn();
  assertEquals(ended, 1);
  scene.push(1, 1);
  await second;
  idsOf(member, 1, 1);
  const third = wait();
  await turn();
  assertEquals([ended, scene.asked.filter((one) => one === "stop listening")], [2, []]);
  member.onLost(1);
  await third;
  await member.close();
  assertEquals(scene.asked.slice(-2), ["leave", "stop listening"]);
  assertEquals([ended, scene.membership.isWatched], [3, false]);
});

test("a member whose group cannot be watched waits all the same", async () => {
  const scene = new Scene(1);
  scene.canWatch = false;
  const member = await scene.member();
  member.onAssigned([0]);
  const never = new AbortController().signal;
  await member.waitForEvents(never);
  let ended = 0;
  const waiting = member.waitForEvents(never).then(() => ended++);
  await turn();
  assertEquals([ended, scene.membership.isWatched], [0, false]);
  scene.push(0, 1);
  await waiting;
  await member.close();
});

test("a member that is closed while it joins leaves at once", async () => {
  const scene = new Scene(1);
  const member = await scene.member();
  await member.close();
  await member.open();
  assertEquals(scene.asked, ["leave", "leave"]);
});

test("a member that is opened again after a failure starts where the first attempt found the end, without that failure", async () => {
  const scene = new Scene(1);
  const member = scene.unopened({ from: "latest" });
  scene.push(0, 3);
  scene.joinError = new Error("no room");
  await assertRejects(() => member.open(), Error, "no room");
  member.onError(new Error("of the first attempt"));
  scene.push(0, 2);
  scene.joinError = undefined;
  await member.open();
  member.onAssigned([0]);
  assertEquals(idsOf(member, 0, 9), [3, 4]);
  await member.close();
});

test("a member opens although the id that it starts at was removed: its first read says so", async () => {
  const { scene, member } = await memberAtRemovedEvent();
  assertThrows(() => member.read(0, 9), EventGoneError);
  await member.close();
  const next = scene.unopened({ from: { id: 1 } });
  scene.listingFails = true;
  // It does not look at the log before it has a partition.
  await next.open();
  assertEquals(scene.listingFails, true);
  await next.close();
});

test("a member watches its group again when it waits again after a while", async () => {
  const scene = new Scene(1);
  const member = await scene.member();
  const wait = async () => {
    const stop = new AbortController();
    const waiting = member.waitForEvents(stop.signal);
    await turn();
    stop.abort();
    await waiting;
  };
  await wait();
  await until("it stops watching", () => !scene.membership.isWatched);
  await wait();
  assertEquals([scene.asked, scene.membership.isWatched], [
    ["listen", "poll", "stop listening", "listen", "poll"],
    true,
  ]);
  await member.close();
});

test("a member that starts at the earliest event starts at the earliest one when it is given the partition", async () => {
  const scene = new Scene(1);
  scene.push(0, 3);
  const member = await scene.member({ from: "earliest" });
  sealLast(scene.logs[0]!);
  scene.push(0, 2);
  trimPartition(scene.logs[0]!, { beforeId: 3 });
  member.onAssigned([0]);
  assertEquals(idsOf(member, 0, 9), [3, 4]);
  await member.close();
});

test("a partition whose position cannot be taken is not the member's, and no file stays open", async () => {
  const scene = new Scene(1);
  const member = await scene.member();
  scene.writesFail = true;
  const [failure, ...others] = member.onAssigned([0]);
  assertStringIncludes((failure?.error as StorageError).message, "simulated");
  assertEquals([failure?.partition, others], [0, []]);
  assertEquals([member.assigned, scene.openFiles.size, scene.given], [[], 0, []]);
  scene.writesFail = false;
  member.onAssigned([0]);
  assertEquals(member.assigned, [0]);
  member.onLost(0);
  assertEquals(scene.openFiles.size, 0);
  await member.close();
});

test("a member that checks its lease anew says so to who delivers its events", async () => {
  const scene = new Scene(1);
  let rechecks = 0;
  const member = await scene.member({ recheck: () => rechecks++ });
  assertEquals([rechecks, member.checkOwnership()], [0, 7]);
  member.onTurn();
  assertEquals(rechecks, 1);
  await member.close();
  // Nothing is asked of it where no one wants to know.
  const other = await scene.member();
  other.onTurn();
  await other.close();
});

test("a member that has not joined owns nothing, and watches no group", async () => {
  const scene = new Scene(1);
  const member = scene.unopened();
  assertEquals([member.assigned, member.checkOwnership()], [[], 1]);
  const stop = new AbortController();
  const waiting = member.waitForEvents(stop.signal);
  assertEquals(scene.asked, []);
  stop.abort();
  await waiting;
  await member.close();
});

test("a member that waits listens to its partitions of now, and watches its group until no one waits", async () => {
  const scene = new Scene(1);
  const member = await scene.member();
  const stop = new AbortController();
  const first = member.waitForEvents(stop.signal);
  await turn();
  member.onAssigned([0]);
  await first;
  const second = member.waitForEvents(stop.signal);
  await turn();
  const asked = scene.asked.filter((one) => one !== "poll");
  assertEquals([asked, scene.membership.isWatched], [["listen"], true]);
  scene.push(0, 1);
  await second;
  stop.abort();
  await member.close();
  assertEquals([scene.asked.at(-1), scene.membership.isWatched], ["stop listening", false]);
});

test("a member goes back to what the log confirms of the stored position, and stores that", async () => {
  const scene = new Scene(1);
  scene.push(0, 3);
  const cursor = scene.cursor(0);
  cursor.acknowledge({ nextId: 2, time: 0, mark: { salt: 1, nonce: 1, sequence: 1 } });
  cursor.close();
  const member = await scene.member({ from: "latest" });
  member.onAssigned([0]);
  assertEquals([member.position(0), scene.stored(0)], [0, 0]);
  await member.close();
});

test("a partition of which nothing was delivered goes at once, and another one after the patience, from then on", async () => {
  const scene = new Scene(2);
  scene.push(0, 3);
  scene.push(1, 3);
  const member = await scene.member({ from: { id: 1 } });
  member.onAssigned([0, 1]);
  assertEquals(idsOf(member, 1, 1), [1]);
  scene.now = 5 * PATIENCE_MS;
  assertEquals([member.onRevoking(0), member.onRevoking(1)], [true, false]);
  scene.now = 6 * PATIENCE_MS - 1;
  assertEquals(member.onRevoking(1), false);
  scene.now = 6 * PATIENCE_MS;
  assertEquals(member.onRevoking(1), true);
  await member.close();
});
