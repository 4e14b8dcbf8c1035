// Names with a special meaning in a file system: nothing outside the root is ever touched.
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { cpSync, readdirSync } from "node:fs";
import process from "node:process";
import { Driver, InvalidConsumerNameError, InvalidTopicNameError } from "../../mod.ts";
import { test } from "../harness.ts";
import { withCanary } from "./canary.ts";

const REFUSED_TOPICS = [
  "",
  ".",
  "..",
  "../outside",
  "../outside/topics",
  "..\\outside",
  "a/b",
  "a\\b",
  "/",
  "/etc",
  "a/../../outside",
  "nul\0byte",
  "line\nbreak",
  "tab\t",
  "\x7f",
  "\u0085",
  ".hidden",
  ".creating-0",
  "\ud800",
  "x".repeat(201),
  "é".repeat(101),
];

/** Names that some systems cannot store; topics of earlier versions may have them. */
const UNPORTABLE_TOPICS = [
  "CON",
  "nul",
  "aux.txt",
  "Com1.a.b",
  "lpt9",
  "com¹",
  "con .x",
  "CONIN$",
  "ends with a dot.",
  "ends with a space ",
  " ",
  "a:b",
  "a*?",
  "a<b",
  "a>b",
  'a"b',
  "a|b",
];

const FINE_TOPICS = [
  "console",
  "com",
  "com10",
  "null",
  "a.con",
  "topic.json",
  "partitions",
  "consumers",
  "-rf",
  "--help",
  "a b",
  "~",
  "$HOME",
  "`id`",
  "%2e%2e%2foutside",
  "x".repeat(200),
  "é".repeat(100),
  "日本語のトピック",
  "👩‍🚀",
  "e\u0301",
  "\u202egnp.exe",
  "__proto__",
  "constructor",
];

const FINE_CONSUMERS = [
  ...FINE_TOPICS,
  ...UNPORTABLE_TOPICS,
  "con",
  "NUL",
  "A",
  "a",
  "x",
  "x.",
  "x..",
  "x ",
  "\u00e9",
  "É",
  ".",
  "..",
  "../../..",
  "../../../outside",
  "a/b",
  "a\\b",
  "/etc/passwd",
  "a/../../../../outside/file",
  ".hidden",
  "name",
  "00000000.pos",
  "x".repeat(1000),
  "é".repeat(500),
  `${"x".repeat(998)}/1`,
  `${"x".repeat(998)}/2`,
];

const REFUSED_CONSUMERS = [
  "",
  "nul\0byte",
  "line\nbreak",
  "\x7f",
  "\ud800",
  "x".repeat(1001),
  "é".repeat(501),
];

test("hostile topic names are refused by every call, and leave nothing", () =>
  withCanary(async ({ root }) => {
    await using driver = await Driver.open("files", { root_path: root });
    for (const name of REFUSED_TOPICS) {
      for (
        const call of [
          () => driver.createTopic(name, {}),
          () => driver.openTopic(name),
          () => driver.topicExists(name),
          () => driver.deleteTopic(name),
        ]
      ) {
        const error = await assertRejects<InvalidTopicNameError>(
          call as () => Promise<unknown>,
          InvalidTopicNameError,
        );
        assertEquals([error.code, error.topic], ["ERR_INVALID_TOPIC_NAME", name]);
      }
    }
    assertEquals(readdirSync(root), []);
  }));

test("unusual topic names have separate folders, and work", () =>
  withCanary(async ({ root }) => {
    await using driver = await Driver.open("files", { root_path: root });
    for (const [index, name] of FINE_TOPICS.entries()) {
      await driver.createTopic(name, { num_partitions: 2 });
      await using topic = await driver.openTopic(name);
      await using producer = topic.producer("test");
      await producer.push({ index }, undefined, { partition: 1 });
    }
    assertEquals(readdirSync(root).sort(), [...FINE_TOPICS].sort());
    assertEquals([...(await driver.listTopics()).keys()].sort(), [...FINE_TOPICS].sort());
    for (const [index, name] of FINE_TOPICS.entries()) {
      await using topic = await driver.openTopic(name);
      await using consumer = topic.consumer("test");
      assertEquals((await consumer.pull()).metadata, { index });
    }
    for (const name of FINE_TOPICS) await driver.deleteTopic(name);
    assertEquals(readdirSync(root), []);
  }));

const noSuchFolder = process.platform === "win32" && "Windows cannot store such a folder";

test(
  "a topic of an earlier version can be used under a name that is now invalid",
  { skip: noSuchFolder },
  () =>
    withCanary(async ({ root }) => {
      await using driver = await Driver.open("files", { root_path: root });
      await driver.createTopic("template", {});
      for (const name of UNPORTABLE_TOPICS) {
        await assertRejects(() => driver.createTopic(name, {}), InvalidTopicNameError, "choose another name");
        assertEquals(await driver.topicExists(name), false);
        cpSync(`${root}/template`, `${root}/${name}`, { recursive: true });
        await using topic = await driver.openTopic(name);
        await using producer = topic.producer("test");
        assertEquals(await producer.push({ name }), 0);
      }
      assertEquals([...(await driver.listTopics()).keys()].sort(), [...UNPORTABLE_TOPICS, "template"].sort());
      for (const name of UNPORTABLE_TOPICS) await driver.deleteTopic(name);
      assertEquals(readdirSync(root), ["template"]);
    }),
);

test("unusual consumer names have separate positions, all inside the topic", () =>
  withCanary(async ({ root }) => {
    await using driver = await Driver.open("files", { root_path: root });
    await driver.createTopic("topic", {});
    await using topic = await driver.openTopic("topic");
    await using producer = topic.producer("test");
    for (let n = 0; n <= FINE_CONSUMERS.length; n++) producer.push({ n });
    await producer.flush();
    for (const [index, name] of FINE_CONSUMERS.entries()) await topic.seekConsumer(name, { id: index + 1 });
    assertEquals(await topic.consumers(), [...FINE_CONSUMERS].sort());
    for (const [index, name] of FINE_CONSUMERS.entries()) {
      await using consumer = topic.consumer(name);
      const event = await consumer.pull();
      assertEquals(event.id, index + 1);
      await event.acknowledge();
    }
    assertEquals(readdirSync(`${root}/topic/consumers`).length, FINE_CONSUMERS.length);
    for (const name of FINE_CONSUMERS) await topic.deleteConsumer(name);
    assertEquals(readdirSync(`${root}/topic/consumers`), []);
    assertEquals(readdirSync(root), ["topic"]);
  }));

test("invalid consumer names are refused by every call", () =>
  withCanary(async ({ root }) => {
    await using driver = await Driver.open("files", { root_path: root });
    await driver.createTopic("topic", {});
    await using topic = await driver.openTopic("topic");
    for (const name of REFUSED_CONSUMERS) {
      assertThrows(() => topic.consumer(name), InvalidConsumerNameError);
      await assertRejects(() => topic.lag(name), InvalidConsumerNameError);
      await assertRejects(() => topic.seekConsumer(name, "latest"), InvalidConsumerNameError);
      await assertRejects(() => topic.deleteConsumer(name), InvalidConsumerNameError);
    }
    assertEquals(readdirSync(`${root}/topic/consumers`), []);
  }));
