// A consumer whose next events were removed gets an error. In files it did not if none was left after them, nor if it had
// been opened before the topic had its first event; and an iteration to the end did not read, and so did not report it.
import { assertEquals, assertRejects } from "@std/assert";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Consumer, Driver, EventGoneError, type Topic } from "../../mod.ts";
import { test } from "../harness.ts";

/** A topic of ten events that are removed after `before` has made a consumer, and before `after` reads. */
async function removed(
  driverName: string,
  before: (topic: Topic) => Consumer,
  after: (consumer: Consumer, topic: Topic) => Promise<void>,
): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), "diaspora-removed-"));
  try {
    await using driver = await Driver.open(driverName, driverName === "files" ? { root_path: root } : {});
    await driver.createTopic("t", { num_partitions: 1 });
    await using topic = await driver.openTopic("t");
    const consumer = before(topic);
    await consumer.ready();
    await using producer = topic.producer();
    for (let n = 0; n < 10; n++) producer.push({ n });
    await producer.flush();
    await topic.trim({ beforeId: 10 });
    await after(consumer, topic);
  } finally {
    await rm(root, { recursive: true });
  }
}

/** The ids that an error says. */
async function goneOf(read: () => Promise<unknown>): Promise<[id: number, firstId: number]> {
  const { id, firstId } = await assertRejects(read, EventGoneError);
  return [id, firstId];
}

const READS: Record<string, (consumer: Consumer) => Promise<unknown>> = {
  "a pull": (consumer) => consumer.pull().wait(10_000),
  "an iteration to the end": (consumer) => consumer.events({ until: "end" }).next(),
  "process() to an id": (consumer) => consumer.process(() => {}, { until: { id: 5 } }),
};

for (const driverName of ["memory", "files"]) {
  for (const [how, read] of Object.entries(READS)) {
    test(`${how} of a consumer in ${driverName} learns of removed events, though none is left`, () =>
      removed(driverName, (topic) => topic.consumer("c"), async (early, topic) => {
        assertEquals(await goneOf(() => read(early)), [0, 10], "opened before the first event");
        await early.seek({ id: 3 });
        assertEquals(await goneOf(() => read(early)), [3, 10], "after a seek");
        await topic.seekConsumer("late", { id: 4 });
        await using late = topic.consumer("late");
        assertEquals(await goneOf(() => read(late)), [4, 10], "at its stored position");
        await using first = topic.consumer("first", { from: { id: 1 } });
        assertEquals(await goneOf(() => read(first)), [1, 10], "at its first position");
        assertEquals(await late.pull().wait(0), undefined, "it learned of it twice");
        await using producer = topic.producer();
        await producer.push({ n: 10 });
        for (const consumer of [early, late, first]) assertEquals((await consumer.pull()).id, 10);
        await using there = topic.consumer("there", { from: { id: 10 } });
        assertEquals((await there.pull()).id, 10);
      }));
  }

  test(`a member of a group in ${driverName} learns of removed events, though none is left`, () =>
    removed(driverName, (topic) => topic.consumer("c", { group: true }), async (member) => {
      assertEquals(await goneOf(() => member.pull().wait(10_000)), [0, 10]);
      assertEquals(await member.pull().wait(0), undefined);
    }));
}
