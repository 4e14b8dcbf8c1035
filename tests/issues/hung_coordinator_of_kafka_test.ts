// The coordinator of a group hung, as a paused machine does. The cluster replaced it within 10 seconds, but its members
// waited a minute for the answers to their heartbeats and acknowledgements: by then the new coordinator took them for
// dead, so that their partitions moved, and 5,318 of 21,264 events were delivered again.
import { assert, assertEquals } from "@std/assert";
import * as client from "@platformatic/kafka";
import { EventEmitter } from "node:events";
import { type AnyClient, type Api, limitHeartbeats } from "../../src/drivers/kafka/client_internals.ts";
import { Cluster } from "../../src/drivers/kafka/cluster.ts";
import { Group } from "../../src/drivers/kafka/group.ts";
import { readSettings } from "../../src/drivers/kafka/settings.ts";
import { FakeBroker } from "../drivers/kafka/fake_broker.ts";
import { test } from "../harness.ts";

/** What the client hears of a heartbeat, by a coordinator that answers after `answerMs`. */
async function heartbeat(answerMs: number, msMax: number): Promise<unknown[]> {
  let answered: () => void = () => {};
  const isAnswered = new Promise<void>((resolve) => answered = resolve);
  const api: Api = Object.assign(
    (_: unknown, callback: unknown) =>
      void setTimeout(() => {
        (callback as (error: null, answer: string) => void)(null, "answer");
        answered();
      }, answerMs),
    { version: 4 },
  );
  const rig = {
    [client.kGetApi]: (_name: string, callback: (error: null, api: Api) => void) => callback(null, api),
  };
  limitHeartbeats(rig as unknown as AnyClient, client, msMax);
  const heard: unknown[] = [];
  rig[client.kGetApi]("Heartbeat", (_, wrapped) =>
    wrapped(
      {} as Parameters<Api>[0],
      (error: Error | null, answer: unknown) => heard.push(error?.message ?? answer),
    ));
  await isAnswered;
  return heard;
}

test("a heartbeat that is not answered in time fails, once, so that the client looks for the coordinator", async () => {
  assertEquals(await heartbeat(30, 5), ["The coordinator does not answer."]);
  assertEquals(await heartbeat(5, 5000), ["answer"]);
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

/** A client that is a group member, whose coordinator is one broker after the other. */
class MemberClient extends EventEmitter {
  readonly groupId = "name";
  readonly memberId = "member";
  readonly generationId = 1;
  readonly assignments = [{ topic: "t", partitions: [0] }];
  readonly topics = { track: () => {} };
  #coordinator = 0;
  joinGroup = () => Promise.resolve(this.emit("consumer:group:join"));
  findGroupCoordinator = () => Promise.resolve(++this.#coordinator);
  metadata = () => Promise.resolve({ brokers: new Map([[1, "hung"], [2, "new"]]) });
  leaveGroup = () => Promise.resolve();
  close = () => Promise.resolve();
}

test("an acknowledgement that is not answered goes to the new coordinator", async () => {
  const member = new MemberClient();
  const asked: unknown[] = [];
  const cluster = {
    settings: { group: {}, client: { metadataMaxAge: 300_000 } },
    servers: "test",
    consumer: () => member,
    run: (_: string, work: () => Promise<void>) => work(),
    request(_: unknown, broker: unknown) {
      asked.push(broker);
      return broker === "hung" ? new Promise(() => {}) : Promise.resolve();
    },
    within: (_: number, committing: Promise<void>) => Cluster.prototype.within.call(cluster, 10, committing),
    pauseBefore: () => Promise.resolve(),
  } as unknown as Cluster;
  const topic = { name: "t", kafkaName: "t", numPartitions: 1 };
  const listener = { onReassigned: () => {}, onFailure: () => {}, epochBefore: () => -1 };
  const group = new Group(cluster, "name", topic, listener, undefined);
  await group.open();
  await group.commit(new Map([[0, 5]]));
  assertEquals(asked, ["hung", "new"]);
  await group.close();
});
