import { deepEqual, equal } from "node:assert/strict";
import { nth, type Numbered, numbers, range, store } from "./fixture.ts";
import type { Rule } from "./rule.ts";

/** Rules about several drivers at one place, one after the other and at the same time. */
export const sharingRules: readonly Rule[] = [
  {
    name: "topics, events and positions persist after their driver is closed",
    needs: ["reopening"],
    async check(fixture) {
      await fixture.driver.close();
      {
        await using driver = await fixture.open();
        await driver.createTopic("kept", { num_partitions: 2 });
        await using topic = await driver.openTopic<Numbered>("kept");
        await store(topic, 5, 0, 1);
      }
      await using driver = await fixture.open();
      deepEqual([...(await driver.listTopics()).keys()], ["kept"]);
      await using topic = await driver.openTopic<Numbered>("kept");
      equal(topic.partitions.length, 2);
      await store(topic, 5, 5, 1);
      await using consumer = topic.consumer("c");
      const events = await fixture.take(consumer, 10);
      deepEqual(numbers(events), range(0, 10));
      deepEqual(events.map((event) => event.id), range(0, 10));
    },
  },
  {
    name: "acknowledgements persist after their driver is closed",
    needs: ["reopening", "positions"],
    async check(fixture) {
      await fixture.driver.close();
      {
        await using driver = await fixture.open();
        await driver.createTopic("kept", { num_partitions: 1 });
        await using topic = await driver.openTopic<Numbered>("kept");
        await store(topic, 5);
        await using consumer = topic.consumer("worker");
        await nth(await fixture.take(consumer, 3), 2).acknowledge();
      }
      await using driver = await fixture.open();
      await using topic = await driver.openTopic<Numbered>("kept");
      await using consumer = topic.consumer("worker");
      deepEqual(numbers(await fixture.take(consumer, 2)), [3, 4]);
    },
  },
  {
    name: "a waiting consumer gets what another driver stores",
    needs: ["sharing"],
    async check(fixture) {
      await using topic = await fixture.topic(2);
      await using consumer = topic.consumer("c");
      equal(await consumer.pull().wait(0), undefined);
      const pulled = consumer.pull().wait(fixture.patienceMs);
      await using driver = await fixture.open();
      await using elsewhere = await driver.openTopic<Numbered>("readings");
      await store(elsewhere, 1, 3, 1);
      deepEqual((await pulled)?.metadata, { n: 3 });
    },
  },
  {
    name: "producers of several drivers share a partition without gaps or duplicates",
    needs: ["sharing"],
    async check(fixture) {
      await using topic = await fixture.topic();
      await using driver = await fixture.open();
      await using elsewhere = await driver.openTopic<Numbered>("readings");
      const ids = await Promise.all([topic, elsewhere].flatMap((place, number) => {
        const producer = place.producer(`p${number}`, { batchSize: 4 });
        return range(0, 60).map((n) => producer.push({ n: number * 60 + n }));
      }));
      deepEqual([...ids].sort((one, other) => one - other), range(0, 120));
      await using consumer = elsewhere.consumer("c");
      for (const event of await fixture.take(consumer, 120)) equal(ids[event.metadata.n], event.id);
    },
  },
];
