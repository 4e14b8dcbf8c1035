import { deepEqual, equal, ok } from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { Consumer } from "../consumer.ts";
import type { Event } from "../event.ts";
import type { Topic } from "../topic.ts";
import { fails, type Fixture, nth, type Numbered, numbers, range, store } from "./fixture.ts";
import type { Rule } from "./rule.ts";

type Reader = Consumer<Numbered>;

/** Opens a member of the group `worker`. */
async function join(topic: Topic<Numbered>): Promise<Reader> {
  const consumer = topic.consumer("worker", { group: true });
  await consumer.ready();
  return consumer;
}

/**
 * Waits until the members have these numbers of partitions, sorted, and every partition is assigned to one member.
 */
async function settle(
  fixture: Fixture,
  members: readonly Reader[],
  counts: readonly number[],
): Promise<void> {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const look = () => members.map(({ partitions }) => partitions.length).sort((one, other) => one - other);
  for (let waitedMs = 0; waitedMs < 4 * fixture.patienceMs; waitedMs += 20) {
    if (String(look()) === String(counts)) break;
    // Members that do not read learn of a rebalance anyway.
    await sleep(20);
  }
  deepEqual(look(), counts);
  deepEqual(
    members.flatMap(({ partitions }) => [...partitions]).sort((one, other) => one - other),
    range(0, total),
  );
}

/** Reads and acknowledges events until none arrives for some time. */
async function work(consumer: Reader, quietMs: number): Promise<Event<Numbered>[]> {
  const events: Event<Numbered>[] = [];
  for await (const event of consumer.events({ timeoutMs: quietMs })) {
    events.push(event);
    await event.acknowledge();
  }
  return events;
}

/** Rules about consumers of one name that share the partitions. */
export const groupRules: readonly Rule[] = [
  {
    name: "members of a group share the partitions evenly, and each event goes to one of them",
    needs: ["groups", "positions"],
    async check(fixture) {
      await using topic = await fixture.topic(5);
      await using one = await join(topic);
      await settle(fixture, [one], [5]);
      await using other = await join(topic);
      await settle(fixture, [one, other], [2, 3]);
      for (const partition of range(0, 5)) await store(topic, 4, partition * 4, partition);
      const taken = await Promise.all([work(one, 1000), work(other, 1000)]);
      deepEqual(numbers(taken.flat()).sort((a, b) => a - b), range(0, 20));
      for (const [index, events] of taken.entries()) {
        for (const event of events) ok(nth([one, other], index).partitions.includes(event.partition));
      }
    },
  },
  {
    name: "a member that closes leaves its partitions to the others, with what it did not acknowledge",
    needs: ["groups", "positions"],
    async check(fixture) {
      await using topic = await fixture.topic(4);
      await using one = await join(topic);
      const other = await join(topic);
      await settle(fixture, [one, other], [2, 2]);
      const partition = nth(other.partitions, 0);
      await store(topic, 6, 0, partition);
      const events = await fixture.take(other, 5);
      await nth(events, 2).acknowledge();
      await other.close();
      await settle(fixture, [one], [4]);
      deepEqual(numbers(await fixture.take(one, 3)), [3, 4, 5]);
      await fails("ERR_CLOSED", () => nth(events, 3).acknowledge());
      deepEqual(nth(await topic.lag("worker"), partition).position, 3);
    },
  },
  {
    name: "joining and leaving moves no partition unnecessarily",
    needs: ["groups", "calmHandover", "positions"],
    async check(fixture) {
      await using topic = await fixture.topic(6);
      await using one = await join(topic);
      await using two = await join(topic);
      await settle(fixture, [one, two], [3, 3]);
      const before = [one, two].map(({ partitions }) => [...partitions]);
      const three = await join(topic);
      await settle(fixture, [one, two, three], [2, 2, 2]);
      const kept = [one, two].map(({ partitions }) => [...partitions]);
      for (const [index, partitions] of kept.entries()) {
        ok(partitions.every((partition) => nth(before, index).includes(partition)));
      }
      await three.close();
      await settle(fixture, [one, two], [3, 3]);
      for (const [index, { partitions }] of [one, two].entries()) {
        ok(nth(kept, index).every((partition) => partitions.includes(partition)));
      }
    },
  },
  {
    name: "members beyond the number of partitions wait, and take over when one leaves",
    needs: ["groups", "positions"],
    async check(fixture) {
      await using topic = await fixture.topic(2);
      await using one = await join(topic);
      await using two = await join(topic);
      await using three = await join(topic);
      const members = [one, two, three];
      await settle(fixture, members, [0, 1, 1]);
      const waiting = members.find(({ partitions }) => partitions.length === 0)!;
      equal(await waiting.pull().wait(0), undefined);
      const leaving = members.find(({ partitions }) => partitions[0] === 0)!;
      const staying = members.find((member) => member !== waiting && member !== leaving)!;
      await leaving.close();
      await store(topic, 1, 7, 0);
      await settle(fixture, [staying, waiting], [1, 1]);
      const next = [staying, waiting].find(({ partitions }) => partitions[0] === 0)!;
      deepEqual((await fixture.one(next)).metadata, { n: 7 });
    },
  },
  {
    name:
      "an event of a partition that moved cannot be acknowledged by its former owner, and is delivered again",
    needs: ["groups", "calmHandover", "positions"],
    async check(fixture) {
      await using topic = await fixture.topic(2);
      await store(topic, 3, 0, 0);
      await store(topic, 3, 10, 1);
      await using one = topic.consumer("worker", { group: true, groupTimeoutMs: 1000 });
      await one.ready();
      await settle(fixture, [one], [2]);
      const events = await fixture.take(one, 6);
      // It keeps partitions with unacknowledged events for its timeout, but no longer.
      await using other = topic.consumer("worker", { group: true, groupTimeoutMs: 1000 });
      await other.ready();
      await settle(fixture, [one, other], [1, 1]);
      const moved = nth(other.partitions, 0);
      const mine = events.filter(({ partition }) => partition !== moved);
      const theirs = events.filter(({ partition }) => partition === moved);
      await fails("ERR_PARTITION_MOVED", () => nth(theirs, 1).acknowledge());
      equal(nth(await topic.lag("worker"), moved).position, 0);
      await nth(mine, 2).acknowledge();
      deepEqual(numbers(await fixture.take(other, 3)), numbers(theirs));
    },
  },
  {
    name:
      "a partition moves to a new member once its delivered events are acknowledged, and nothing is delivered twice",
    needs: ["groups", "calmHandover", "positions"],
    async check(fixture) {
      await using topic = await fixture.topic(2);
      await store(topic, 4, 0, 0);
      await store(topic, 4, 10, 1);
      await using one = await join(topic);
      await settle(fixture, [one], [2]);
      // From one partition, or from both.
      const taken = await fixture.take(one, 6);
      await using other = await join(topic);
      for (const event of taken) await event.acknowledge();
      await settle(fixture, [one, other], [1, 1]);
      const rest = await Promise.all([work(one, 1000), work(other, 1000)]);
      const all = numbers([...taken, ...rest.flat()]).sort((a, b) => a - b);
      deepEqual(all, [...range(0, 4), ...range(10, 4)]);
    },
  },
  {
    name: "members() returns the owner of every partition",
    needs: ["groups", "positions"],
    async check(fixture) {
      await using topic = await fixture.topic(3);
      deepEqual(await topic.members("worker"), []);
      await using one = await join(topic);
      await using other = await join(topic);
      await settle(fixture, [one, other], [1, 2]);
      const members = await topic.members("worker");
      equal(new Set(members.map(({ id }) => id)).size, 2);
      const owned = members.map(({ partitions }) => String(partitions)).sort();
      deepEqual(owned, [String(one.partitions), String(other.partitions)].sort());
    },
  },
  {
    name: "a group and a consumer outside it cannot use one name",
    needs: ["groups", "loneReaders", "positions"],
    async check(fixture) {
      await using topic = await fixture.topic(2);
      {
        await using member = await join(topic);
        await settle(fixture, [member], [2]);
        const lone = topic.consumer("worker", { group: false });
        await fails("ERR_CONSUMER_IN_USE", () => lone.ready());
        await lone.close();
      }
      {
        await using lone = topic.consumer("worker", { group: false });
        await lone.ready();
        const member = topic.consumer("worker", { group: true });
        await fails("ERR_CONSUMER_IN_USE", () => member.ready());
        await member.close();
        await store(topic, 1);
        await (await fixture.one(lone)).acknowledge();
      }
      await using member = await join(topic);
      await settle(fixture, [member], [2]);
      equal(nth(await topic.lag("worker"), 0).position, 1);
    },
  },
  {
    name: "groups of one name in two topics, and of two names in one topic, are independent",
    needs: ["groups", "positions"],
    async check(fixture) {
      await using topic = await fixture.topic(2);
      await fixture.create("others", { num_partitions: 2 });
      await using others = await fixture.driver.openTopic<Numbered>("others");
      await using one = await join(topic);
      await using two = await join(others);
      await using three = topic.consumer("another", { group: true });
      await three.ready();
      for (const member of [one, two, three]) await settle(fixture, [member], [2]);
      await store(topic, 2);
      await nth(await fixture.take(one, 2), 1).acknowledge();
      deepEqual(numbers(await fixture.take(three, 2)), [0, 1]);
      equal(nth(await others.lag("worker"), 0).position, 0);
    },
  },
];
