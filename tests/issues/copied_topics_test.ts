// `consumer.readable().pipeTo(producer.writable())` passed an event's metadata to `push`: the string "42"
// became a number, a plain string ended the pipe, digits beyond 2^53 were lost. Data that was not selected was
// dropped. And of any object with a member `metadata`, only that member was stored. Later, a matrix of metadata, data and
// components on three runtimes found that the serializer cbor lost U+FEFF where a string, or a key, began with it.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CborSerializer,
  type Consumer,
  type DataSelector,
  DefaultSerializer,
  Driver,
  FullDataSelector,
  InvalidMetadataError,
  type JsonValue,
  Metadata,
  PushEnvelope,
  type Topic,
  type Uint8ArrayAllocator,
} from "../../mod.ts";
import { test } from "../harness.ts";

const TEXTS = [
  '"42"',
  "42",
  '"plain text"',
  '"{\\"not\\": \\"a document\\"}"',
  '""',
  '{"id": 12345678901234567890, "x": 1.10, "y": -0, "z": 1e400}',
  '{"metadata": {"a": 1}, "data": "d", "partition": 3, "options": {}}',
  '{"metadata": "42"}',
  "{ }",
  "[1, \t2]",
  "null",
  "false",
  '"\\u2603 ☃"',
  '"\ufeff"',
  '"\\ud83d alone"',
  '{"__proto__": {"x": 1}, "toJSON": 1, "then": {"a": 1}, "a": 1, "a": 2}',
  `${"[".repeat(200)}-0${"]".repeat(200)}`,
];

type Serializer = CborSerializer | DefaultSerializer;

async function withDriver(name: string, use: (driver: Driver) => Promise<void>): Promise<void> {
  const root_path = await mkdtemp(join(tmpdir(), "diaspora-copied-"));
  try {
    await using driver = await Driver.open(name, name === "files" ? { root_path } : {});
    await use(driver);
  } finally {
    await rm(root_path, { recursive: true });
  }
}

async function open(driver: Driver, name: string, serializer: Serializer, numPartitions = 1): Promise<Topic> {
  await driver.createTopic(name, { num_partitions: numPartitions }, { serializer });
  return await driver.openTopic(name, { serializer });
}

async function contentOf(topic: Topic): Promise<{ text: string; metadata: JsonValue; data: Uint8Array }[]> {
  await using consumer = topic.consumer("check", { dataSelector: FullDataSelector });
  const content = [];
  for await (const { metadata, metadataText, data } of consumer.events({ until: "end" })) {
    content.push({ text: metadataText, metadata, data: data! });
  }
  return content;
}

function bytes(n: number): Uint8Array {
  return Uint8Array.from({ length: n * 500 }, (_, index) => index * 3 + n);
}

/** The JSON text of a value, preserving -0. */
function textOf(value: JsonValue): string {
  const text = JSON.stringify(value, (_, member) => Object.is(member, -0) ? "minus zero" : member);
  return text.replaceAll('"minus zero"', "-0");
}

const SELECTIONS: Record<string, (topic: Topic) => Consumer> = {
  "none of the data": (topic) => topic.consumer("c"),
  "all of it": (topic) => topic.consumer("c", { dataSelector: FullDataSelector }),
  "a part": (topic) =>
    topic.consumer("c", { dataSelector: (_, whole) => whole.makeSubView(0, whole.size >> 1) }),
  "nothing, explicitly": (topic) =>
    topic.consumer("c", { dataSelector: (_, whole) => whole.makeSubView(0, 0) }),
  "all in another order": (topic) =>
    topic.consumer("c", {
      dataSelector: (_, whole) =>
        whole.makeUnstructuredView([
          { offset: whole.size >> 1, size: whole.size - (whole.size >> 1) },
          { offset: 0, size: whole.size >> 1 },
        ]),
    }),
  "all, in memory that is used again": (topic) => {
    const memory = new Uint8Array(100_000);
    const dataAllocator: typeof Uint8ArrayAllocator = (_, { size }) => memory.subarray(0, size);
    return topic.consumer("c", { dataSelector: FullDataSelector as DataSelector, dataAllocator });
  },
};

for (const name of ["files", "memory"]) {
  test(`${name}: a pipe copies a topic unchanged, whatever data the consumer selects`, async () => {
    await withDriver(name, async (driver) => {
      await using from = await open(driver, "from", new DefaultSerializer());
      await using producer = from.producer("p");
      for (const [n, text] of TEXTS.entries()) producer.push(text, n % 3 === 0 ? undefined : bytes(n));
      await producer.flush();
      for (const [index, [selected, consumerOf]] of Object.entries(SELECTIONS).entries()) {
        await using to = await open(driver, `to-${index}`, new DefaultSerializer());
        await using consumer = consumerOf(from);
        await using target = to.producer("p");
        await consumer.readable({ until: "end" }).pipeTo(target.writable());
        const content = await contentOf(to);
        assertEquals(content.map(({ text }) => text), TEXTS, selected);
        for (const [n, { data }] of content.entries()) {
          assertEquals(data, n % 3 === 0 ? new Uint8Array(0) : bytes(n), selected);
        }
      }
    });
  });

  test(`${name}: metadata has the same values under another serializer, on either side`, async () => {
    await withDriver(name, async (driver) => {
      const values: JsonValue[] = ["42", "plain", "", 42, -0, 1e300, null, true, ["x"], {
        metadata: { a: -0 },
        b: "7",
      }, { "\ufeff": ["\ufeff", "\ufeffa\ufeff", "\uff0c"], toJSON: 1, then: { a: 1 } }];
      values.push(JSON.parse('{"__proto__": {"x": 1}, "10": 1, "2": 2}'));
      values.push(JSON.parse(`${"[".repeat(200)}1${"]".repeat(200)}`));
      const cbor = await CborSerializer.load();
      const serializers = [cbor, cbor, new DefaultSerializer(), cbor];
      let from = await open(driver, "0", new DefaultSerializer());
      await using producer = from.producer("p");
      for (const value of values) producer.push(textOf(value), bytes(2));
      await producer.flush();
      for (const [index, serializer] of serializers.entries()) {
        const to = await open(driver, String(index + 1), serializer);
        await using consumer = from.consumer("c");
        await using target = to.producer("p");
        await consumer.readable({ until: "end" }).pipeTo(target.writable());
        const content = await contentOf(to);
        // JSON.stringify() writes -0 as 0.
        const expected = index < 2 ? values : JSON.parse(JSON.stringify(values));
        assertEquals(content.map(({ metadata }) => metadata), expected);
        assert(content.every(({ data }) => data.byteLength === 1000));
        await from.close();
        from = to;
      }
      await from.close();
    });
  });

  test(`${name}: a data part of many pieces is copied whole, and partitions are requested`, async () => {
    await withDriver(name, async (driver) => {
      await using from = await open(driver, "from", new DefaultSerializer(), 3);
      await using producer = from.producer("p");
      const large = new Uint8Array(9_000_001);
      for (let index = 0; index < large.length; index += 997) large[index] = index;
      for (let n = 0; n < 6; n++) producer.push(n, n === 3 ? large : bytes(n), { partition: n % 3 });
      await producer.flush();
      await using to = await open(driver, "to", new DefaultSerializer(), 3);
      await using consumer = from.consumer("c");
      await using target = to.producer("p", { maxNumBatches: 1 });
      await consumer.readable({ until: "end" }).pipeTo(target.writable());
      assertEquals((await to.describe()).map(({ nextId }) => nextId), [2, 2, 2]);
      const content = await contentOf(to);
      for (const { metadata, data } of content) {
        assertEquals(data, metadata === 3 ? large : bytes(metadata as number));
      }
    });
  });
}

test("a chunk that is not an event is metadata as a whole", async () => {
  await withDriver("memory", async (driver) => {
    await using topic = await open(driver, "t", new DefaultSerializer());
    await using producer = topic.producer("p");
    const writer = producer.writable().getWriter();
    const objects: JsonValue[] = [
      { metadata: 1, data: "x", more: true },
      { metadata: { deep: 1 } },
      { id: 1, partition: 0, metadata: "42", data: null, timestamp: 5 },
      { a: 1 },
      ["metadata"],
      7,
      null,
    ];
    for (const chunk of objects) await writer.write(chunk);
    await writer.write('{"given": "as text"}');
    await writer.write(Metadata.text("42"));
    await writer.write(new PushEnvelope({ metadata: 2 }));
    await writer.write(new PushEnvelope('{"d":  1}', bytes(3)));
    await writer.close();
    const content = await contentOf(topic);
    assertEquals(content.map(({ text }) => text), [
      ...objects.map((chunk) => JSON.stringify(chunk)),
      '{"given": "as text"}',
      '"42"',
      '{"metadata":2}',
      '{"d":  1}',
    ]);
    assertEquals(content.at(-1)?.data, bytes(3));
  });
});

test("damaged metadata, a refused push or a closed consumer fails the pipe", async () => {
  await withDriver("memory", async (driver) => {
    const cbor = await CborSerializer.load();
    await using topic = await open(driver, "t", cbor);
    await using producer = topic.producer("p");
    producer.push({ a: 1 }, bytes(2));
    await producer.flush();
    const consumer = topic.consumer("c");
    const event = await consumer.pull();
    const write = async (chunk: unknown) => {
      await using target = topic.producer("p");
      await target.writable().getWriter().write(chunk as typeof event);
    };
    await write(event);
    await assertRejects(() => write({ data: bytes(1) }), InvalidMetadataError, "/data");
    await assertRejects(() => write("plain text"), InvalidMetadataError);
    await assertRejects(() => write(undefined), InvalidMetadataError);
    await consumer.close();
    assertEquals((await topic.describe())[0].nextId, 2);
  });
});
