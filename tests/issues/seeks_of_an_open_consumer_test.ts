// A consumer that was opened before its name had stored anything did not see, when it was to store a seek, what another
// process had stored since: of both, the greater id counted. What it acknowledged after others had stored as much went into
// the generation before that seek, where it did not count. Seeks of a partition that the consumer does not read ended with
// "Cannot read properties of undefined" in files, and were stored in memory. And a member of a group in files that had
// stored a seek backwards could not acknowledge what it had read before, as if the partition had moved.
import { assertEquals, assertRejects } from "@std/assert";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Consumer, Driver, type Event, InvalidOptionError, type Topic } from "../../mod.ts";
import { test } from "../harness.ts";

/** A topic of two partitions with five events each. */
async function inTopic(driverName: string, body: (topic: Topic) => Promise<void>): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), "diaspora-seeks-"));
  try {
    await using driver = await Driver.open(driverName, driverName === "files" ? { root_path: root } : {});
    await driver.createTopic("t", { num_partitions: 2 });
    await using topic = await driver.openTopic("t");
    await using producer = topic.producer();
    for (let n = 0; n < 10; n++) producer.push({ n }, undefined, { partition: n % 2 });
    await producer.flush();
    await body(topic);
  } finally {
    await rm(root, { recursive: true });
  }
}

/** The stored position in each partition. */
async function positionsOf(topic: Topic, name: string): Promise<number[]> {
  return (await topic.lag(name)).map(({ position }) => position);
}

async function allOf(consumer: Consumer): Promise<Event[]> {
  const events: Event[] = [];
  for await (const event of consumer.events({ until: "end" })) events.push(event);
  return events;
}

for (const driverName of ["memory", "files"]) {
  test(`a seek that a consumer in ${driverName} stores counts, though others stored the first one meanwhile`, () =>
    inTopic(driverName, async (topic) => {
      await using one = topic.consumer("c");
      await using other = topic.consumer("c");
      await Promise.all([one.ready(), other.ready()]);
      await topic.seekConsumer("c", { id: 4 });
      await one.seek({ id: 1 }, { store: true });
      assertEquals(await positionsOf(topic, "c"), [1, 1]);
      await other.seek({ id: 0 }, { store: true });
      assertEquals(await positionsOf(topic, "c"), [0, 0]);
      await topic.seekConsumer("c", { id: 3 }, { partitions: [1] });
      assertEquals(await positionsOf(topic, "c"), [0, 3]);
      await one.seek({ id: 2 }, { store: true });
      assertEquals(await positionsOf(topic, "c"), [2, 2]);
    }));

  test(`a consumer in ${driverName} stores what it acknowledges after another one of its name has got as far`, () =>
    inTopic(driverName, async (topic) => {
      await using early = topic.consumer("c");
      await early.ready();
      await topic.seekConsumer("c", "earliest");
      await using other = topic.consumer("c");
      for (const event of await allOf(other)) await event.acknowledge();
      // Others have stored as much, and since then in another generation.
      for (const event of await allOf(early)) await event.acknowledge();
      assertEquals(await positionsOf(topic, "c"), [5, 5]);
      await using producer = topic.producer();
      await producer.push({ n: 10 }, undefined, { partition: 1 });
      await (await early.pull()).acknowledge();
      assertEquals(await positionsOf(topic, "c"), [5, 6]);
    }));

  test(`a consumer in ${driverName} refuses a seek of partitions that it does not read`, () =>
    inTopic(driverName, async (topic) => {
      await using consumer = topic.consumer("c", { partitions: [1] });
      for (const store of [false, true]) {
        await assertRejects(
          () => consumer.seek("latest", { partitions: [0, 1], store }),
          InvalidOptionError,
          'Cannot use [0,1] as seek option "partitions": expected partitions that the consumer reads: 1',
        );
      }
      assertEquals([await topic.consumers(), consumer.position(1)], [[], 0]);
      await consumer.seek({ id: 4 }, { partitions: [1], store: true });
      assertEquals(await positionsOf(topic, "c"), [0, 4]);
    }));

  for (const group of [false, true]) {
    const who = group ? "a member of a group" : "a consumer";
    test(`${who} in ${driverName} that stored a seek acknowledges what it had read before`, () =>
      inTopic(driverName, async (topic) => {
        await using consumer = topic.consumer("c", { group });
        const events = await allOf(consumer);
        for (const event of events) await event.acknowledge();
        await consumer.seek({ id: 1 }, { store: true });
        assertEquals(await positionsOf(topic, "c"), [1, 1]);
        for (const event of events.filter(({ id }) => id === 2)) await event.acknowledge();
        assertEquals(await positionsOf(topic, "c"), [3, 3]);
        assertEquals((await allOf(consumer)).length, 8);
      }));
  }

  test(`a consumer in ${driverName} of a topic that was deleted cannot be opened`, () =>
    inTopic(driverName, async (topic) => {
      await topic.driver.deleteTopic("t");
      for (const group of [false, true]) {
        await using consumer = topic.consumer("c", { group });
        const error = await assertRejects(() => consumer.ready());
        assertEquals((error as { code?: string }).code, "ERR_TOPIC_DELETED");
      }
    }));
}
