// What the type checker must infer, and refuse. Checking the types of this file is the test; the functions are
// never called.
import { assertEquals } from "@std/assert";
import * as v from "valibot";
import * as z from "zod";
import {
  type Consumer,
  type Driver,
  type Event,
  type EventID,
  type Future,
  type JsonValue,
  Metadata,
  type Producer,
  PushEnvelope,
  SchemaValidator,
  StandardSchemaValidator,
  type Topic,
  type Validator,
} from "../mod.ts";
import { test } from "./harness.ts";

type Same<A, B> = (<X>() => X extends A ? 1 : 2) extends (<X>() => X extends B ? 1 : 2) ? true : false;
/** Compiles only if the two types are the same. */
function same<A, B>(_same: Same<A, B>): void {}

interface Reading {
  energy: number;
  tag?: string;
}

const checks = {
  async untyped(driver: Driver): Promise<void> {
    const topic = await driver.openTopic("t");
    same<typeof topic, Topic<JsonValue>>(true);
    same<Awaited<ReturnType<Consumer["pull"]>>, Event<JsonValue>>(true);
    topic.producer().push({ anything: [1, "a", null] });
    // @ts-expect-error: undefined is not JSON
    topic.producer().push({ anything: undefined });
    // @ts-expect-error: a BigInt is not JSON
    topic.producer().push(1n);
  },

  async argument(driver: Driver): Promise<void> {
    const topic = await driver.openTopic<Reading>("t");
    const producer = topic.producer("p");
    same<typeof producer, Producer<Reading>>(true);
    const future = producer.push({ energy: 42 });
    same<typeof future, Future<EventID>>(true);
    same<Awaited<typeof future>, number>(true);
    const waited = await future.wait(10);
    same<typeof waited, number | undefined>(true);
    producer.push('{"energy": 43}');
    producer.push(Metadata.text("free"));
    // @ts-expect-error: energy is a number
    producer.push({ energy: "high" });
    // @ts-expect-error: energy is missing
    producer.push({ tag: "a" });
    // @ts-expect-error: data is bytes
    producer.push({ energy: 1 }, "bytes");
    const event = await topic.consumer("c").pull();
    same<typeof event.metadata, Reading>(true);
    same<typeof event.data, Uint8Array | undefined>(true);
  },

  async selector(driver: Driver): Promise<void> {
    const topic = await driver.openTopic<Reading>("t");
    topic.consumer("c", {
      dataSelector: ({ energy }, descriptor) => energy.toFixed() === "1" ? descriptor : null,
      dataAllocator: ({ energy }, { size }) => [new Uint8Array(size), new Float32Array(energy)],
    });
    // @ts-expect-error: a selector gives a descriptor or null
    topic.consumer("c", { dataSelector: () => 3 });
    // @ts-expect-error: there is no such option
    topic.consumer("c", { selector: () => null });
  },

  async zod(driver: Driver): Promise<void> {
    const schema = z.object({ energy: z.number(), tag: z.string().default("none") });
    const topic = await driver.openTopic("t", { validator: schema });
    same<typeof topic, Topic<{ energy: number; tag?: string | undefined }>>(true);
    const wrapped = await driver.openTopic("t", { validator: new StandardSchemaValidator(schema) });
    same<typeof wrapped, typeof topic>(true);
  },

  async valibot(driver: Driver): Promise<void> {
    const topic = await driver.openTopic("t", { validator: v.object({ energy: v.number() }) });
    same<typeof topic, Topic<{ energy: number }>>(true);
  },

  async validators(driver: Driver, own: Validator<Reading>): Promise<void> {
    const topic = await driver.openTopic("t", { validator: own });
    same<typeof topic, Topic<Reading>>(true);
    const compiled = await driver.openTopic("t", { validator: await SchemaValidator.compile<Reading>({}) });
    same<typeof compiled, Topic<Reading>>(true);
    await driver.createTopic("t", {}, { validator: { type: "schema", schema: {} } });
    // @ts-expect-error: a document names its type
    await driver.createTopic("t", {}, { validator: { schema: {} } });
  },

  async iterating(topic: Topic<Reading>): Promise<void> {
    for await (const event of topic.consumer("c").events()) same<typeof event, Event<Reading>>(true);
    for await (const batch of topic.consumer("c").batches()) same<typeof batch, Event<Reading>[]>(true);
    await topic.consumer("c").process((event) => same<typeof event, Event<Reading>>(true));
    const stream: ReadableStream<Event<Reading>> = topic.consumer("c").readable();
    await stream.pipeTo(topic.producer().writable());
    const writer = topic.producer().writable().getWriter();
    await writer.write({ energy: 1 });
    await writer.write(new PushEnvelope({ energy: 1 }, new Uint8Array(1), { partition: 0 }));
    // @ts-expect-error: data goes in an envelope
    await writer.write({ metadata: { energy: 1 }, data: new Uint8Array(1) });
    // @ts-expect-error: the metadata of an envelope has the topic's type
    await writer.write(new PushEnvelope({ power: 1 }));
    const promise: Promise<EventID> = topic.producer().push({ energy: 1 });
    await promise;
  },
};

test("the types of topics, producers and consumers are what they should be", () => {
  assertEquals(Object.keys(checks).length, 7);
});
