// What the type checker must infer, and refuse. Checking the types of this file is the test; the functions are
// never called.
import { assertEquals } from "@std/assert";
import * as v from "valibot";
import * as z from "zod";
import {
  CborSerializer,
  type ComponentDocument,
  type Consumer,
  Driver,
  type DriverHandle,
  type Event,
  type EventID,
  type FilesTopicOptions,
  type Future,
  type JsonObject,
  type JsonValue,
  KeyPartitionSelector,
  Metadata,
  type PartitionInfo,
  type PartitionSelector,
  type Producer,
  PushEnvelope,
  registerPartitionSelector,
  registerSerializer,
  SchemaValidator,
  type Serializer,
  StandardSchemaValidator,
  type Topic,
  type TopicHandle,
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

class ByEnergy implements PartitionSelector<Reading> {
  setPartitions(_infos: readonly PartitionInfo[]): void {}
  selectPartitionFor({ energy }: Reading): number {
    return energy % 2;
  }
  config(): ComponentDocument {
    return { type: "by-energy" };
  }
}

class EnergyByte implements Serializer<Reading> {
  serialize({ energy }: Reading): Uint8Array {
    return new Uint8Array([energy]);
  }
  deserialize(bytes: Uint8Array): Reading {
    return { energy: bytes[0] };
  }
  config(): ComponentDocument {
    return { type: "energy-byte" };
  }
}

const checks = {
  async ownComponents(driver: Driver): Promise<void> {
    registerPartitionSelector("by-energy", () => new ByEnergy());
    registerSerializer("energy-byte", () => new EnergyByte());
    const components = { partitionSelector: new ByEnergy(), serializer: new EnergyByte() };
    await driver.createTopic<Reading>("t", {}, components);
    const topic = await driver.openTopic<Reading>("t", components);
    same<typeof topic.serializer, Serializer<Reading>>(true);
    same<typeof topic.partitionSelector, PartitionSelector<Reading>>(true);
    // @ts-expect-error: the components are for readings
    await driver.openTopic<string>("t", components);

    const validator = await SchemaValidator.compile<Reading>({ type: "object" });
    const partitionSelector = new KeyPartitionSelector("/energy");
    const serializer = await CborSerializer.load();
    const decided = await driver.openTopic("t", { validator, partitionSelector, serializer });
    same<typeof decided, Topic<Reading>>(true);
    const typed = await driver.openTopic("t", { validator, ...components });
    same<typeof typed, Topic<Reading>>(true);
  },

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

  async options(): Promise<void> {
    const files = await Driver.open("files", { root_path: "/tmp/x", max_partitions: 5 });
    same<typeof files, Driver<FilesTopicOptions>>(true);
    await files.createTopic("t", { num_partitions: 3, flush_behavior: "on_flush", retention_seconds: 60 });
    // @ts-expect-error: it is num_partitions
    await files.createTopic("t", { num_partition: 3 });
    // @ts-expect-error: a number
    await files.createTopic("t", { num_partitions: "3" });
    // @ts-expect-error: there is no such behaviour
    await files.createTopic("t", { flush_behavior: "sometimes" });
    // @ts-expect-error: it is root_path
    await Driver.open("files", { root_pth: "/tmp/x" });
    // @ts-expect-error: topics in memory have no retention
    await (await Driver.open("memory")).createTopic("t", { retention_seconds: 5 });
    const kafka = await Driver.open("kafka", { kafka: { "bootstrap.servers": "localhost" }, namespace: "n" });
    await kafka.createTopic("t", { replication_factor: 2, kafka: { "max.message.bytes": 10485760 } });
    // @ts-expect-error: Kafka's own properties stand one level deeper
    await Driver.open("octopus", { kafka: {}, "bootstrap.servers": "localhost" });
    const own = await Driver.open("satellite", { dish: 2 });
    same<typeof own, Driver<JsonObject>>(true);
    await own.createTopic("t", { orbit: "low" });
    const name: string = "files";
    same<Awaited<ReturnType<typeof Driver.open<typeof name>>>, Driver>(true);
    await Driver.open(name, { anything: 1 });
    // A driver with its specific type is assignable to Driver.
    await checks.untyped(files);
    const either = await Driver.open(Math.random() > 0.5 ? "files" : "memory", { max_partitions: 5 });
    await either.createTopic("t", { num_partitions: 1 });
  },

  unknown(
    topic: Topic<Reading>,
    takesAny: (topic: Topic<unknown>) => void,
    takesJson: (topic: Topic) => void,
  ): void {
    takesAny(topic);
    // @ts-expect-error: an interface is not JSON, because another declaration may extend it
    takesJson(topic);
  },

  async texts(driver: Driver): Promise<void> {
    const producer = (await driver.openTopic<string>("t")).producer();
    // @ts-expect-error: it would be taken for a JSON document, and is none
    producer.push("hello");
    producer.push(Metadata.text("hello"));
    producer.push(Metadata.document('"hello"'));
    const words = (await driver.openTopic<"on" | "off">("t")).producer();
    // @ts-expect-error: the same
    words.push("on");
    words.push(Metadata.text("on"));
    const mixed = (await driver.openTopic<string | { n: number }>("t")).producer();
    mixed.push({ n: 1 });
    mixed.push('{"n": 1}');
    await mixed.writable().getWriter().write({ n: 1 });
    // @ts-expect-error: the same
    await producer.writable().getWriter().write("hello");
    await producer.writable().getWriter().write(new PushEnvelope<string>(Metadata.text("hello")));
    // deno-lint-ignore no-explicit-any -- programs without type arguments have them
    (await driver.openTopic<any>("t")).producer().push("1");
    (await driver.openTopic<unknown>("t")).producer().push({ n: 1 });
    (await driver.openTopic("t")).producer().push('{"n": 1}');
  },

  async makers(topic: Topic<Reading>): Promise<void> {
    const handle: TopicHandle<Reading> = topic.consumer("c").topic;
    same<typeof handle, Producer<Reading>["topic"]>(true);
    const driver: DriverHandle = handle.driver;
    same<typeof driver, Topic<Reading>["driver"]>(true);
    for await (const event of topic.consumer("c")) same<typeof event, Event<Reading>>(true);
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

test("the types of topics, producers and consumers are as documented", () => {
  assertEquals(Object.keys(checks).length, 12);
});
