/** The built-in components in topics of both local engines, through the public API. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CborSerializer,
  type ComponentDocument,
  Driver,
  InvalidMetadataError,
  InvalidOptionError,
  type JsonValue,
  SchemaValidator,
  UnknownComponentError,
} from "../../mod.ts";
import { test } from "../harness.ts";

async function withDriver(engine: string, body: (driver: Driver) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "diaspora-components-"));
  try {
    await using driver = await Driver.open(engine, engine === "files" ? { root_path: folder } : {});
    await body(driver);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function readAll(
  driver: Driver,
  name: string,
): Promise<{ partition: number; id: number; metadata: JsonValue }[]> {
  await using topic = await driver.openTopic(name);
  await using consumer = topic.consumer("reader");
  const events = [];
  for await (const { partition, id, metadata } of consumer.events({ until: "end" })) {
    events.push({ partition, id, metadata });
  }
  return events;
}

const VALUES: JsonValue[] = [{ i: 1, "é": ["x", null, 1.5, -3, 2 ** 40] }, [], "text", 5, true, null, {
  a: { b: {} },
}];

const SERIALIZERS: ComponentDocument[] = [
  { type: "default" },
  { type: "cbor" },
  { type: "schema", schema: { type: "object" } },
];

test("built-in components of an opened topic are ready at once, so a loop that never awaits is not refused", async () => {
  await withDriver("memory", async (driver) => {
    await driver.createTopic("t", {}, {
      validator: { type: "schema", schema: { type: "object" } },
      serializer: { type: "cbor" },
    });
    await using topic = await driver.openTopic("t");
    assert(topic.validator instanceof SchemaValidator && topic.serializer instanceof CborSerializer);
    await using producer = topic.producer({ maxNumBatches: 1, batchSize: 16 });
    const futures = Array.from({ length: 5000 }, (_, n) => producer.push({ n }));
    assertEquals(await futures.at(-1), 4999);
  });
});

for (const engine of ["memory", "files"]) {
  for (const serializer of SERIALIZERS) {
    test(`serializer ${serializer.type} in a topic of the ${engine} driver returns what was pushed`, async () => {
      await withDriver(engine, async (driver) => {
        await driver.createTopic("t", {}, { serializer });
        await using topic = await driver.openTopic("t");
        await using producer = topic.producer("p", { batchSize: 3 });
        for (const value of VALUES) producer.push(typeof value === "string" ? JSON.stringify(value) : value);
        await producer.flush();
        assertEquals(topic.serializer.config(), serializer);
        assertEquals((await readAll(driver, "t")).map(({ metadata }) => metadata), VALUES);
      });
    });
  }

  const validators: ComponentDocument[] = [
    {
      type: "schema",
      schema: { type: "object", properties: { energy: { maximum: 50 } }, required: ["energy"] },
    },
    { type: "eventbridge", schema: { energy: [{ numeric: ["<=", 50] }] } },
  ];
  for (const validator of validators) {
    test(`validator ${validator.type} in a topic of the ${engine} driver refuses events, and ids stay dense`, async () => {
      await withDriver(engine, async (driver) => {
        await driver.createTopic("t", {}, { validator });
        await using topic = await driver.openTopic("t");
        await using producer = topic.producer("p");
        const pushes = [10, 60, 20, 70, 30].map((energy) => producer.push({ energy }));
        const outcomes = await Promise.allSettled(pushes);
        assertEquals(outcomes.map(({ status }) => status), [
          "fulfilled",
          "rejected",
          "fulfilled",
          "rejected",
          "fulfilled",
        ]);
        for (const refused of [pushes[1], pushes[3]]) {
          const error = await assertRejects(async () => await refused, InvalidMetadataError);
          assertEquals(error.mismatch?.path, "/energy");
        }
        await assertRejects(async () => await producer.push('{"energy": 51}'), InvalidMetadataError);
        assertEquals((await readAll(driver, "t")).map(({ id, metadata }) => [id, metadata]), [
          [0, { energy: 10 }],
          [1, { energy: 20 }],
          [2, { energy: 30 }],
        ]);
      });
    });
  }

  test(`selector key in a topic of the ${engine} driver keeps a key in one partition for every producer`, async () => {
    await withDriver(engine, async (driver) => {
      await driver.createTopic("t", { num_partitions: 5 }, {
        partitionSelector: { type: "key", pointer: "/user" },
      });
      for (let turn = 0; turn < 3; turn++) {
        await using topic = await driver.openTopic("t");
        await using producer = topic.producer(`p${turn}`);
        for (let user = 0; user < 20; user++) producer.push(`{"user": "u${user}", "turn": ${turn}}`);
      }
      const partitionsOf = new Map<string, Set<number>>();
      for (const { partition, metadata } of await readAll(driver, "t")) {
        const { user } = metadata as { user: string };
        partitionsOf.set(user, (partitionsOf.get(user) ?? new Set()).add(partition));
      }
      assertEquals([...partitionsOf.values()].map((partitions) => partitions.size), new Array(20).fill(1));
      assertEquals(new Set([...partitionsOf.values()].flatMap((partitions) => [...partitions])).size, 5);
    });
  });

  test(`a component that cannot be created leaves no topic in the ${engine} driver`, async () => {
    await withDriver(engine, async (driver) => {
      const wrong: [
        Parameters<Driver["createTopic"]>[2],
        typeof InvalidOptionError | typeof UnknownComponentError,
      ][] = [
        [{ validator: { type: "schema", schema: { type: "numbr" } } }, InvalidOptionError],
        [{ validator: { type: "eventbridge", schema: { a: [[5]] } } }, InvalidOptionError],
        [{ partitionSelector: { type: "key" } }, InvalidOptionError],
        [{ serializer: { type: "xml" } }, UnknownComponentError],
      ];
      for (const [components, errorClass] of wrong) {
        await assertRejects(
          () => driver.createTopic("t", {}, components),
          errorClass as typeof InvalidOptionError,
        );
        assertEquals(await driver.topicExists("t"), false);
      }
    });
  });
}
