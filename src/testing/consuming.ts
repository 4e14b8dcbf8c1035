import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { fails, nth, numbers, range, store } from "./fixture.ts";
import type { Rule } from "./rule.ts";

/** Rules about pulling, waiting and the order of partitions. */
export const consumingRules: readonly Rule[] = [
  {
    name: "a pull on an empty topic times out and loses no event",
    async check(fixture) {
      await using topic = await fixture.topic();
      await using consumer = topic.consumer("c");
      equal(await consumer.pull().wait(0), undefined);
      const pull = consumer.pull();
      equal(await pull.wait(20), undefined);
      consumer.pull();
      await store(topic, 2);
      const event = await pull.wait(fixture.patienceMs);
      equal(event?.id, 0);
      equal(await pull.wait(0), event);
      deepEqual(numbers(await fixture.take(consumer, 1)), [1]);
    },
  },
  {
    name: "a pull without a limit waits until something is pushed",
    async check(fixture) {
      await using topic = await fixture.topic(2);
      await using consumer = topic.consumer("c");
      const pulled = consumer.pull().wait(-1);
      await new Promise((resolve) => setTimeout(resolve, 30));
      await store(topic, 1, 5, 1);
      const event = await pulled;
      deepEqual([event?.partition, event?.metadata], [1, { n: 5 }]);
    },
  },
  {
    name: "waiting pulls get events in the order of their calls",
    async check(fixture) {
      await using topic = await fixture.topic();
      await using consumer = topic.consumer("c");
      const pulls = range(0, 5).map(() => consumer.pull().wait(fixture.patienceMs));
      await store(topic, 5);
      deepEqual((await Promise.all(pulls)).map((event) => event?.id), range(0, 5));
    },
  },
  {
    name: "polling eventually returns every event",
    async check(fixture) {
      await using topic = await fixture.topic(2);
      await store(topic, 20, 0, 0);
      await store(topic, 20, 20, 1);
      await using consumer = topic.consumer("c");
      const seen: number[] = [];
      const deadline = Date.now() + fixture.patienceMs;
      while (seen.length < 40 && Date.now() < deadline) {
        const event = await consumer.pull().wait(0);
        if (event !== undefined) seen.push(event.metadata.n);
      }
      deepEqual(seen.sort((one, other) => one - other), range(0, 40));
    },
  },
  {
    name: "no partition starves another",
    async check(fixture) {
      await using topic = await fixture.topic(3);
      await store(topic, 3000, 0, 0);
      await store(topic, 10, 0, 1);
      await store(topic, 10, 0, 2);
      await using consumer = topic.consumer("c");
      const events = await fixture.take(consumer, 1500);
      equal(events.filter((event) => event.partition === 1).length, 10);
      equal(events.filter((event) => event.partition === 2).length, 10);
    },
  },
  {
    name: "events({ until: 'end' }) returns the existing events and ends",
    needs: ["description"],
    async check(fixture) {
      await using topic = await fixture.topic(2);
      await store(topic, 30, 0, 0);
      await store(topic, 30, 30, 1);
      await using consumer = topic.consumer("c");
      const seen: number[] = [];
      for await (const event of consumer.events({ until: "end" })) {
        seen.push(event.metadata.n);
        if (seen.length === 5) await store(topic, 5, 100, 0);
      }
      deepEqual(seen.sort((one, other) => one - other), range(0, 60));
      deepEqual(numbers(await fixture.take(consumer, 5)), range(100, 5));
    },
  },
  {
    name: "two consumers with different names each get every event",
    async check(fixture) {
      await using topic = await fixture.topic();
      await store(topic, 10);
      await using one = topic.consumer("one");
      await using other = topic.consumer("other");
      deepEqual(numbers(await fixture.take(one, 10)), range(0, 10));
      deepEqual(numbers(await fixture.take(other, 10)), range(0, 10));
    },
  },
  {
    name: "a consumer reads only the partitions it was asked to",
    needs: ["partitions"],
    async check(fixture) {
      await using topic = await fixture.topic(3);
      for (const partition of range(0, 3)) await store(topic, 4, partition * 10, partition);
      await using consumer = topic.consumer("c", { partitions: [2, 0] });
      await consumer.ready();
      deepEqual([...consumer.partitions], [0, 2]);
      const seen = numbers(await fixture.take(consumer, 8));
      deepEqual(seen.sort((one, other) => one - other), [0, 1, 2, 3, 20, 21, 22, 23]);
      equal(await consumer.pull().wait(30), undefined);
      await fails("ERR_NO_SUCH_PARTITION", () => attempt(() => topic.consumer("c", { partitions: [3] })));
    },
  },
  {
    name: "a signal ends a wait, and the consumer stays usable",
    async check(fixture) {
      await using topic = await fixture.topic();
      await using consumer = topic.consumer("c");
      const controller = new AbortController();
      const waiting = consumer.pull().wait(-1, { signal: controller.signal });
      setTimeout(() => controller.abort(new Error("enough")), 10);
      await rejects(waiting, /enough/);
      await store(topic, 1);
      deepEqual(numbers(await fixture.take(consumer, 1)), [0]);
    },
  },
  {
    name: "closing a consumer ends the waits on it",
    async check(fixture) {
      await using topic = await fixture.topic();
      const consumer = topic.consumer("c");
      const waiting = fails("ERR_CLOSED", () => consumer.pull().wait(-1));
      await consumer.close();
      await waiting;
      await fails("ERR_CLOSED", () => consumer.pull().wait(0));
      ok(true);
    },
  },
  {
    name: "describe() returns ids, sizes and times",
    needs: ["description"],
    async check(fixture) {
      await using topic = await fixture.topic(2);
      await store(topic, 10, 0, 1);
      const described = await topic.describe();
      const [empty, full] = [nth(described, 0), nth(described, 1)];
      deepEqual([empty.partition, empty.firstId, empty.nextId, empty.oldestTime], [0, 0, 0, undefined]);
      deepEqual([full.partition, full.firstId, full.nextId], [1, 0, 10]);
      ok(full.bytes > empty.bytes);
      ok(
        full.oldestTime !== undefined && full.newestTime !== undefined && full.oldestTime <= full.newestTime,
      );
    },
  },
];

async function attempt(action: () => unknown): Promise<void> {
  await action();
}
