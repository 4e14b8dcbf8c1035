// The coordinator of a group hung, as a paused machine does. The cluster replaced it within 10 seconds, but its members
// waited a minute for the answers to their heartbeats and acknowledgements: by then the new coordinator took them for
// dead, so that their partitions moved, and 5,318 of 21,264 events were delivered again. Joining took 63 seconds, and
// closing a member 60; the first push of a producer took 34, because its id was asked of the broker that hung. Later,
// acknowledgements still took 10 seconds where the cluster had another coordinator after 4: the hung one was taken for an
// old one, and asked what it knows, and then they were sent to it once more. Where no broker answered any more, it was the
// coordinator that could not be found, and not the position that could not be stored.
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import * as client from "@platformatic/kafka";
import { EventEmitter } from "node:events";
import type { ClientConsumer } from "../../src/drivers/kafka/client.ts";
import type { Api } from "../../src/drivers/kafka/client/client_internals.ts";
import { Cluster } from "../../src/drivers/kafka/client/cluster.ts";
import { isClosedSilently, isTransient } from "../../src/drivers/kafka/client/failure.ts";
import {
  type CoordinatorFinder,
  leaveMovedCoordinators,
} from "../../src/drivers/kafka/client/moved_coordinator.ts";
import { readSettings } from "../../src/drivers/kafka/settings/settings.ts";
import { clusterOfGroup, memberOn } from "../drivers/kafka/cluster_of_group.ts";
import { FakeBroker } from "../drivers/kafka/fake_broker.ts";
import { test } from "../harness.ts";

const ADDRESS = { host: "localhost", port: 1 };
/** The hung broker, at that address, and another one. */
const HUNG = { nodeId: 1 };
const NEW = { nodeId: 2 };

/** What the client hears of a request to the hung coordinator, which answers after `answerMs`, if at all. */
function groupRequest(
  name: string,
  find: CoordinatorFinder,
  { about = "name", answerMs }: { about?: unknown; answerMs?: number } = {},
): Promise<unknown> {
  const api: Api = Object.assign(
    (_: unknown, _about: unknown, callback: unknown) => {
      const answer = () => (callback as (error: null, answer: string) => void)(null, "answer");
      if (answerMs !== undefined) setTimeout(answer, answerMs);
    },
    { version: 4 },
  );
  const rig = {
    metadata: () => Promise.resolve({ brokers: new Map([[HUNG.nodeId, ADDRESS]]) }),
    [client.kGetApi]: (_name: string, callback: (error: null, api: Api) => void) => callback(null, api),
  };
  leaveMovedCoordinators(rig as unknown as ClientConsumer, client, find, 1);
  return new Promise((resolve) =>
    rig[client.kGetApi](name, (_, wrapped) =>
      wrapped(
        ADDRESS as unknown as Parameters<Api>[0],
        about,
        (error: Error | null, answer: unknown) => resolve(error ?? answer),
      ))
  );
}

test("a request that a hung coordinator does not answer fails once the cluster names another one", async () => {
  for (
    const [name, about] of [
      ["JoinGroup", "name"],
      ["SyncGroup", "name"],
      ["Heartbeat", "name"],
      ["LeaveGroup", "name"],
      // After 10 seconds, these four were asked again all the same.
      ["OffsetCommit", "name"],
      ["OffsetDelete", "name"],
      ["OffsetFetch", [{ groupId: "name" }, { groupId: "other" }]],
      ["DescribeGroups", ["name"]],
    ] as const
  ) {
    const found = [() => HUNG, () => undefined, () => assert(false, "no broker knows") as never, () => NEW];
    const groups: string[] = [];
    const find: CoordinatorFinder = (group) => {
      groups.push(group);
      return Promise.resolve().then(() => found.shift()!());
    };
    const heard = await groupRequest(name, find, { about });
    assertStringIncludes(String(heard), "The coordinator does not answer, and is another broker now.");
    assertEquals([isTransient(heard), isClosedSilently(heard), found.length], [true, false, 0]);
    assertEquals(new Set(groups), new Set(["name"]), name);
  }
});

test("a member that joins waits for the others, however long they take, while the coordinator is the same", async () => {
  let looks = 0;
  // The same broker, as it is called at another of its listeners.
  const find = () => Promise.resolve({ ...HUNG, host: "inside", port: ++looks });
  assertEquals(await groupRequest("JoinGroup", find, { answerMs: 30 }), "answer");
  assert(looks > 0);
});

test("another broker is asked for a producer's id if the first one asked does not answer", async () => {
  await using first = await FakeBroker.start(1);
  await using second = await FakeBroker.start(1);
  const cluster = await Cluster.connect(readSettings({
    "bootstrap.servers": [first.address, second.address],
    "socket.connection.setup.timeout.ms": 1000,
  }));
  const producer = cluster.producer();
  try {
    await producer.metadata({ topics: [] });
    first.isSilent = true;
    await assertRejects(() => producer.initIdempotentProducer({}), Error, "does not answer");
    assert(await producer.initIdempotentProducer({}));
  } finally {
    await producer.close();
    await cluster.close();
  }
});

test("another broker is asked for the coordinator if the first one asked does not answer", async () => {
  await using first = await FakeBroker.start(1);
  await using second = await FakeBroker.start(1);
  const cluster = await Cluster.connect(readSettings({
    "bootstrap.servers": [first.address, second.address],
    "socket.connection.setup.timeout.ms": 1000,
    "retry.backoff.ms": 20,
  }));
  try {
    first.isSilent = true;
    const beganMs = performance.now();
    const { GROUP } = client.FindCoordinatorKeyTypes;
    const found = await cluster.run(
      "look",
      (admin) => admin.findCoordinator({ keyType: GROUP, keys: ["name"] }),
    );
    assertEquals(`${found[0].host}:${found[0].port}`, second.address);
    assert(performance.now() - beganMs < 20_000, "it is not waited for as long as for an answer");
  } finally {
    await cluster.close();
  }
});

/** A client that is a group member, and has not heard that its coordinator is another broker now. */
class MemberClient extends EventEmitter {
  readonly groupId = "name";
  readonly memberId = "member";
  readonly generationId = 1;
  readonly assignments = [{ topic: "t", partitions: [0] }];
  readonly topics = { track: () => {} };
  joinGroup = () => Promise.resolve(this.emit("consumer:group:join"));
  findGroupCoordinator = () => Promise.resolve(1);
  metadata = () => Promise.resolve({ brokers: new Map([[1, "hung"], [2, "new"]]) });
  leaveGroup = () => Promise.resolve();
  close = () => Promise.resolve();
}

test("an acknowledgement that is not answered goes to the new coordinator", async () => {
  const member = new MemberClient();
  const asked: unknown[] = [];
  const cluster = {
    ...clusterOfGroup(member),
    module: client,
    run(what: string, work: (admin: unknown) => Promise<unknown>, msMax = Infinity) {
      if (msMax < 30_000) asked.push(what);
      return work({ findCoordinator: () => Promise.resolve(["new"]) });
    },
    request(_: unknown, broker: unknown) {
      asked.push(broker);
      return broker === "hung" ? new Promise(() => {}) : Promise.resolve();
    },
    within: (_: number, committing: Promise<void>) => Cluster.prototype.within.call(cluster, 10, committing),
    pauseBefore: () => Promise.resolve(),
  } as unknown as Cluster;
  const group = memberOn(cluster);
  await group.open();
  await group.commit(new Map([[0, 5]]));
  assertEquals(asked, ["hung", 'store the position of "name" in topic "t"', "new"]);
  await group.close();
});

test("an acknowledgement whose coordinator cannot be found fails for the brokers' reason, after all attempts", async () => {
  const refused = Object.assign(new Error("refused"), { apiId: "GROUP_AUTHORIZATION_FAILED" });
  const cluster = {
    ...clusterOfGroup(new MemberClient()),
    run: (what: string, work: () => Promise<unknown>) =>
      what.startsWith("join") ? work() : Promise.reject(new Error("after 0.3 s", { cause: refused })),
    request: () => Promise.reject(new Error("no answer")),
    newestVersion: () => Promise.resolve(0),
    within: (_: number, committing: Promise<void>) => committing,
    pauseBefore: () => Promise.resolve(),
    failure: (error: unknown, what: string) => new Error(what, { cause: error }),
  } as unknown as Cluster;
  const group = memberOn(cluster);
  await group.open();
  const error = await assertRejects(
    () => group.commit(new Map([[0, 5]])),
    Error,
    'store the position of "name"',
  );
  assertEquals(error.cause, refused);
  await group.close();
});

test("a member whose coordinator hangs is closed without its answer", async () => {
  const member = new MemberClient();
  let isClosed = false;
  member.leaveGroup = () => new Promise(() => {});
  member.close = () => Promise.resolve(isClosed = true) as unknown as Promise<void>;
  const cluster = {
    ...clusterOfGroup(member),
    within: (_: number, leaving: Promise<void>) => Cluster.prototype.within.call(cluster, 10, leaving),
  } as unknown as Cluster;
  const group = memberOn(cluster);
  await group.open();
  await group.close();
  assert(isClosed);
});
