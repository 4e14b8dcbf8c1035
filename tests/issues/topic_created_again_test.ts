// A topic was deleted and created again by another program while one had it open. In files, the path is the same, and
// so the first program's events went into the second topic, by the rules and the serializer of the first; it edited,
// trimmed and moved consumers of a topic that it had never opened; and its consumers gave events of the second topic the
// ids that follow those of the first. In memory and on Kafka it got an error that its topic was deleted. Now each topic of
// files has an identity, and what is found under the path of another one counts as missing.
import { assertEquals, assertRejects } from "@std/assert";
import * as fs from "node:fs";
import { join } from "node:path";
import { Driver, type Topic, TopicDeletedError } from "../../mod.ts";
import { test } from "../harness.ts";
import { memoryFolder } from "../memory_folder.ts";

/** Two programs with one store; a memory driver is a single one. */
async function twoPrograms(name: string, use: (one: Driver, other: Driver) => Promise<void>): Promise<void> {
  if (name === "memory") {
    await using driver = await Driver.open("memory", {});
    return await use(driver, driver);
  }
  const root_path = fs.mkdtempSync(join(memoryFolder, "diaspora-again-"));
  try {
    await using one = await Driver.open("files", { root_path });
    await using other = await Driver.open("files", { root_path });
    await use(one, other);
  } finally {
    fs.rmSync(root_path, { recursive: true });
  }
}

const CALLS: Record<string, (topic: Topic) => Promise<unknown>> = {
  "a push": (topic) => topic.producer().push({ of: "the first" }).wait(-1),
  "a pull": (topic) => topic.consumer("new").pull().wait(-1),
  "a pull of a group's member": (topic) => topic.consumer("members", { group: true }).pull().wait(-1),
  "a description": (topic) => topic.describe(),
  "a consumer's lag": (topic) => topic.lag("c"),
  "the list of consumers": (topic) => topic.consumers(),
  "a seek": (topic) => topic.seekConsumer("c", { id: 0 }),
  "the deletion of a consumer": (topic) => topic.deleteConsumer("c"),
  "a trim": (topic) => topic.trim({ maxBytes: 0 }),
  "the list of members": (topic) => topic.members("c"),
  "an edit": (topic) => topic.edit({ retention_bytes: 1 }),
};

for (const driver of ["files", "memory"]) {
  for (const wasUsed of [true, false]) {
    for (const [what, call] of Object.entries(CALLS)) {
      const before = wasUsed ? "that was used" : "that was never used";
      test(`${what} in a topic ${before}, deleted and created again, is refused, on ${driver}`, () =>
        twoPrograms(driver, async (one, other) => {
          await one.createTopic("t");
          const first = await one.openTopic("t");
          if (wasUsed) {
            await first.producer().push({ of: "the first" });
            await (await first.consumer("c").pull()).acknowledge();
          }
          await other.deleteTopic("t");
          await other.createTopic("t");
          await using second = await other.openTopic("t");
          await using producer = second.producer();
          for (let n = 0; n < 3; n++) await producer.push({ of: "the second" });
          await (await second.consumer("c").pull()).acknowledge();
          await assertRejects(() => call(first), TopicDeletedError);
          await first.close();
          // Nothing came of it.
          assertEquals((await second.describe())[0].nextId, 3);
          assertEquals(await second.consumers(), ["c"]);
          assertEquals((await second.lag("c"))[0].events, 2);
          assertEquals(second.options, (await definitionOf(other, "t")).options);
        }));
    }
  }

  test(`an open consumer and producer never go over to the topic created again, on ${driver}`, () =>
    twoPrograms(driver, async (one, other) => {
      await one.createTopic("t");
      await using first = await one.openTopic("t");
      const producer = first.producer();
      const consumer = first.consumer("c");
      for (let n = 0; n < 3; n++) await producer.push({ of: "the first", n });
      const event = await consumer.pull();
      await other.deleteTopic("t");
      await other.createTopic("t");
      await using second = await other.openTopic("t");
      await using another = second.producer();
      for (let n = 0; n < 9; n++) await another.push({ of: "the second", n });
      await assertRejects(() => producer.push({ of: "the first", n: 3 }).wait(-1), TopicDeletedError);
      await assertRejects(() => producer.push({ of: "the first", n: 4 }).wait(-1), TopicDeletedError);
      await assertRejects(async () => {
        // What it had read of the first one may come, and nothing of the second one.
        for (;;) assertEquals((await consumer.pull()).metadata, { of: "the first", n: 1 });
      });
      await event.acknowledge().catch(() => {});
      assertEquals(await second.consumers(), []);
    }));
}

/** The topic's definition, as a program that opens it now sees it. */
async function definitionOf(driver: Driver, name: string): Promise<{ options: unknown }> {
  await using topic = await driver.openTopic(name);
  return { options: topic.options };
}

test("a topic of an earlier version, which has no identity, is used as before", () =>
  twoPrograms("files", async (one, other) => {
    await one.createTopic("t");
    const path = join((await one.listTopics()).get("t")!.path!, ".");
    for (const name of fs.readdirSync(path)) if (name.startsWith("id-")) fs.rmSync(join(path, name));
    await using first = await one.openTopic("t");
    await using again = await other.openTopic("t");
    await first.producer().push({ n: 0 });
    assertEquals((await again.consumer("c").pull()).metadata, { n: 0 });
    await other.deleteTopic("t");
    await assertRejects(() => first.producer().push({ n: 1 }).wait(-1), TopicDeletedError);
  }));
