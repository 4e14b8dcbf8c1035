// A user who may do what he was granted, and nothing else, at a real broker with an authorizer: every call of the driver
// without each of the rights that it needs.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type BrokerError, Driver, type JsonObject, type Topic } from "../../mod.ts";
import { test } from "../harness.ts";
import { brokerMissing, Cluster } from "../../tools/kafka/broker.ts";
import { ANY, CLUSTER, having, type Right, without } from "./rights.ts";

const skip = brokerMissing;
const LOGINS = "org.apache.kafka.common.security.plain.PlainLoginModule required";
/** Refusals come at once: an error that is retried takes up to 30 s. */
const REFUSED_MS_MAX = 5000;
/** The broker learns of a changed right a moment later. */
const CHANGE_MS_MAX = 30_000;

const cluster = skip === false
  ? await Cluster.start({
    properties: {
      "listeners": "SAFE://127.0.0.1:{port},CONTROLLER://127.0.0.1:{control}",
      "advertised.listeners": "SAFE://127.0.0.1:{port}",
      "inter.broker.listener.name": "SAFE",
      "listener.security.protocol.map": "SAFE:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
      "sasl.enabled.mechanisms": "PLAIN",
      "sasl.mechanism.inter.broker.protocol": "PLAIN",
      "listener.name.safe.plain.sasl.jaas.config":
        `${LOGINS} username="admin" password="a" user_admin="a" user_app="a" user_trimmer="a";`,
      "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
      "super.users": "User:admin;User:ANONYMOUS",
    },
  })
  : undefined;
const administrator = {
  bootstrapBrokers: cluster?.servers.split(",") ?? [],
  sasl: { mechanism: "PLAIN", username: "admin", password: "a" },
} as const;

function open(user: string, options: JsonObject = {}): Promise<Driver> {
  return Driver.open("octopus", {
    ...options,
    kafka: {
      "bootstrap.servers": cluster!.servers,
      "security.protocol": "sasl_plaintext",
      "sasl.mechanisms": "PLAIN",
      "sasl.username": user,
      "sasl.password": "a",
      "heartbeat.interval.ms": 200,
    },
  });
}

/** Does something again until it is refused, and returns that error, which came at once. */
async function refusalOf(doing: () => Promise<unknown>): Promise<BrokerError> {
  for (const deadline = Date.now() + CHANGE_MS_MAX;;) {
    const beganMs = Date.now();
    try {
      await doing();
    } catch (error) {
      assert(Date.now() - beganMs < REFUSED_MS_MAX, `refused after ${Date.now() - beganMs} ms: ${error}`);
      return error as BrokerError;
    }
    assert(Date.now() < deadline, "it is allowed");
  }
}

/** Does something again until it is allowed. */
async function allowed<T>(doing: () => Promise<T>): Promise<T> {
  for (const deadline = Date.now() + CHANGE_MS_MAX;;) {
    try {
      return await doing();
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
}

/** What is called, with an opened topic "t" that has events, and the user's driver. */
type Call = (driver: Driver, topic: Topic) => Promise<unknown>;

let made = 0;
const calls: Record<string, Call> = {
  exists: (driver) => driver.topicExists("t"),
  open: async (driver) => await (await driver.openTopic("t")).close(),
  create: (driver) => driver.createTopic("new"),
  delete: (driver) => driver.deleteTopic("old"),
  describe: (_, topic) => topic.describe(),
  push: async (_, topic) => {
    await using producer = topic.producer();
    await producer.push({});
  },
  pull: async (_, topic) => {
    await using consumer = topic.consumer(`reader ${++made}`);
    await consumer.pull().wait(20_000);
  },
  join: async (_, topic) => {
    await using consumer = topic.consumer("g");
    await consumer.ready();
  },
  acknowledge: async (_, topic) => {
    await using consumer = topic.consumer("g", { partitions: [0], from: { id: 2 } });
    await (await consumer.pull().wait(20_000))?.acknowledge();
  },
  seek: async (_, topic) => {
    await using consumer = topic.consumer("g", { partitions: [0] });
    await consumer.seek({ id: 2 }, { store: true });
  },
  seekConsumer: (_, topic) => topic.seekConsumer("g", { id: 2 }),
  deleteConsumer: (_, topic) => topic.deleteConsumer("g"),
  lag: (_, topic) => topic.lag("g"),
  members: (_, topic) => topic.members("g"),
  trim: (_, topic) => topic.trim({ beforeId: 1 }),
  edit: (_, topic) => topic.edit({ retention_seconds: 1000 + ++made }),
};

const cases: [missing: Right, names: string, grants: string, calls: string[]][] = [
  [["describe", "topic", "t"], '"t"', '"Describe" on the topic', ["exists", "open", "describe"]],
  [["read", "topic", "t"], '"t"', '"Read" on the topic', ["pull", "acknowledge", "seekConsumer", "lag"]],
  [["write", "topic", "t"], '"t"', '"Write" on the topic', ["push"]],
  [["delete", "topic", "t"], '"t"', '"Delete" on the topic', ["trim"]],
  [["alterConfigs", "topic", "t"], '"t"', '"AlterConfigs" on the topic', ["edit"]],
  [["read", "topic", "__info_t"], '"__info_t"', '"Read" on the topic', ["open"]],
  [["describe", "topic", "new"], '"new"', '"Describe" on the topic', ["create"]],
  [["create", "topic", "new"], '"new"', '"Create" on the topic', ["create"]],
  [["create", "topic", "__info_new"], '"__info_new"', '"Create" on the topic', ["create"]],
  [["write", "topic", "__info_new"], '"__info_new"', '"Write" on the topic', ["create"]],
  [["delete", "topic", "old"], '"old"', '"Delete" on the topic', ["delete"]],
  [["delete", "topic", "__info_old"], "so nothing is deleted", '"Delete" on the topic "__info_old"', [
    "delete",
  ]],
  [["describe", "group", "g"], '"g"', '"Describe" and "Read" on the group', ["seekConsumer"]],
  [["describe", "group", "g"], '"g"', '"Describe" and "Delete" on the group', ["deleteConsumer"]],
  [["read", "group", "g"], '"g"', '"Read" on the group', ["join", "acknowledge", "seek", "seekConsumer"]],
  [["describe", "group", "g"], '"g"', '"Describe" on the group', ["lag", "members"]],
  [["describe", "group", "g"], '"g"', '"Read" on the group', ["join"]],
  [["delete", "group", "g"], '"g"', '"Delete" on the group', ["deleteConsumer"]],
];

async function topicsOf(driver: Driver): Promise<string[]> {
  return [...(await driver.listTopics()).keys()].filter((name) => name !== "trimmed");
}

test("kafka: each right that a call needs is named at once where it is missing", { skip }, async () => {
  await using root = await open("admin");
  for (const name of ["t", "old"]) await root.createTopic(name);
  const everything: Right[] = [["all", "topic", ANY], ["all", "group", ANY]];
  await having(administrator, "app", everything, async () => {
    await using driver = await open("app");
    await using topic = await allowed(() => driver.openTopic("t"));
    await using producer = topic.producer();
    for (let n = 0; n < 5; n++) await producer.push({ n });
    for (const [missing, names, grants, refused] of cases) {
      await allowed(() => topic.seekConsumer("g", { id: 2 }));
      await without(administrator, "app", missing, async () => {
        for (const call of refused) {
          const { code, message, canRetry } = await refusalOf(() => calls[call]!(driver, topic));
          assertEquals([code, canRetry], ["ERR_BROKER", false], `${call}: ${message}`);
          assertStringIncludes(message, names, call);
          assertStringIncludes(message, `as "app" by PLAIN: `, call);
          assertStringIncludes(message, `; grant ${grants}`, call);
        }
      });
      for (const call of refused.filter((name) => name !== "create" && name !== "delete")) {
        await allowed(() => calls[call]!(driver, topic));
      }
      assertEquals(await topicsOf(root), ["old", "t"], "something was left or is gone");
    }
    await calls.create!(driver, topic);
    await calls.delete!(driver, topic);
    assertEquals(await topicsOf(root), ["new", "t"]);
  });
});

// Such a topic was deleted, and then its info topic, which it does not have, was refused.
test(
  "kafka: a topic without an info topic is deleted by a user who has rights on nothing else",
  { skip },
  async () => {
    await having(administrator, "app", [["all", "topic", "plain"]], async () => {
      await using driver = await open("app", { disable_info_topic: true });
      await allowed(() => driver.createTopic("plain"));
      await driver.deleteTopic("plain");
      assertEquals(await driver.topicExists("plain"), false);
    });
  },
);

// A broker names only the groups that the user may describe, and does not say that it left out others.
test("kafka: events that a consumer whom the user may not see has not read stay", { skip }, async () => {
  await using root = await open("admin");
  await root.createTopic("trimmed");
  await using all = await root.openTopic("trimmed");
  await using producer = all.producer();
  for (let n = 0; n < 10; n++) await producer.push(n);
  await all.seekConsumer("seen", { id: 10 });
  await all.seekConsumer("unseen", { id: 3 });
  const rights: Right[] = [["all", "topic", "trimmed"], ["all", "topic", "__info_trimmed"]];
  await having(administrator, "trimmer", [...rights, ["all", "group", "seen"]], async () => {
    await using driver = await open("trimmer");
    await using topic = await allowed(() => driver.openTopic("trimmed"));
    assertEquals(await topic.consumers(), ["seen"]);
    for (const dryRun of [true, false]) {
      const { message, canRetry } = await refusalOf(() => topic.trim({ acknowledged: true, dryRun }));
      assertStringIncludes(message, 'as "trimmer" by PLAIN');
      assertStringIncludes(message, '; grant "Describe" on the cluster');
      assertEquals(canRetry, false);
    }
    assertEquals((await all.describe()).map(({ firstId }) => firstId), [0]);
    await having(administrator, "trimmer", [["describe", "cluster", CLUSTER]], async () => {
      const trim = () => topic.trim({ acknowledged: true });
      while (!(await refusalOf(trim)).message.endsWith('; grant "Describe" on the group'));
      await having(
        administrator,
        "trimmer",
        [["describe", "group", ANY]],
        async () => void await allowed(trim),
      );
    });
    assertEquals((await all.describe()).map(({ firstId }) => firstId), [3]);
  });
});
