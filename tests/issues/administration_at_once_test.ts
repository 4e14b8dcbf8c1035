// Two processes administer one topic at the same time: between any two system calls of the first, the second
// makes a call. Each of the calls has either happened or not, one of two creators and one of two deleters
// succeeds, and the name can be used and removed afterwards.
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { mkdtempSync, readdirSync, rmSync, statSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  DiasporaError,
  Driver,
  type JsonObject,
  type TopicDefinition,
  TopicDeletedError,
  TopicExistsError,
  TopicNotFoundError,
} from "../../mod.ts";
import { FilesDriver } from "../../src/drivers/files/driver.ts";
import { InterruptedStorage } from "../faults/interrupted_storage.ts";
import { CASE_STEP, test } from "../harness.ts";
import { memoryFolder } from "../memory_folder.ts";

type Result = "done" | DiasporaError;

interface Meeting {
  /** Whether the topic exists before. */
  exists: boolean;
  first(driver: Driver): Promise<unknown>;
  /**
   * Made between two system calls of the first one: a call to the engine does all of its work synchronously.
   */
  second(engine: FilesDriver, root: string): Promise<unknown>;
  check(first: Result, second: Result, isThere: boolean): void;
}

function openDriver(root: string, storage = new InterruptedStorage("kill", 0)): Driver {
  return Driver.from(new FilesDriver({ root_path: root }, storage.storage));
}

async function resultOf(call: Promise<unknown>): Promise<Result> {
  try {
    await call;
    return "done";
  } catch (error) {
    assertInstanceOf(error, DiasporaError);
    return error;
  }
}

/** Lets the second call happen at every step of the first one. */
async function meetEverywhere({ exists, first, second, check }: Meeting): Promise<void> {
  for (let at = 1;; at += CASE_STEP) {
    const root = mkdtempSync(join(memoryFolder, "diaspora-at-once-"));
    try {
      await using other = openDriver(root);
      await other.createTopic("bystander", {});
      if (exists) await make(other);
      const storage = new InterruptedStorage("kill", 0);
      let met: Promise<Result> | undefined;
      storage.onStep = (step) => {
        if (step === at) met = resultOf(second(new FilesDriver({ root_path: root }), root));
      };
      await using driver = openDriver(root, storage);
      const firstResult = await resultOf(first(driver));
      if (met === undefined) break;
      const where = `at step ${at}: ${storage.steps[at - 1]}`;
      try {
        check(firstResult, await met, await other.topicExists("topic"));
        await checkUsable(other, root);
      } catch (error) {
        throw new Error(where, { cause: error });
      }
    } finally {
      rmSync(root, { recursive: true });
    }
  }
}

function definition(options: JsonObject): TopicDefinition {
  const type = "default";
  return { options, validator: { type }, partitionSelector: { type }, serializer: { type } };
}

async function make(driver: Driver): Promise<void> {
  await driver.createTopic("topic", { num_partitions: 2 });
}

async function use(driver: Driver): Promise<void> {
  await using topic = await driver.openTopic("topic");
  const partition = topic.partitions.length - 1;
  await using producer = topic.producer("p");
  await producer.push({ n: 1 }, undefined, { partition });
  await using consumer = topic.consumer("c");
  assertEquals((await consumer.pull()).metadata, { n: 1 });
}

async function checkUsable(driver: Driver, root: string): Promise<void> {
  if (await driver.topicExists("topic")) {
    await (await driver.openTopic("topic")).close();
    await driver.deleteTopic("topic");
  }
  await make(driver);
  await use(driver);
  await driver.deleteTopic("topic");
  assertEquals(readdirSync(root), ["bystander"]);
}

test("of two processes that create a topic at once one succeeds, and the other gets TopicExistsError", () =>
  meetEverywhere({
    exists: false,
    first: make,
    second: (engine) => engine.createTopic("topic", definition({ segment_bytes: 8192 })),
    check(first, second, isThere) {
      assert(isThere);
      const [winner, loser] = first === "done" ? [first, second] : [second, first];
      assertEquals(winner, "done");
      assertInstanceOf(loser, TopicExistsError);
    },
  }));

test("of two processes that delete a topic at once one succeeds, and the other gets TopicNotFoundError", () =>
  meetEverywhere({
    exists: true,
    first: (driver) => driver.deleteTopic("topic"),
    second: (engine) => engine.deleteTopic("topic"),
    check(first, second, isThere) {
      assert(!isThere);
      const [winner, loser] = first === "done" ? [first, second] : [second, first];
      assertEquals(winner, "done");
      assertInstanceOf(loser, TopicNotFoundError);
    },
  }));

test("a topic deleted while it is opened and used is not found, or the user gets an error at once", () =>
  meetEverywhere({
    exists: true,
    first: use,
    second: (engine) => engine.deleteTopic("topic"),
    check(first, second, isThere) {
      assert(!isThere);
      assertEquals(second, "done");
      if (first === "done") return;
      assert(first instanceof TopicNotFoundError || first instanceof TopicDeletedError, String(first));
    },
  }));

test("a topic opened while it is deleted is whole or missing, never half", () =>
  meetEverywhere({
    exists: true,
    first: (driver) => driver.deleteTopic("topic"),
    second: (engine) => engine.openTopic("topic").then((topic) => topic.close()),
    check(first, second, isThere) {
      assert(!isThere);
      assertEquals(first, "done");
      if (second !== "done") assertInstanceOf(second, TopicNotFoundError);
    },
  }));

for (const isOfOneTick of [false, true]) {
  const when = isOfOneTick ? ", even if both were created in one tick of the clock" : "";
  test(`a topic recreated while it is opened is the old or the new one, never a mix${when}`, () =>
    meetEverywhere({
      exists: true,
      async first(driver) {
        await using topic = await driver.openTopic("topic");
        const { num_partitions, segment_bytes } = topic.options;
        const isNew = segment_bytes === 8192;
        assertEquals([num_partitions, topic.partitions.length], isNew ? [1, 1] : [2, 2]);
      },
      async second(engine, root) {
        const file = join(root, "topic", "topic.json");
        const { atime, mtime } = statSync(file);
        const deleted = engine.deleteTopic("topic");
        const created = engine.createTopic(
          "topic",
          definition({ num_partitions: 1, segment_bytes: 8192 }),
        );
        if (isOfOneTick) utimesSync(file, atime, mtime);
        await Promise.all([deleted, created]);
      },
      check(first, second, isThere) {
        assert(isThere);
        assertEquals([first, second], ["done", "done"]);
      },
    }));
}

test("edits by two handles opened before either edit are both kept", async () => {
  const root = mkdtempSync(join(tmpdir(), "diaspora-at-once-"));
  try {
    await using driver = await Driver.open("files", { root_path: root });
    await using other = await Driver.open("files", { root_path: root });
    await make(driver);
    await using one = await driver.openTopic("topic");
    await using two = await other.openTopic("topic");
    await one.edit({ retention_bytes: 1_000_000 });
    await two.edit({ segment_bytes: 8192 });
    assertEquals([two.options.retention_bytes, two.options.segment_bytes], [1_000_000, 8192]);
    await using again = await driver.openTopic("topic");
    assertEquals([again.options.retention_bytes, again.options.segment_bytes], [1_000_000, 8192]);
    await driver.deleteTopic("topic");
    assertInstanceOf(await resultOf(two.edit({ retention_bytes: null })), TopicDeletedError);
  } finally {
    rmSync(root, { recursive: true });
  }
});
