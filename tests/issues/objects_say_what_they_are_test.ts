// console.log(event) printed "Event {}", JSON.stringify(event) returned "{}", and a future printed its
// internals. Printing an object must show what it is, and it must have a reference to the object that made it,
// as in C++ and Python.
import { assert, assertEquals, assertRejects, assertStrictEquals, assertStringIncludes } from "@std/assert";
import { inspect } from "node:util";
import { type DataDescriptor, Driver, InvalidMetadataError, type Topic } from "../../mod.ts";
import { test } from "../harness.ts";

/** How every `inspect` of this runtime shows a value, without colours. */
function shown(value: unknown): string[] {
  const { Deno, Bun } = globalThis as unknown as Record<
    string,
    { inspect(value: unknown): string } | undefined
  >;
  return [inspect(value), Deno?.inspect(value), Bun?.inspect(value)].filter((text) => text !== undefined);
}

function shows(value: unknown, ...parts: string[]): void {
  for (const text of shown(value)) {
    for (const part of parts) assertStringIncludes(text.replace(/\s+/g, " "), part);
  }
}

async function withTopic(use: (topic: Topic, driver: Driver) => Promise<void> | void): Promise<void> {
  await using driver = await Driver.open("memory", {});
  await driver.createTopic("readings", { num_partitions: 2 });
  await using topic = await driver.openTopic("readings");
  await use(topic, driver);
}

test("an event shows its id, partition, time, metadata and data size, printed and as JSON", async () => {
  await withTopic(async (topic) => {
    await using producer = topic.producer("app");
    await producer.push({ energy: 42, tags: ["a"] }, new Uint8Array(10), { partition: 1 });
    await using consumer = topic.consumer("reader");
    const event = await consumer.pull();
    const { timestamp } = event;
    assertEquals(JSON.parse(JSON.stringify(event)), {
      id: 0,
      partition: 1,
      timestamp,
      metadata: { energy: 42, tags: ["a"] },
      dataSize: 10,
    });
    shows(
      event,
      "Event {",
      "id: 0",
      "partition: 1",
      "energy: 42",
      "dataSize: 10",
      new Date(timestamp).toISOString(),
    );
    // Also as a member of another object, and below the depth that is shown.
    shows({ event }, "Event {", "energy: 42");
    shows({ a: { b: { c: { event } } } }, "[");
    for (const text of shown([event])) assert(!text.includes("#"), text);
  });
});

test("an event with unreadable metadata can be printed, and says why", async () => {
  await using driver = await Driver.open("memory", {});
  await driver.createTopic("readings", { num_partitions: 1 });
  const written = {
    serialize: () => new Uint8Array([0xff]),
    deserialize: () => null,
    config: () => ({ type: "x" }),
  };
  await using writing = await driver.openTopic("readings", { serializer: written });
  await writing.producer().push({ a: 1 });
  const failing = {
    ...written,
    deserialize: () => {
      throw new Error("not of mine");
    },
  };
  await using topic = await driver.openTopic("readings", { serializer: failing });
  const event = await topic.consumer("reader").pull();
  shows(event, "id: 0", "not of mine");
});

test("futures show whether they are completed, and their result", async () => {
  await withTopic(async (topic) => {
    const producer = topic.producer("app");
    const push = producer.push({ x: 1 }, undefined, { partition: 0 });
    shows(push, "Future { completed: false }");
    assertEquals(JSON.stringify(push), '{"completed":false}');
    await push;
    shows(push, "Future { completed: true, value: 0 }");
    const failed = producer.push("no JSON");
    await assertRejects(() => failed.wait());
    shows(failed, "Future { completed: true, error: {", "ERR_INVALID_METADATA");
    const flush = producer.flush();
    await flush;
    shows(flush, "Future { completed: true, value: true }");
    const consumer = topic.consumer("reader");
    const pull = consumer.pull();
    shows(pull, "Future { completed: false }");
    const event = await pull;
    assertEquals(JSON.parse(JSON.stringify(pull)).value.metadata, { x: 1 });
    const acknowledged = event.acknowledge();
    shows(acknowledged, "Future { completed: false }");
    await acknowledged;
    shows(acknowledged, "Future { completed: true, value: true }");
  });
});

test("drivers, topics, producers, consumers and descriptors print what they are", async () => {
  await withTopic(async (topic, driver) => {
    shows(driver, "Driver {", "memory");
    shows(topic, "Topic {", "readings", "partitions: 2");
    const producer = topic.producer("app", { maxNumBatches: 3, ordering: "loose" });
    shows(producer, "Producer {", "app", "readings", "maxNumBatches: 3", "loose");
    const consumer = topic.consumer("reader", { partitions: [1] });
    await consumer.ready();
    shows(consumer, "Consumer {", "reader", "readings", "partitions: [ 1 ]");
    assertEquals(JSON.parse(JSON.stringify({ driver, topic, producer, consumer })), {
      driver: { name: "memory" },
      topic: { name: "readings", driver: "memory", partitions: 2, options: { num_partitions: 2 } },
      producer: {
        name: "app",
        topic: "readings",
        batchSize: "adaptive",
        maxNumBatches: 3,
        ordering: "loose",
      },
      consumer: {
        name: "reader",
        topic: "readings",
        partitions: [1],
        batchSize: "adaptive",
        maxNumBatches: 2,
      },
    });
  });
});

test("an event's toJSON() is not taken as metadata: events are copied by their text or by a stream", async () => {
  await withTopic(async (topic) => {
    const producer = topic.producer();
    const future = producer.push({ x: 1 });
    await future;
    const event = await topic.consumer("reader").pull();
    for (const metadata of [event, { event }, [future], topic, producer] as never[]) {
      await assertRejects(() => producer.push(metadata).wait(), InvalidMetadataError, "an object of class ");
    }
  });
});

test("topics know their driver, and producers and consumers their topic", async () => {
  await withTopic((topic, driver) => {
    assertStrictEquals(topic.driver, driver);
    assertStrictEquals(topic.producer().topic, topic);
    assertStrictEquals(topic.consumer("reader").topic, topic);
    assertEquals(topic.consumer("other").topic.driver.name, "memory");
  });
});

test("descriptors and their views show whose data part they describe", async () => {
  await withTopic(async (topic) => {
    const producer = topic.producer();
    await producer.push({ frame: 1 }, new Uint8Array(8), { partition: 1 });
    const seen: DataDescriptor[] = [];
    const consumer = topic.consumer("viewer", {
      dataSelector: (_, descriptor) => {
        seen.push(descriptor);
        return descriptor.makeSubView(2, 4);
      },
    });
    const event = await consumer.pull();
    assertEquals(seen.map(({ location }) => location), ["readings/1/0"]);
    assertEquals(event.dataDescriptor.location, "readings/1/0");
    const view = event.dataDescriptor.makeSubView(2, 4).makeStridedView(0, 2, 1, 1);
    assertEquals(view.location, "readings/1/0");
    shows(view, "DataDescriptor {", "size: 2", "totalSize: 8");
  });
});

test("a consumer is async-iterable", { limitMs: 10_000 }, async () => {
  await withTopic(async (topic) => {
    const producer = topic.producer();
    for (let x = 0; x < 5; x++) producer.push({ x });
    await producer.flush();
    const seen: unknown[] = [];
    for await (const event of topic.consumer("reader")) {
      seen.push((event.metadata as { x: number }).x);
      if (seen.length === 5) break;
    }
    assertEquals(seen.sort(), [0, 1, 2, 3, 4]);
  });
});
