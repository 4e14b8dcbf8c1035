import { deepEqual, equal, throws } from "node:assert/strict";
import { fails, type Numbered, numbers, store } from "./fixture.ts";
import type { Rule } from "./rule.ts";

const BAD_NAMES = ["", ".", "..", ".hidden", "a/b", "a\\b", "/absolute", "a\0b", "é".repeat(101)];

/** Rules about creating, opening, listing and deleting topics. */
export const topicRules: readonly Rule[] = [
  {
    name: "createTopic() creates a topic that exists, is listed and can be opened",
    async check(fixture) {
      const { driver } = fixture;
      equal(await driver.topicExists("readings"), false);
      deepEqual([...(await driver.listTopics()).keys()], []);
      await fixture.create("readings", { num_partitions: 3 });
      equal(await driver.topicExists("readings"), true);
      const info = (await driver.listTopics()).get("readings");
      equal(info?.name, "readings");
      equal(info?.numPartitions, 3);
      equal(info?.options.num_partitions, 3);
      await using topic = await driver.openTopic("readings");
      equal(topic.name, "readings");
      equal(topic.options.num_partitions, 3);
      deepEqual(topic.partitions.map((partition) => partition.partition_id), [0, 1, 2]);
    },
  },
  {
    name: "createTopic() without num_partitions creates one partition",
    async check(fixture) {
      await fixture.create("readings", {});
      await using topic = await fixture.driver.openTopic("readings");
      equal(topic.partitions.length, 1);
    },
  },
  {
    name: "listTopics() names every topic",
    async check(fixture) {
      const names = ["b", "a", "Grüße", "with space", "-dash", "a.b", "x".repeat(200)];
      for (const name of names) await fixture.create(name, { num_partitions: 1 });
      const topics = await fixture.driver.listTopics();
      deepEqual([...topics.keys()].sort(), [...names].sort());
      for (const name of names) equal(topics.get(name)?.name, name);
    },
  },
  {
    name: "createTopic() of an existing topic fails and does not change it",
    async check(fixture) {
      await using topic = await fixture.topic();
      await store(topic, 2);
      await fails("ERR_TOPIC_EXISTS", () => fixture.create("readings", { num_partitions: 5 }));
      await using again = await fixture.driver.openTopic("readings");
      equal(again.partitions.length, 1);
      await using consumer = again.consumer("c");
      equal((await fixture.take(consumer, 2)).length, 2);
    },
  },
  {
    name: "openTopic() of a missing topic fails and creates none",
    async check({ driver }) {
      await fails("ERR_TOPIC_NOT_FOUND", () => driver.openTopic("readings"));
      equal(await driver.topicExists("readings"), false);
    },
  },
  {
    name: "an invalid topic name is refused by every method",
    async check({ driver }) {
      for (const name of BAD_NAMES) {
        await fails("ERR_INVALID_TOPIC_NAME", () => driver.createTopic(name, { num_partitions: 1 }));
        await fails("ERR_INVALID_TOPIC_NAME", () => driver.openTopic(name));
        await fails("ERR_INVALID_TOPIC_NAME", () => driver.topicExists(name));
        await fails("ERR_INVALID_TOPIC_NAME", () => driver.deleteTopic(name));
      }
      equal((await driver.listTopics()).size, 0);
    },
  },
  {
    name: "an invalid number of partitions or an unknown option is refused, and nothing is left",
    async check(fixture) {
      for (const count of [0, -1, 1.5, "3", null, true]) {
        await fails("ERR_INVALID_OPTION", () => fixture.create("readings", { num_partitions: count }));
      }
      await fails("ERR_INVALID_OPTION", () => fixture.create("readings", { num_partitons: 1 }));
      await fails(
        "ERR_UNKNOWN_COMPONENT",
        () => fixture.create("readings", {}, { validator: { type: "made-by-none" } }),
      );
      equal((await fixture.driver.listTopics()).size, 0);
    },
  },
  {
    name: "a topic keeps the documents of its components",
    async check(fixture) {
      const schema = { type: "object", required: ["n"] };
      await fixture.create("readings", { num_partitions: 2 }, {
        validator: { type: "schema", schema },
        partitionSelector: { type: "key", pointer: "/n" },
      });
      const info = (await fixture.driver.listTopics()).get("readings");
      equal(info?.validator.type, "schema");
      deepEqual(info?.validator.schema, schema);
      equal(info?.partitionSelector.type, "key");
      equal(info?.serializer.type, "default");
      await using topic = await fixture.driver.openTopic("readings");
      deepEqual(topic.validator.config(), info?.validator);
      await using producer = topic.producer();
      await fails("ERR_INVALID_METADATA", () => producer.push({ m: 1 }));
    },
  },
  {
    name: "documents that name modules are data: kept unchanged, and not needed for inspection",
    async check({ driver }) {
      const type = "Part:/surely/no/such/module.mjs";
      const definition = { validator: { type, max: 5 }, partitionSelector: { type }, serializer: { type } };
      {
        await using draft = await driver.draftTopic("readings", definition);
        await draft.publish();
      }
      const info = (await driver.listTopics()).get("readings");
      deepEqual([info?.validator, info?.serializer], [definition.validator, definition.serializer]);
      await using topic = await driver.openTopic("readings");
      equal(topic.partitions.length, 1);
      for (const use of [() => topic.producer(), () => topic.consumer("c"), () => topic.validator]) {
        throws(use, { code: "ERR_MODULE_NOT_ALLOWED", topic: "readings" });
      }
      await using plain = await driver.openTopic("readings", { serializer: { type: "default" } });
      equal(await plain.consumer("c").pull().wait(0), undefined);
    },
  },
  {
    name: "draftTopic() creates a topic that appears when published, with every flushed event",
    async check(fixture) {
      const { driver } = fixture;
      {
        await using draft = await driver.draftTopic<Numbered>(
          "readings",
          fixture.definition({ num_partitions: 2 }),
        );
        await store(draft.topic, 3, 0, 1);
        await draft.publish();
      }
      await using topic = await driver.openTopic<Numbered>("readings");
      deepEqual([topic.partitions.length, await topic.consumers().catch(() => [])], [2, []]);
      await using consumer = topic.consumer("c");
      deepEqual(numbers(await fixture.take(consumer, 3)), [0, 1, 2]);
      await fails("ERR_TOPIC_EXISTS", () => driver.draftTopic("readings"));
    },
  },
  {
    name: "a draft that is not published is not a topic",
    needs: ["deletion"],
    async check(fixture) {
      const { driver } = fixture;
      {
        await using draft = await driver.draftTopic<Numbered>(
          "readings",
          fixture.definition({ num_partitions: 1 }),
        );
        await store(draft.topic, 3);
      }
      equal(await driver.topicExists("readings"), false);
      equal((await driver.listTopics()).size, 0);
      await using topic = await fixture.topic();
      await store(topic, 1, 7);
      await using consumer = topic.consumer("c");
      deepEqual(numbers(await fixture.take(consumer, 1)), [7]);
    },
  },
  {
    name: "deleteTopic() removes a topic with its events, and the name can be used again",
    needs: ["deletion"],
    async check(fixture) {
      const { driver } = fixture;
      await fixture.create("other", { num_partitions: 1 });
      {
        await using topic = await fixture.topic();
        await store(topic, 3);
      }
      await driver.deleteTopic("readings");
      equal(await driver.topicExists("readings"), false);
      deepEqual([...(await driver.listTopics()).keys()], ["other"]);
      await fails("ERR_TOPIC_NOT_FOUND", () => driver.openTopic("readings"));
      await fails("ERR_TOPIC_NOT_FOUND", () => driver.deleteTopic("readings"));
      await using topic = await fixture.topic();
      await using consumer = topic.consumer("c");
      equal(await consumer.pull().wait(50), undefined);
      await store(topic, 1, 7);
      const event = await fixture.one(consumer);
      equal(event.id, 0);
    },
  },
  {
    name: "users of a topic that is deleted get an error",
    needs: ["deletion"],
    async check(fixture) {
      await using topic = await fixture.topic();
      const consumer = topic.consumer("c");
      const producer = topic.producer();
      producer.push({ n: 0 });
      await producer.flush();
      await fixture.take(consumer, 1);
      const waiting = fails("ERR_TOPIC_DELETED", () => consumer.pull().wait(fixture.patienceMs));
      await fixture.driver.deleteTopic("readings");
      await waiting;
      await fails("ERR_TOPIC_DELETED", () => producer.push({ n: 1 }));
    },
  },
  {
    name: "edit() changes options for every user, and refuses those that cannot change",
    needs: ["editing"],
    async check(fixture) {
      await using topic = await fixture.topic(2);
      await fails("ERR_INVALID_OPTION", () => topic.edit({ num_partitions: 3 }));
      await topic.edit({ flush_behavior: "on_flush" });
      equal(topic.options.flush_behavior, "on_flush");
      equal((await fixture.driver.listTopics()).get("readings")?.options.flush_behavior, "on_flush");
      equal(topic.options.num_partitions, 2);
    },
  },
];
