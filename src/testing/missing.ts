import { fails, store } from "./fixture.ts";
import type { Rule } from "./rule.ts";

/** Rules about unsupported features: a driver reports them, rather than do something else. */
export const missingRules: readonly Rule[] = [
  {
    name: "deleteTopic() says that it is not supported",
    lacks: "deletion",
    async check(fixture) {
      await fixture.create("readings", { num_partitions: 1 });
      await fails("ERR_NOT_SUPPORTED", () => fixture.driver.deleteTopic("readings"));
    },
  },
  {
    name: "acknowledge() and every call about stored positions say that they are not supported",
    lacks: "positions",
    async check(fixture) {
      await using topic = await fixture.topic();
      await store(topic, 1);
      await using consumer = topic.consumer("c");
      const event = await fixture.one(consumer);
      await fails("ERR_NOT_SUPPORTED", () => event.acknowledge());
      await fails("ERR_NOT_SUPPORTED", () => topic.lag("c"));
      await fails("ERR_NOT_SUPPORTED", () => topic.consumers());
      await fails("ERR_NOT_SUPPORTED", () => topic.seekConsumer("c", "earliest"));
      await fails("ERR_NOT_SUPPORTED", () => topic.deleteConsumer("c"));
    },
  },
  {
    name: "seek() says that it is not supported",
    lacks: "seeking",
    async check(fixture) {
      await using topic = await fixture.topic();
      await using consumer = topic.consumer("c");
      await fails("ERR_NOT_SUPPORTED", () => consumer.seek("earliest"));
    },
  },
  {
    name: "a group and its members say that they are not supported",
    lacks: "groups",
    async check(fixture) {
      await using topic = await fixture.topic();
      await fails("ERR_NOT_SUPPORTED", async () => await topic.consumer("c", { group: true }).ready());
      await fails("ERR_NOT_SUPPORTED", () => topic.members("c"));
    },
  },
  {
    name: "data is refused where it cannot be stored",
    lacks: "data",
    async check(fixture) {
      await using topic = await fixture.topic();
      await using producer = topic.producer("p");
      await fails("ERR_NOT_SUPPORTED", () => producer.push({ n: 0 }, new Uint8Array([1])));
    },
  },
  {
    name: "describe() says that it is not supported",
    lacks: "description",
    async check(fixture) {
      await using topic = await fixture.topic();
      await fails("ERR_NOT_SUPPORTED", () => topic.describe());
    },
  },
  {
    name: "trim() says that it is not supported",
    lacks: "trimming",
    async check(fixture) {
      await using topic = await fixture.topic();
      await fails("ERR_NOT_SUPPORTED", () => topic.trim({ beforeId: 1 }));
    },
  },
  {
    name: "edit() says that it is not supported",
    lacks: "editing",
    async check(fixture) {
      await using topic = await fixture.topic();
      await fails("ERR_NOT_SUPPORTED", () => topic.edit({ flush_behavior: "on_flush" }));
    },
  },
];
