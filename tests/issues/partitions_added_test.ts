// Another program added partitions to a Kafka topic. The members of a group never got them, not even when one joined that
// had opened the topic with all of them: the member that led the group had its own number, and what was stored in the
// new partitions was delivered to no one.
import { assertEquals } from "@std/assert";
import { EventEmitter } from "node:events";
import type { Cluster } from "../../src/drivers/kafka/client/cluster.ts";
import { Group } from "../../src/drivers/kafka/consume/group.ts";
import { StickyProtocol } from "../../src/drivers/kafka/client/sticky_assignor.ts";
import { test } from "../harness.ts";

/** A member of a group on a topic with two partitions, which are as many as given when it looks again. */
async function joinsAfter(counts: (number | Error)[]): Promise<number[]> {
  const joins: number[] = [];
  let looks = 0;
  let end: () => void = () => {};
  const ended = new Promise<void>((resolve) => end = resolve);
  const client = Object.assign(new EventEmitter(), {
    groupId: "name",
    topics: { track: () => {} },
    joinGroup: () => Promise.resolve(void joins.push(looks)),
    metadata() {
      const partitionsCount = counts[looks++];
      if (looks > counts.length) {
        end();
        return new Promise(() => {});
      }
      if (partitionsCount instanceof Error) return Promise.reject(partitionsCount);
      return Promise.resolve({ topics: new Map([["t", { partitionsCount }]]) });
    },
    leaveGroup: () => Promise.resolve(),
    close: () => Promise.resolve(),
  });
  const cluster = {
    settings: { group: {}, client: { metadataMaxAge: 0 } },
    consumer: () => client,
    run: (_: string, work: () => Promise<void>) => work(),
  } as unknown as Cluster;
  const topic = { name: "t", kafkaName: "t", numPartitions: 2 };
  const listener = { onReassigned: () => {}, onFailure: () => {}, epochBefore: () => -1 };
  const group = new Group(cluster, "name", topic, listener, undefined);
  await group.open();
  await ended;
  await group.close();
  return joins;
}

test("a member joins again once when partitions were added, and looks again after an error", async () => {
  assertEquals(await joinsAfter([2, 2, new Error("no answer"), 4, 4, 4]), [0, 4]);
});

test("a member that joins forgets what it knew of topics: it may have to assign partitions that were added", () => {
  let forgets = 0;
  const protocol = new StickyProtocol();
  protocol.member = { generationId: 3, assignments: null, clearMetadata: () => void forgets++ };
  assertEquals([JSON.parse(String(protocol.metadata)).generation, forgets], [3, 1]);
});

test("a member that has all partitions but those that were added waits for the owners of others", async () => {
  let looked: () => void = () => {};
  const joinedAgain = new Promise<void>((resolve) => looked = resolve);
  let joins = 0;
  const client = Object.assign(new EventEmitter(), {
    groupId: "name",
    memberId: "member",
    generationId: 0,
    topics: { track: () => {} },
    assignments: [{ topic: "t", partitions: [0, 1] }],
    joinGroup() {
      client.generationId++;
      client.emit("consumer:group:join");
      if (++joins === 2) looked();
      return Promise.resolve();
    },
    metadata: () => Promise.resolve({ topics: new Map([["t", { partitionsCount: 4 }]]) }),
    leaveGroup: () => Promise.resolve(),
    close: () => Promise.resolve(),
  });
  let waits = 0;
  const cluster = {
    settings: { group: {}, client: { metadataMaxAge: 0 } },
    consumer: () => client,
    run: (_: string, work: () => Promise<void>) => work(),
    pause: () => Promise.resolve(void waits++),
  } as unknown as Cluster;
  const topic = { name: "t", kafkaName: "t", numPartitions: 2 };
  const listener = { onReassigned: () => {}, onFailure: () => {}, epochBefore: () => -1 };
  const group = new Group(cluster, "name", topic, listener, undefined);
  await group.open();
  await group.takeOver();
  assertEquals(waits, 0);
  await joinedAgain;
  await group.takeOver();
  assertEquals(waits, 1);
  await group.close();
});
