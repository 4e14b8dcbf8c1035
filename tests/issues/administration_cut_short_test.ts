// If deleteTopic() was killed between writing the terminal seal and the rename, the topic was still listed, and
// could be neither opened, deleted nor created again. Here every call that administers topics and consumers is
// interrupted at every system call: killed, failing once, or failing from then on. Afterwards it has happened
// or not, the name can be used and removed, and what stands beside it is unchanged.
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DiasporaError, Driver, type Topic, TopicDeletedError, TopicNotFoundError } from "../../mod.ts";
import { FilesDriver } from "../../src/drivers/files/driver.ts";
import { snapshotOf } from "../faults/canary.ts";
import { InterruptedStorage, type Interruption, Killed } from "../faults/interrupted_storage.ts";
import { test } from "../harness.ts";
import { memoryFolder } from "../memory_folder.ts";

/** More than any of the calls makes. */
const STEPS_MAX = 500;

/** How a call ended: `unknown` if it was killed, or failed where nothing could be undone any more. */
type Outcome = "done" | "failed" | "unknown";

interface Case {
  /** The state before the call. */
  prepare(driver: Driver): Promise<void>;
  /** The call. */
  call(driver: Driver, topic: Topic | undefined): Promise<unknown>;
  /** Whether the process that is interrupted has opened the topic before the call. */
  opens: boolean;
  /** Throws unless the call has either happened or not. If it failed, it has not. */
  check(driver: Driver, outcome: Outcome, root: string): Promise<void>;
}

function openDriver(root: string, interrupted = new InterruptedStorage("kill", 0)): Driver {
  return Driver.from(new FilesDriver({ root_path: root }, interrupted.storage));
}

function beside(root: string): string[] {
  return snapshotOf(`${root}/bystander`);
}

/** Events in partitions 0 and 1, and a consumer that has acknowledged some of both. */
async function makeTopic(driver: Driver): Promise<void> {
  await driver.createTopic("topic", { num_partitions: 2, segment_bytes: 4096 });
  await using topic = await driver.openTopic("topic");
  await using producer = topic.producer("p");
  for (let n = 0; n < 6; n++) await producer.push({ n }, new Uint8Array(1500), { partition: n % 2 });
  await topic.seekConsumer("reader", { id: 2 });
}

/** The topic is intact, and events can be pushed and read. */
async function checkUsable(driver: Driver): Promise<void> {
  await using topic = await driver.openTopic("topic");
  await using producer = topic.producer("p");
  await producer.push({ later: true }, undefined, { partition: 0 });
  await using consumer = topic.consumer("checker", { partitions: [0] });
  let last;
  for await (const event of consumer.events({ until: "end" })) last = event;
  assertEquals(last?.metadata, { later: true });
}

async function positionsOf(driver: Driver): Promise<number[] | undefined> {
  await using topic = await driver.openTopic("topic");
  if (!(await topic.consumers()).includes("reader")) {
    assertEquals((await topic.lag("reader")).map(({ acknowledged }) => acknowledged), [false, false]);
    return undefined;
  }
  return (await topic.lag("reader")).map(({ position }) => position);
}

/**
 * Runs a case with its call interrupted at every step, until a run is not interrupted. What a process leaves
 * when it is killed before it reads is what it leaves when it is killed before its next change, and reading
 * never runs out of space: before a step that only reads, the call only fails.
 */
async function interruptEverywhere(each: Case): Promise<void> {
  for (let at = 1;; at++) {
    assert(at < STEPS_MAX, "the call does not come to an end");
    const step = await interruptAt(at, each, "EIO", false);
    if (step === undefined) break;
    if (/^(?:list|look at|read) /.test(step)) continue;
    await interruptAt(at, each, "kill", false);
    await interruptAt(at, each, "ENOSPC", true);
  }
}

/** The step that was interrupted; undefined if the call has fewer. */
async function interruptAt(
  at: number,
  { prepare, call, opens, check }: Case,
  how: Interruption,
  forGood: boolean,
): Promise<string | undefined> {
  const root = mkdtempSync(join(memoryFolder, "diaspora-cut-short-"));
  try {
    {
      await using driver = openDriver(root);
      await driver.createTopic("bystander", {});
      await prepare(driver);
    }
    const before = beside(root);
    // The same process opens the topic and makes the call, but only the call is interrupted.
    const counting = new InterruptedStorage(how, 0);
    const counted = openDriver(root, counting);
    if (opens) await (await counted.openTopic("topic")).close();
    await counted.close();
    const interrupted = new InterruptedStorage(how, counting.steps.length + at, forGood);
    const driver = openDriver(root, interrupted);
    const topic = opens ? await driver.openTopic("topic") : undefined;
    const outcome = await outcomeOf(() => call(driver, topic), forGood);
    const step = interrupted.steps.at(counting.steps.length + at - 1);
    interrupted.close();
    await driver.close().catch(() => {});
    try {
      await using fresh = openDriver(root);
      await check(fresh, outcome, root);
      await checkRemovable(fresh, root);
      assertEquals(beside(root), before);
    } catch (error) {
      const where = `${how} at step ${at}: ${step} (${outcome})`;
      throw new Error(`${where}\n${interrupted.steps.slice(-8).join("\n")}`, { cause: error });
    }
    return interrupted.wasInterrupted ? step : undefined;
  } finally {
    rmSync(root, { recursive: true });
  }
}

async function outcomeOf(call: () => Promise<unknown>, forGood = false): Promise<Outcome> {
  try {
    await call();
    return "done";
  } catch (thrown) {
    const error = firstOf(thrown);
    if (error instanceof Killed) return "unknown";
    assertInstanceOf(error, DiasporaError);
    return forGood ? "unknown" : "failed";
  }
}

/** The first error, if closing failed too. */
function firstOf(error: unknown): unknown {
  const { name, suppressed } = error as { name?: string; suppressed?: unknown };
  return name === "SuppressedError" ? firstOf(suppressed) : error;
}

/**
 * The name can be removed, created and removed again, and nothing is left that could be mistaken for a topic.
 */
async function checkRemovable(driver: Driver, root: string): Promise<void> {
  if (await driver.topicExists("topic")) await driver.deleteTopic("topic");
  assertEquals([...(await driver.listTopics()).keys()], ["bystander"]);
  await driver.createTopic("topic", { num_partitions: 1 });
  await checkUsable(driver);
  await driver.deleteTopic("topic");
  // What was moved aside is gone; what was half created is removed when it is old.
  assertEquals(readdirSync(root).filter((name) => !/^\.(?:creating|unfinished)-/.test(name)), ["bystander"]);
}

test("createTopic() interrupted at any system call has created a whole topic or none", () =>
  interruptEverywhere({
    prepare: async () => {},
    call: (driver) => driver.createTopic("topic", { num_partitions: 2 }),
    opens: false,
    async check(driver, outcome) {
      const exists = await driver.topicExists("topic");
      if (outcome === "done") assert(exists);
      if (outcome === "failed") assert(!exists);
      if (exists) return await checkUsable(driver);
      assertEquals([...(await driver.listTopics()).keys()], ["bystander"]);
    },
  }));

// A draft whose publishing failed at the last sync remained under its final name, so an import that reported
// failure had in fact happened. It is moved back, and the next import can continue with it.
test("an import interrupted at any system call has created the whole topic or none", () =>
  interruptEverywhere({
    prepare: async () => {},
    async call(driver) {
      await using draft = await driver.draftTopic("topic", {
        options: { num_partitions: 1 },
      });
      {
        await using producer = draft.topic.producer("p");
        for (let n = 0; n < 3; n++) producer.push({ n }, new Uint8Array(1500));
        await producer.flush();
        await draft.topic.seekConsumer("reader", { id: 1 });
      }
      await draft.publish();
    },
    opens: false,
    async check(driver, outcome) {
      const exists = await driver.topicExists("topic");
      if (outcome === "done") assert(exists);
      if (outcome === "failed") assert(!exists);
      if (!exists) return assertEquals([...(await driver.listTopics()).keys()], ["bystander"]);
      assertEquals(await positionsOf(driver), [1]);
      await using topic = await driver.openTopic("topic");
      await using consumer = topic.consumer("checker");
      const seen: number[] = [];
      for await (const { metadata } of consumer.events({ until: "end" })) {
        seen.push((metadata as { n: number }).n);
      }
      assertEquals(seen, [0, 1, 2]);
    },
  }));

test("deleteTopic() interrupted at any system call has deleted the topic or left it whole", () =>
  interruptEverywhere({
    prepare: makeTopic,
    call: (driver) => driver.deleteTopic("topic"),
    opens: false,
    async check(driver, outcome) {
      const exists = await driver.topicExists("topic");
      if (outcome === "done") assert(!exists);
      if (outcome === "failed") assert(exists);
      if (!exists) {
        const error = await driver.openTopic("topic").then(() => undefined, (error) => error);
        assertInstanceOf(error, TopicNotFoundError);
        return;
      }
      assertEquals(await positionsOf(driver), [2, 2]);
      await checkUsable(driver);
      await using topic = await driver.openTopic("topic");
      assertEquals((await topic.describe()).map(({ nextId }) => nextId), [4, 3]);
    },
  }));

test("edit() interrupted at any system call has changed every option or none", () =>
  interruptEverywhere({
    prepare: makeTopic,
    call: (_, topic) => topic!.edit({ retention_bytes: 9_000_000, segment_bytes: 8192 }),
    opens: true,
    async check(driver, outcome) {
      await using topic = await driver.openTopic("topic");
      const { retention_bytes, segment_bytes } = topic.options;
      const isEdited = retention_bytes !== undefined;
      assertEquals([retention_bytes, segment_bytes], isEdited ? [9_000_000, 8192] : [undefined, 4096]);
      if (outcome === "done") assert(isEdited);
      await checkUsable(driver);
      await topic.edit({ retention_bytes: null });
      assertEquals(topic.options.retention_bytes, undefined);
    },
  }));

test("deleteConsumer() interrupted at any system call has deleted every position or none", () =>
  interruptEverywhere({
    prepare: makeTopic,
    call: (_, topic) => topic!.deleteConsumer("reader"),
    opens: true,
    async check(driver, outcome) {
      const positions = await positionsOf(driver);
      if (positions !== undefined) assertEquals(positions, [2, 2]);
      if (outcome === "done") assertEquals(positions, undefined);
      if (outcome === "failed") assertEquals(positions, [2, 2]);
      await using topic = await driver.openTopic("topic");
      await topic.seekConsumer("reader", { id: 1 });
      assertEquals(await positionsOf(driver), [1, 1]);
      await topic.deleteConsumer("reader");
      assertEquals(await positionsOf(driver), undefined);
    },
  }));

const seeks = {
  "seekConsumer()": (topic: Topic) => topic.seekConsumer("reader", { id: 1 }),
  // It moved one partition after the other.
  "seek() of an open consumer": async (topic: Topic) => {
    await using consumer = topic.consumer("reader");
    await consumer.seek({ id: 1 }, { store: true });
  },
};

for (const [name, seek] of Object.entries(seeks)) {
  test(`${name} interrupted at any system call has moved every position or none`, () =>
    interruptEverywhere({
      prepare: makeTopic,
      call: (_, topic) => seek(topic!),
      opens: true,
      async check(driver, outcome) {
        const positions = await positionsOf(driver);
        assert(positions!.join() === "1,1" || positions!.join() === "2,2", positions!.join());
        if (outcome === "done") assertEquals(positions, [1, 1]);
        await using topic = await driver.openTopic("topic");
        await using consumer = topic.consumer("reader", { partitions: [0] });
        await (await consumer.pull()).acknowledge();
        assertEquals((await positionsOf(driver))![0], positions![0] + 1);
        await topic.seekConsumer("reader", { id: 0 });
        assertEquals(await positionsOf(driver), [0, 0]);
      },
    }));
}

test("storing a consumer's first position, interrupted at any system call, stores it under its name or not at all", () =>
  interruptEverywhere({
    prepare: makeTopic,
    call: (_, topic) => topic!.seekConsumer("Someone", { id: 1 }),
    opens: true,
    async check(driver, outcome) {
      await using topic = await driver.openTopic("topic");
      const isThere = (await topic.consumers()).includes("Someone");
      const stored = (await topic.lag("Someone")).map(({ acknowledged }) => acknowledged);
      if (outcome === "done") assertEquals(stored, [true, true]);
      assert(stored[0] === stored[1], stored.join());
      if (stored[0]) assert(isThere);
      await topic.seekConsumer("Someone", { id: 2 });
      assertEquals((await topic.lag("Someone")).map(({ position }) => position), [2, 2]);
      await topic.deleteConsumer("Someone");
      assertEquals(await topic.consumers(), ["reader"]);
    },
  }));

test("users of a topic get an error after its deletion, wherever that was interrupted", async () => {
  for (let at = 1;; at++) {
    const root = mkdtempSync(join(memoryFolder, "diaspora-cut-short-"));
    try {
      await using driver = openDriver(root);
      await makeTopic(driver);
      await using topic = await driver.openTopic("topic");
      await using producer = topic.producer("p");
      await producer.push({}, undefined, { partition: 0 });
      const interrupted = new InterruptedStorage("kill", at);
      const outcome = await outcomeOf(() => openDriver(root, interrupted).deleteTopic("topic"));
      interrupted.close();
      await using fresh = openDriver(root);
      const exists = await fresh.topicExists("topic");
      // How long a file may be missing before a push notices.
      await new Promise((resolve) => setTimeout(resolve, 12));
      const error = await producer.push({}, undefined, { partition: 0 }).then(
        () => undefined,
        (error) => error,
      );
      if (exists) assertEquals(error, undefined);
      else assertInstanceOf(error, TopicDeletedError, `killed at step ${at}: ${interrupted.steps.at(-1)}`);
      if (outcome === "done") break;
    } finally {
      rmSync(root, { recursive: true });
    }
  }
});
