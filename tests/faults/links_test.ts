// Symbolic links in a store: they are never followed out of it.
import { assert, assertEquals, assertInstanceOf, assertRejects, assertStringIncludes } from "@std/assert";
import { cpSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { Driver, StorageError, type Topic, TopicExistsError, TopicNotFoundError } from "../../mod.ts";
import { test } from "../harness.ts";
import { type Canary, withCanary } from "./canary.ts";

const SEGMENT = "partitions/00000000/00000000000000000000.log";

/**
 * A store with a topic of ten events, of which the consumer "reader" has acknowledged three; everything is
 * closed.
 */
async function makeTopic(root: string): Promise<void> {
  await using driver = await Driver.open("files", { root_path: root });
  await driver.createTopic("topic", { segment_bytes: 4096 });
  await using topic = await driver.openTopic("topic");
  await using producer = topic.producer("test");
  for (let n = 0; n < 10; n++) producer.push({ n }, new Uint8Array(100));
  await producer.flush();
  await topic.seekConsumer("reader", { id: 3 });
}

/** Moves a part of the topic out of the root and puts a link in its place. */
function moveOut(canary: Canary, part: string): void {
  const target = `${canary.outside}/${part.replaceAll("/", "-")}`;
  renameSync(`${canary.root}/topic/${part}`, target);
  symlinkSync(target, `${canary.root}/topic/${part}`);
  canary.settle();
}

/** What a call must do when it finds a link: fail, and name the path and the problem. */
async function assertRefused(call: () => PromiseLike<unknown>, path: string): Promise<void> {
  const error = await assertRejects(async () => await call());
  assertInstanceOf(error, StorageError);
  assert(error.message.includes(path), `"${error.message}" does not name "${path}"`);
}

/** Pushes enough for several segments; the test looks at the failures. */
async function pushSome(topic: Topic): Promise<void> {
  await using producer = topic.producer("test");
  for (let n = 0; n < 100; n++) await producer.push({ n }, new Uint8Array(100));
}

test("a topic's folder that is a link to somewhere else is not a topic", () =>
  withCanary(async (canary) => {
    await makeTopic(`${canary.outside}/topics`);
    symlinkSync(`${canary.outside}/topics/topic`, `${canary.root}/linked`);
    canary.settle();
    await using driver = await Driver.open("files", { root_path: canary.root });
    assertEquals(await driver.topicExists("linked"), false);
    assertEquals((await driver.listTopics()).size, 0);
    await assertRejects(() => driver.openTopic("linked"), TopicNotFoundError);
    await assertRejects(() => driver.deleteTopic("linked"), TopicNotFoundError);
    await assertRejects(() => driver.createTopic("linked", {}), TopicExistsError);
    assertEquals(readdirSync(canary.root), ["linked"]);
  }));

test("a topic whose partitions folder is a link is listed with that fault, not opened, and can be deleted", () =>
  withCanary(async (canary) => {
    await makeTopic(canary.root);
    moveOut(canary, "partitions");
    await using driver = await Driver.open("files", { root_path: canary.root });
    await assertRefused(() => driver.openTopic("topic"), "topic/partitions");
    assertStringIncludes((await driver.listTopics()).get("topic")!.fault!, "topic/partitions");
    await driver.deleteTopic("topic");
    assertEquals(readdirSync(canary.root), []);
  }));

test("a partition that is a link is refused when the topic is opened", () =>
  withCanary(async (canary) => {
    await makeTopic(canary.root);
    moveOut(canary, "partitions/00000000");
    await using driver = await Driver.open("files", { root_path: canary.root });
    await assertRefused(() => driver.openTopic("topic"), "partitions/00000000");
  }));

test("deleting a topic writes no end of the log through a link in the place of a partition", () =>
  withCanary(async (canary) => {
    await makeTopic(canary.root);
    moveOut(canary, "partitions/00000000");
    await using driver = await Driver.open("files", { root_path: canary.root });
    await driver.deleteTopic("topic");
    assertEquals(readdirSync(canary.root), []);
  }));

test("a link under the name of a topic that is being removed is removed alone", () =>
  withCanary(async (canary) => {
    await makeTopic(`${canary.outside}/topics`);
    symlinkSync(`${canary.outside}/topics/topic`, `${canary.root}/.deleting-0123456789abcdef`);
    canary.settle();
    await using driver = await Driver.open("files", { root_path: canary.root });
    await driver.createTopic("other", {});
    assertEquals(readdirSync(canary.root), ["other"]);
  }));

for (const part of ["consumers/members/group", "consumers/members/group/members"]) {
  test(`members of a group write nothing through a link at "${part}"`, () =>
    withCanary(async (canary) => {
      await makeTopic(canary.root);
      await using driver = await Driver.open("files", { root_path: canary.root });
      await using topic = await driver.openTopic("topic");
      {
        await using member = topic.consumer("members", { group: true });
        await member.pull();
      }
      moveOut(canary, part);
      await using member = topic.consumer("members", { group: true });
      await assertRefused(() => member.pull(), part);
    }));
}

test("a segment that is a link is neither written nor read", () =>
  withCanary(async (canary) => {
    await makeTopic(canary.root);
    moveOut(canary, SEGMENT);
    await using driver = await Driver.open("files", { root_path: canary.root });
    await using topic = await driver.openTopic("topic");
    await assertRefused(() => pushSome(topic), SEGMENT);
    await using consumer = topic.consumer("test");
    await assertRefused(() => consumer.pull(), SEGMENT);
  }));

test("an index that is a link is neither read nor written", () =>
  withCanary(async (canary) => {
    await makeTopic(canary.root);
    symlinkSync(`${canary.outside}/file`, `${canary.root}/topic/${SEGMENT.replace(".log", ".idx")}`);
    canary.settle();
    await using driver = await Driver.open("files", { root_path: canary.root });
    await using topic = await driver.openTopic("topic");
    await using producer = topic.producer("test");
    // More than there is between two index entries.
    await producer.push({}, new Uint8Array(1_000_000));
    assertEquals(await producer.push({}), 11);
    await using consumer = topic.consumer("test", { from: { id: 11 } });
    assertEquals((await consumer.pull()).id, 11);
  }));

test("documents of a topic that are links are refused", () =>
  withCanary(async (canary) => {
    await makeTopic(canary.root);
    moveOut(canary, "topic.json");
    await using driver = await Driver.open("files", { root_path: canary.root });
    await assertRefused(() => driver.openTopic("topic"), "topic.json");
  }));

for (const part of ["consumers", "consumers/reader", "consumers/reader/00000000.pos"]) {
  test(`positions are neither read nor stored through a link at "${part}"`, () =>
    withCanary(async (canary) => {
      await makeTopic(canary.root);
      moveOut(canary, part);
      await using driver = await Driver.open("files", { root_path: canary.root });
      await using topic = await driver.openTopic("topic");
      await assertRefused(() => topic.seekConsumer("reader", { id: 1 }), part);
      await assertRefused(() => topic.lag("reader"), part);
      await using consumer = topic.consumer("reader");
      await assertRefused(() => consumer.pull(), part);
      if (part !== "consumers") return;
      await assertRefused(() => topic.seekConsumer("new", { id: 1 }), part);
      await assertRefused(() => topic.deleteConsumer("reader"), part);
      await assertRefused(() => topic.consumers(), part);
    }));
}

test("a link among the consumers is not a consumer", () =>
  withCanary(async (canary) => {
    await makeTopic(canary.root);
    writeFileSync(`${canary.outside}/name`, "stranger");
    symlinkSync(canary.outside, `${canary.root}/topic/consumers/stranger`);
    canary.settle();
    await using driver = await Driver.open("files", { root_path: canary.root });
    await using topic = await driver.openTopic("topic");
    assertEquals(await topic.consumers(), ["reader"]);
  }));

test("deleting a consumer or a topic removes links in it, not their targets", () =>
  withCanary(async (canary) => {
    await makeTopic(canary.root);
    for (
      const folder of ["topic", "topic/partitions/00000000", "topic/consumers/reader", "topic/consumers"]
    ) {
      symlinkSync(canary.outside, `${canary.root}/${folder}/link`);
      symlinkSync(`${canary.outside}/file`, `${canary.root}/${folder}/file-link`);
    }
    canary.settle();
    await using driver = await Driver.open("files", { root_path: canary.root });
    await using topic = await driver.openTopic("topic");
    await topic.deleteConsumer("reader");
    await driver.deleteTopic("topic");
    assertEquals(readdirSync(canary.root), []);
  }));

test("a root path that is a link is followed", () =>
  withCanary(async (canary) => {
    await makeTopic(canary.root);
    const link = `${canary.outside}/topics/link`;
    symlinkSync(canary.root, link);
    canary.settle();
    await using driver = await Driver.open("files", { root_path: link });
    await using topic = await driver.openTopic("topic");
    await pushSome(topic);
    assertEquals((await topic.describe())[0].nextId, 110);
  }));

test("a copied topic works at its new place", () =>
  withCanary(async (canary) => {
    await makeTopic(canary.root);
    cpSync(`${canary.root}/topic`, `${canary.root}/copy`, { recursive: true });
    rmSync(`${canary.root}/topic`, { recursive: true });
    await using driver = await Driver.open("files", { root_path: canary.root });
    await using topic = await driver.openTopic("copy");
    await pushSome(topic);
    await using consumer = topic.consumer("reader");
    assertEquals((await consumer.pull()).id, 3);
  }));
