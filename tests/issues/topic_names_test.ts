// On other systems' disks, "a" and "A", "x" and "x." and two encodings of "é" are one folder, and "CON" is a
// device: one topic could access another's events. Names that not every system can store are refused on every
// system.
import { assertEquals, assertRejects } from "@std/assert";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Driver, InvalidTopicNameError, TopicExistsError, TopicNotFoundError } from "../../mod.ts";
import { FilesDriver } from "../../src/drivers/files/driver.ts";
import { nodeStorage } from "../../src/storage/node.ts";
import { foldingStorage } from "../faults/folding_storage.ts";
import { test } from "../harness.ts";

/** Names of which every disk can store one, and some cannot store both. */
const TWINS: [string, string][] = [
  ["readings", "Readings"],
  ["READINGS", "readings"],
  ["Grüße", "grüße"],
  ["straße", "STRASSE"],
  ["straße", "STRAẞE"],
  ["\u00e9", "e\u0301"],
  ["É", "e\u0301"],
  ["a\u200db", "ab"],
];

async function withRoot(body: (root: string) => Promise<void>): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), "diaspora-names-"));
  try {
    await body(root);
  } finally {
    rmSync(root, { recursive: true });
  }
}

async function checkTwins(driver: Driver): Promise<void> {
  for (const [first, second] of TWINS) {
    await driver.createTopic(first, {});
    await assertRejects(
      () => driver.createTopic(second, {}),
      InvalidTopicNameError,
      `"${first}" exists, and some systems do not distinguish the two`,
    );
    await assertRejects(() => driver.createTopic(first, {}), TopicExistsError);
    assertEquals(await driver.topicExists(second), false);
    await assertRejects(() => driver.openTopic(second), TopicNotFoundError);
    await assertRejects(() => driver.deleteTopic(second), TopicNotFoundError);
    assertEquals([...(await driver.listTopics()).keys()], [first]);
    await driver.deleteTopic(first);
    await driver.createTopic(second, {});
    await driver.deleteTopic(second);
  }
}

test("two topic names that some system treats as equal cannot both exist, on any disk", () =>
  withRoot(async (root) => {
    for (const storage of [nodeStorage, foldingStorage(root)]) {
      await using driver = Driver.from(new FilesDriver({ root_path: root }, storage));
      await checkTwins(driver);
    }
  }));

test("the memory driver refuses the names that the files driver refuses", async () => {
  await using driver = await Driver.open("memory", {});
  await checkTwins(driver);
  for (const name of ["CON", "x.", "x ", "a:b"]) {
    await assertRejects(() => driver.createTopic(name, {}), InvalidTopicNameError);
  }
});

test("two topics of an earlier version that differ only in case stay separate", () =>
  withRoot(async (root) => {
    await using driver = await Driver.open("files", { root_path: root });
    await driver.createTopic("a", {});
    cpSync(`${root}/a`, `${root}/A`, { recursive: true });
    for (const name of ["a", "A"]) {
      await using topic = await driver.openTopic(name);
      await using producer = topic.producer("p");
      assertEquals(await producer.push({ name }), 0);
    }
    await driver.deleteTopic("A");
    assertEquals([...(await driver.listTopics()).keys()], ["a"]);
    await using topic = await driver.openTopic("a");
    await using consumer = topic.consumer("c");
    assertEquals((await consumer.pull()).metadata, { name: "a" });
  }));

test("two processes that create two such topics at once do not share one", async () => {
  {
    await withRoot(async (root) => {
      await using driver = await Driver.open("files", { root_path: root });
      await driver.createTopic("other", {});
      // The other process creates its topic just before this one's gets its name.
      let isMade = false;
      const storage = {
        ...nodeStorage,
        rename(from: string, to: string) {
          if (!isMade) {
            isMade = true;
            cpSync(`${root}/other`, `${root}/TOPIC`, { recursive: true });
          }
          nodeStorage.rename(from, to);
        },
      };
      await using late = Driver.from(new FilesDriver({ root_path: root }, storage));
      await assertRejects(() => late.createTopic("topic", {}), InvalidTopicNameError);
      assertEquals([...(await driver.listTopics()).keys()].sort(), ["TOPIC", "other"]);
    });
  }
});
