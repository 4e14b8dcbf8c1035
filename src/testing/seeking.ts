import { deepEqual, equal } from "node:assert/strict";
import { fails, nth, numbers, range, store } from "./fixture.ts";
import type { Rule } from "./rule.ts";

/** Rules about start positions and seeking. */
export const seekingRules: readonly Rule[] = [
  {
    name: "a consumer starts at `from`, unless its name has a position",
    needs: ["seeking", "positions"],
    async check(fixture) {
      await using topic = await fixture.topic();
      await store(topic, 10);
      await using latest = topic.consumer("latest", { from: "latest" });
      await latest.ready();
      await using beyond = topic.consumer("beyond", { from: { id: 100 } });
      await beyond.ready();
      await store(topic, 1, 10);
      equal((await fixture.one(latest)).id, 10);
      equal((await fixture.one(beyond)).id, 10);
      {
        // Closed before the next consumer of its name is opened: if names are groups, they would share the topic.
        await using fourth = topic.consumer("fourth", { from: { id: 4 } });
        const event = await fixture.one(fourth);
        equal(event.id, 4);
        await event.acknowledge();
      }
      await using again = topic.consumer("fourth", { from: "latest" });
      equal((await fixture.one(again)).id, 5);
    },
  },
  {
    name: "a consumer starts at the first event not older than a time",
    needs: ["times"],
    async check(fixture) {
      await using topic = await fixture.topic();
      await store(topic, 5);
      await new Promise((resolve) => setTimeout(resolve, 20));
      const between = Date.now();
      await new Promise((resolve) => setTimeout(resolve, 20));
      await store(topic, 5, 5);
      await using late = topic.consumer("late", { from: { time: between } });
      equal((await fixture.one(late)).id, 5);
      await using early = topic.consumer("early", { from: { time: new Date(0) } });
      equal((await fixture.one(early)).id, 0);
      await using future = topic.consumer("future", { from: { time: Date.now() + 3_600_000 } });
      equal(await future.pull().wait(20), undefined);
    },
  },
  {
    name: "seek() moves an open consumer both ways",
    needs: ["seeking"],
    async check(fixture) {
      await using topic = await fixture.topic();
      await store(topic, 20);
      await using consumer = topic.consumer("c");
      await fixture.take(consumer, 5);
      await consumer.seek({ id: 15 });
      equal(consumer.position(0), 15);
      deepEqual(numbers(await fixture.take(consumer, 2)), [15, 16]);
      await consumer.seek("earliest");
      deepEqual(numbers(await fixture.take(consumer, 3)), [0, 1, 2]);
      await consumer.seek("latest");
      equal(await consumer.pull().wait(20), undefined);
      const waiting = consumer.pull().wait(fixture.patienceMs);
      await consumer.seek({ id: 19 });
      equal((await waiting)?.id, 19);
    },
  },
  {
    name: "seek() moves some partitions and keeps the others",
    needs: ["seeking"],
    async check(fixture) {
      await using topic = await fixture.topic(2);
      await store(topic, 5, 0, 0);
      await store(topic, 5, 10, 1);
      await using consumer = topic.consumer("c");
      await fixture.take(consumer, 10);
      await consumer.seek({ id: 3 }, { partitions: [1] });
      deepEqual(numbers(await fixture.take(consumer, 2)), [13, 14]);
      await fails("ERR_NO_SUCH_PARTITION", () => consumer.seek("earliest", { partitions: [2] }));
      await fails("ERR_INVALID_OPTION", () => consumer.seek({ id: -1 }));
    },
  },
  {
    name: "seek() moves the stored position only on request",
    needs: ["seeking", "positions"],
    async check(fixture) {
      await using topic = await fixture.topic();
      await store(topic, 10);
      await using consumer = topic.consumer("worker");
      const events = await fixture.take(consumer, 8);
      await nth(events, 7).acknowledge();
      await consumer.seek({ id: 2 });
      equal(nth(await topic.lag("worker"), 0).position, 8);
      await (await fixture.one(consumer)).acknowledge();
      equal(nth(await topic.lag("worker"), 0).position, 8);
      await consumer.seek({ id: 2 }, { store: true });
      equal(nth(await topic.lag("worker"), 0).position, 2);
      const again = await fixture.take(consumer, 2);
      deepEqual(numbers(again), range(2, 2));
      await nth(again, 1).acknowledge();
      equal(nth(await topic.lag("worker"), 0).position, 4);
    },
  },
];
