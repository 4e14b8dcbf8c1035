// A program may load this library twice: one part of it with import, another one with require, or in two versions. An
// event of one copy that arrived at a stream of the other one was stored as the JSON text that describes it, without
// its data, and Metadata.text("x") as {"document":"\"x\""}; so was Metadata within a value. Nothing said so.
import { assertEquals, assertRejects } from "@std/assert";
import { Driver, type Event, InvalidMetadataError, Metadata, PushEnvelope } from "../../mod.ts";
import { test } from "../harness.ts";

/** The same object as another copy of the library makes it: of other classes, which have the same name. */
function ofAnotherCopy<T extends object>(object: T): T {
  const members: PropertyDescriptorMap = {};
  for (let type = object; type !== Object.prototype; type = Object.getPrototypeOf(type)) {
    Object.assign(members, { ...Object.getOwnPropertyDescriptors(type), ...members });
  }
  return Object.create(Object.create(Object.prototype, members));
}

async function withEvent(
  body: (event: Event, topic: Awaited<ReturnType<Driver["openTopic"]>>) => Promise<void>,
): Promise<void> {
  await using driver = await Driver.open("memory", {});
  await driver.createTopic("topic", { num_partitions: 1 });
  await using topic = await driver.openTopic("topic");
  await using producer = topic.producer("p");
  await producer.push({ n: 1 }, new Uint8Array(3));
  await using consumer = topic.consumer("c");
  await body(await consumer.pull(), topic);
  assertEquals((await topic.describe())[0]!.nextId, 1);
}

test("what another copy of the library made is refused, and not stored as what it looks like", () =>
  withEvent(async (event, topic) => {
    await using producer = topic.producer("p");
    for (const made of [event, new PushEnvelope({ n: 1 }), Metadata.text("x")]) {
      const writer = producer.writable().getWriter();
      await assertRejects(
        () => writer.write(ofAnotherCopy(made)),
        InvalidMetadataError,
        `an object of class ${made.constructor.name}, which another copy of this library made`,
      );
      await writer.closed.catch(() => {});
    }
  }));

test("what is given to push by itself is refused within a value", () =>
  withEvent(async (event, topic) => {
    await using producer = topic.producer("p");
    for (const made of [event, new PushEnvelope(1), Metadata.text("x")]) {
      await assertRejects(
        () => producer.push({ a: [made] } as never),
        InvalidMetadataError,
        `an object of class ${made.constructor.name} at "/a/0"`,
      );
    }
  }));
