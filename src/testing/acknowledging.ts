import { deepEqual, equal, ok } from "node:assert/strict";
import { fails, nth, numbers, range, store } from "./fixture.ts";
import type { Rule } from "./rule.ts";

/** Rules about stored positions of consumer names. */
export const acknowledgingRules: readonly Rule[] = [
  {
    name: "a consumer starts after the last event that its name acknowledged",
    needs: ["positions"],
    async check(fixture) {
      await using topic = await fixture.topic();
      await store(topic, 10);
      {
        await using consumer = topic.consumer("worker");
        const events = await fixture.take(consumer, 7);
        await nth(events, 3).acknowledge();
      }
      {
        await using consumer = topic.consumer("worker");
        deepEqual(numbers(await fixture.take(consumer, 6)), range(4, 6));
      }
      await using other = topic.consumer("other");
      equal((await fixture.one(other)).id, 0);
    },
  },
  {
    name: "an acknowledgement covers earlier events and never moves backwards",
    needs: ["positions"],
    async check(fixture) {
      await using topic = await fixture.topic();
      await store(topic, 10);
      await using consumer = topic.consumer("worker");
      const events = await fixture.take(consumer, 8);
      await nth(events, 5).acknowledge();
      await nth(events, 2).acknowledge();
      nth(events, 1).acknowledge();
      await nth(events, 6).acknowledge();
      const lag = nth(await topic.lag("worker"), 0);
      deepEqual([lag.position, lag.events, lag.acknowledged], [7, 3, true]);
    },
  },
  {
    name: "each partition has its own position",
    needs: ["positions"],
    async check(fixture) {
      await using topic = await fixture.topic(2);
      await store(topic, 5, 0, 0);
      await store(topic, 5, 10, 1);
      {
        await using consumer = topic.consumer("worker");
        const events = await fixture.take(consumer, 10);
        await events.find((event) => event.partition === 1 && event.id === 2)!.acknowledge();
      }
      await using consumer = topic.consumer("worker");
      const left = numbers(await fixture.take(consumer, 7));
      deepEqual(left.sort((one, other) => one - other), [0, 1, 2, 3, 4, 13, 14]);
    },
  },
  {
    name: "closing a consumer stores acknowledgements that no one waited for",
    needs: ["positions"],
    async check(fixture) {
      await using topic = await fixture.topic();
      await store(topic, 4);
      {
        await using consumer = topic.consumer("worker");
        for (const event of await fixture.take(consumer, 3)) event.acknowledge();
      }
      await using consumer = topic.consumer("worker");
      deepEqual(numbers(await fixture.take(consumer, 1)), [3]);
    },
  },
  {
    name: "an acknowledgement of a closed consumer is refused",
    needs: ["positions"],
    async check(fixture) {
      await using topic = await fixture.topic();
      await store(topic, 1);
      const consumer = topic.consumer("worker");
      const event = await fixture.one(consumer);
      await consumer.close();
      await fails("ERR_CLOSED", () => event.acknowledge());
    },
  },
  {
    name: "names with any characters have separate positions",
    needs: ["positions"],
    async check(fixture) {
      const names = ["a", "A", "a/b", "../up", "über", "local/x->remote/y", ".", "a b", "x".repeat(300)];
      await using topic = await fixture.topic();
      await store(topic, names.length + 1);
      for (const [index, name] of names.entries()) {
        await using consumer = topic.consumer(name);
        await nth(await fixture.take(consumer, index + 1), index).acknowledge();
      }
      deepEqual(await topic.consumers(), [...names].sort());
      for (const [index, name] of names.entries()) equal(nth(await topic.lag(name), 0).position, index + 1);
    },
  },
  {
    name: "lag() returns a consumer's lag without consuming",
    needs: ["positions"],
    async check(fixture) {
      await using topic = await fixture.topic(2);
      await store(topic, 6, 0, 1);
      const lags = await topic.lag("newcomer");
      const [empty, behind] = [nth(lags, 0), nth(lags, 1)];
      deepEqual([empty.partition, empty.position, empty.events, empty.bytes, empty.seconds], [0, 0, 0, 0, 0]);
      deepEqual([behind.partition, behind.position, behind.events, behind.acknowledged], [1, 0, 6, false]);
      ok(behind.bytes > 0 && behind.seconds >= 0);
      deepEqual(await topic.consumers(), []);
    },
  },
  {
    name: "seekConsumer() moves a stored position both ways, deleteConsumer() forgets it",
    needs: ["positions", "seeking"],
    async check(fixture) {
      await using topic = await fixture.topic();
      await store(topic, 10);
      await topic.seekConsumer("worker", { id: 8 });
      equal(nth(await topic.lag("worker"), 0).position, 8);
      await topic.seekConsumer("worker", { id: 2 });
      {
        await using consumer = topic.consumer("worker");
        equal((await fixture.one(consumer)).id, 2);
      }
      await topic.seekConsumer("worker", "latest");
      equal(nth(await topic.lag("worker"), 0).events, 0);
      await topic.deleteConsumer("worker");
      deepEqual(await topic.consumers(), []);
      equal(nth(await topic.lag("worker"), 0).events, 10);
    },
  },
];
