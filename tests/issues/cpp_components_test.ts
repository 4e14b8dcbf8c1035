// Component documents of the C++ library without a type, or empty, mean the default component: the energy topic
// in its guide has three of them, and could only be imported with three options that no message mentioned. A
// topic whose serializer writes something other than JSON text was reported as damaged, with or without a
// serializer that reads it. And an import compared only the sizes of data parts, not their bytes.
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type ComponentDocument,
  ContentMismatchError,
  CorruptedLogError,
  type Driver,
  FullDataSelector,
  InvalidMetadataError,
  InvalidOptionError,
  type JsonValue,
  LimitExceededError,
  type Topic,
} from "../../mod.ts";
import { exportCppFiles, importCppFiles } from "../../src/cpp_files/mod.ts";
import { withPlace } from "../cpp_files/sample.ts";
import { record, writeTopic } from "../cpp_files/store.ts";
import { test } from "../harness.ts";

const KINDS = ["validator", "serializer", "partition-selector"] as const;

async function eventsOf(topic: Topic): Promise<{ metadata: JsonValue; data: number[] }[]> {
  await using consumer = topic.consumer("check", { dataSelector: FullDataSelector });
  const events: { metadata: JsonValue; data: number[] }[] = [];
  for await (const { metadata, data } of consumer.events({ until: "end" })) {
    events.push({ metadata, data: [...data ?? []] });
  }
  return events;
}

/** Documents, and the corresponding ones here. */
const PLAIN_DOCUMENTS: [string, ComponentDocument][] = [
  ["{}", { type: "default" }],
  ["null", { type: "default" }],
  ["[]", { type: "default" }],
  ['{\n  "energy_max": 100\n}', { energy_max: 100, type: "default" }],
  ['{"type": "default"}', { type: "default" }],
];

for (const [text, expected] of PLAIN_DOCUMENTS) {
  test(`component documents ${JSON.stringify(text)} of C++ mean the default components`, async () => {
    await withPlace(async ({ driver, cppRoot }) => {
      const documents = Object.fromEntries(KINDS.map((kind) => [kind, text]));
      const partitions = [[{ metadata: record('{"energy":42}') }], [{ metadata: record('{"energy":7}') }]];
      writeTopic(cppRoot, "t", { ...documents, partitions });
      await importCppFiles({ rootPath: cppRoot, topic: "t", driver });
      await using topic = await driver.openTopic("t");
      const { validator, serializer, partitionSelector } = topic.definition;
      assertEquals([validator, serializer, partitionSelector], [expected, expected, expected]);
      assertEquals((await eventsOf(topic)).map(({ metadata }) => metadata), [{ energy: 42 }, { energy: 7 }]);
      await using producer = topic.producer();
      await producer.push({ energy: 1000 });
    });
  });
}

test("the energy topic of the C++ guide is imported, consumed and exported again", async () => {
  await withPlace(async ({ driver, cppRoot, folder }) => {
    const energies = [[1, 30], [34, 60], [99]];
    writeTopic(cppRoot, "collisions", {
      validator: '{\n  "energy_max": 100\n}',
      serializer: '{\n  "energy_max": 100\n}',
      "partition-selector": "{}",
      partitions: energies.map((list) =>
        list.map((energy) => ({ metadata: record(`{"energy":${energy}}`), data: new Uint8Array(energy) }))
      ),
    });
    const { events } = await importCppFiles({ rootPath: cppRoot, topic: "collisions", driver });
    assertEquals(events, 5);
    await using topic = await driver.openTopic("collisions");
    assertEquals((await eventsOf(topic)).length, 5);
    const back = join(folder, "back");
    await exportCppFiles({ topic, rootPath: back });
    for (const number of [0, 1, 2]) {
      for (const file of ["index", "metadata", "data"]) {
        const path = `collisions/partitions/0000000${number}/${file}`;
        assertEquals(readFileSync(join(back, path)), readFileSync(join(cppRoot, path)));
      }
    }
    await importCppFiles({ rootPath: back, topic: "collisions", driver, into: "again" });
  });
});

test("documents without a counterpart here are named together, with the options that replace them", async () => {
  await withPlace(async ({ driver, cppRoot }) => {
    writeTopic(cppRoot, "t", {
      validator: '{"type": "energy_validator:libenergy.so"}',
      serializer: '{"type": 5}',
      "partition-selector": '{"type": "elsewhere"}',
      partitions: [[{ metadata: record("1") }]],
    });
    const request = { rootPath: cppRoot, topic: "t", driver };
    const error = await assertRejects(() => importCppFiles(request), InvalidOptionError);
    for (
      const part of [
        `validator "energy_validator:libenergy.so" in "${join(cppRoot, "t/validator.json")}" is code of C++`,
        `"${join(cppRoot, "t/serializer.json")}" has a "type" that is not a text`,
        '"elsewhere"',
        "--validator default --partition-selector default --serializer NAME:MODULE",
      ]
    ) assertStringIncludes(error.message, part);
    assertEquals(await driver.topicExists("t"), false);
    const type = "default";
    const components = { validator: { type }, partitionSelector: { type } };
    const other = await assertRejects(() => importCppFiles({ ...request, components }), InvalidOptionError);
    assert(!other.message.includes("--validator"), other.message);
    await importCppFiles({ ...request, components: { ...components, serializer: { type } } });
  });
});

for (const text of ["{", "5", '"x"', '[["energy_max",100]]']) {
  test(`a component document ${text} is named, and does not matter if another one is given`, async () => {
    await withPlace(async ({ driver, cppRoot }) => {
      writeTopic(cppRoot, "t", { validator: text, partitions: [[{ metadata: record("1") }]] });
      const request = { rootPath: cppRoot, topic: "t", driver };
      const error = await assertRejects(
        () => importCppFiles(request),
        InvalidOptionError,
        "--validator default",
      );
      assertStringIncludes(error.message, join(cppRoot, "t/validator.json"));
      const { events } = await importCppFiles({ ...request, components: { validator: { type: "default" } } });
      assertEquals(events, 1);
    });
  });
}

test("malformed documents are named with their files, and the options that replace them", async () => {
  await withPlace(async ({ driver, cppRoot }) => {
    writeTopic(cppRoot, "t", {
      validator: '{"type":"eventbridge","pattern":{"a":[{"numeric":["<>",3]}]}}',
      serializer: '{"type":"schema","schema":"text"}',
      partitions: [[]],
    });
    const error = await assertRejects(
      () => importCppFiles({ rootPath: cppRoot, topic: "t", driver }),
      InvalidOptionError,
    );
    assertStringIncludes(error.message, `found "<>" (in "${cppRoot}/t/validator.json")`);
    assertStringIncludes(error.message, `found "text" (in "${cppRoot}/t/serializer.json")`);
    assertStringIncludes(error.message, "import it with --validator default --serializer NAME:MODULE");
    assertEquals((await driver.listTopics()).size, 0);
  });
});

test("a schema of C++ that names no draft is read by draft 07, and goes back as it was", async () => {
  await withPlace(async ({ driver, cppRoot, folder }) => {
    const texts = [
      '{\n  "schema": {\n    "prefixItems": [\n      {\n        "type": "string"\n      }\n    ]\n  },\n  "type": "schema"\n}',
      '{\n  "schema": {\n    "$schema": "http://example.org/own"\n  },\n  "type": "schema"\n}',
    ];
    for (const [number, validator] of texts.entries()) {
      const name = `t${number}`;
      writeTopic(cppRoot, name, { validator, partitions: [[]] });
      await importCppFiles({ rootPath: cppRoot, topic: name, driver });
      await using topic = await driver.openTopic(name);
      await using producer = topic.producer();
      await producer.push([5]);
      await exportCppFiles({ topic, rootPath: join(folder, "back") });
      assertEquals(readFileSync(join(folder, "back", name, "validator.json"), "utf8"), validator);
    }
    const named =
      '{"schema":{"$schema":"https://json-schema.org/draft/2020-12/schema","prefixItems":[{"type":"string"}]},"type":"schema"}';
    writeTopic(cppRoot, "named", { validator: named, partitions: [[]] });
    await importCppFiles({ rootPath: cppRoot, topic: "named", driver });
    await using topic = await driver.openTopic("named");
    await using producer = topic.producer();
    await assertRejects(async () => await producer.push([5]), InvalidMetadataError);
  });
});

/** A serializer that writes one byte per event. */
const ENERGY_MODULE = `
export class Energy {
  constructor(document = {}) { this.document = document; }
  serialize({ energy }) { return new Uint8Array([energy]); }
  deserialize(bytes) {
    if (bytes.length !== 1) throw new Error("expected one byte");
    if (bytes[0] > 200) throw new Error("too high");
    return { energy: bytes[0] };
  }
  config() { return { ...this.document, type: "Energy" }; }
}
`;

interface Bytes {
  driver: Driver;
  cppRoot: string;
  serializer: ComponentDocument;
  folder: string;
}

async function withBytes(document: string, use: (place: Bytes) => Promise<void>): Promise<void> {
  await withPlace(async ({ driver, cppRoot, folder }) => {
    mkdirSync(cppRoot, { recursive: true });
    const module = join(folder, "energy.mjs");
    writeFileSync(module, ENERGY_MODULE);
    const partitions = [[42, 7, 0], [99]].map((list) =>
      list.map((energy) => ({ metadata: new Uint8Array([energy]), data: new Uint8Array([energy, 1]) }))
    );
    writeTopic(cppRoot, "t", { serializer: document, partitions });
    await use({ driver, cppRoot, folder, serializer: { type: `Energy:${module}`, energy_max: 100 } });
  });
}

for (const document of ['{"type":"energy_serializer:libenergy.so"}', '{"energy_max":100}', "{}"]) {
  test(`bytes of a C++ serializer are imported with one that reads them: ${document}`, async () => {
    await withBytes(document, async ({ driver, cppRoot, serializer, folder }) => {
      const request = { rootPath: cppRoot, topic: "t", driver };
      const error = await assertRejects(() => importCppFiles(request), InvalidOptionError);
      assertStringIncludes(error.message, "--serializer NAME:MODULE");
      assertEquals(await driver.topicExists("t"), false);
      const wrong = { serializer: { type: "default" } };
      const again = await assertRejects(
        () => importCppFiles({ ...request, components: wrong }),
        InvalidOptionError,
      );
      assertStringIncludes(again.message, "--serializer NAME:MODULE");
      const named = [0, 1].map((partition) => join(cppRoot, `t/partitions/0000000${partition}/metadata`));
      assert(named.some((file) => again.message.includes(file)), again.message);
      const { events } = await importCppFiles({ ...request, components: { serializer } });
      assertEquals(events, 4);
      await using topic = await driver.openTopic("t");
      assertEquals(await eventsOf(topic), [
        { metadata: { energy: 42 }, data: [42, 1] },
        { metadata: { energy: 7 }, data: [7, 1] },
        { metadata: { energy: 0 }, data: [0, 1] },
        { metadata: { energy: 99 }, data: [99, 1] },
      ]);
      const repeated = await importCppFiles({ ...request, components: { serializer } });
      assertEquals(repeated.partitions.map(({ resumedEvents }) => resumedEvents), [3, 1]);
      await assertRejects(
        () => importCppFiles({ ...request, components: { serializer: { type: "cbor" } } }),
        ContentMismatchError,
        "another one is given",
      );
      await exportCppFiles({ topic, rootPath: join(folder, "back"), onWarning: () => {} });
    });
  });
}

test("metadata that the given serializer cannot read is damage, with its place", async () => {
  await withBytes("{}", async ({ driver, cppRoot, serializer }) => {
    writeTopic(cppRoot, "u", {
      serializer: "{}",
      partitions: [[42, 201].map((n) => ({ metadata: new Uint8Array([n]) }))],
    });
    const error = await assertRejects(
      () => importCppFiles({ rootPath: cppRoot, topic: "u", driver, components: { serializer } }),
      CorruptedLogError,
      "the serializer cannot read the metadata: too high",
    );
    const { partition, firstId, offset } = error.damage;
    assertEquals([partition, firstId, offset], [0, 1, 1]);
    assertEquals(await driver.topicExists("u"), false);
  });
});

test("JSON text in records is read as JSON, even if another serializer will write it", async () => {
  await withBytes("{}", async ({ driver, cppRoot, serializer }) => {
    for (const document of ["{}", '{"type":"default"}']) {
      const into = `u${document.length}`;
      writeTopic(cppRoot, into, {
        serializer: document,
        partitions: [[{ metadata: record('{"energy":5}') }]],
      });
      await importCppFiles({ rootPath: cppRoot, topic: into, driver, components: { serializer } });
      await using topic = await driver.openTopic(into);
      assertEquals(await eventsOf(topic), [{ metadata: { energy: 5 }, data: [] }]);
    }
  });
});

test("an import compares the bytes of metadata and data with existing events", async () => {
  await withPlace(async ({ driver, cppRoot }) => {
    const event = (text: string, ...data: number[]) => ({
      metadata: record(text),
      data: new Uint8Array(data),
    });
    writeTopic(cppRoot, "t", { partitions: [[event("1", 1, 2), event("2", 3, 4)]] });
    const request = { rootPath: cppRoot, topic: "t", driver };
    await importCppFiles(request);
    writeTopic(cppRoot, "t", { partitions: [[event("1", 1, 2), event("2", 3, 5), event("3")]] });
    await assertRejects(
      () => importCppFiles(request),
      ContentMismatchError,
      "event 1 of partition 0 has different data there",
    );
    const large = new Uint8Array(5_000_000);
    writeTopic(cppRoot, "l", { partitions: [[{ metadata: record("1"), data: large }]] });
    await importCppFiles({ ...request, topic: "l" });
    large[4_500_000] = 1;
    writeTopic(cppRoot, "l", { partitions: [[{ metadata: record("1"), data: large }]] });
    await assertRejects(
      () => importCppFiles({ ...request, topic: "l" }),
      ContentMismatchError,
      "different data",
    );
    const components = { serializer: { type: "cbor" } };
    const cbor = { ...request, topic: "c", components };
    writeTopic(cppRoot, "c", { partitions: [[event('{"a":1.50,"b":"\\u00e9"}')]] });
    await importCppFiles(cbor);
    await importCppFiles(cbor);
    writeTopic(cppRoot, "c", { partitions: [[event('{"a":1.50,"b":"\\u00ea"}')]] });
    await assertRejects(() => importCppFiles(cbor), ContentMismatchError, "has different metadata there");
  });
});

test("an event with too much metadata is named, and earlier events can be imported", async () => {
  await withPlace(async ({ driver, cppRoot }) => {
    const events = ["1", "2", `"${"x".repeat(17 << 20)}"`, "4"].map((text) => ({ metadata: record(text) }));
    writeTopic(cppRoot, "t", { partitions: [[], events] });
    const request = { rootPath: cppRoot, topic: "t", driver };
    const error = await assertRejects(() => importCppFiles(request), LimitExceededError);
    assertStringIncludes(error.message, "Cannot import event 2 of partition 1 (");
    assertStringIncludes(error.message, join(cppRoot, "t/partitions/00000001/metadata"));
    assertStringIncludes(error.message, "--partial");
    assertEquals(await driver.topicExists("t"), false);
    await assertRejects(() => importCppFiles({ ...request, partial: true }), LimitExceededError);
    await using topic = await driver.openTopic("t");
    assertEquals((await eventsOf(topic)).map(({ metadata }) => metadata), [1, 2]);
  });
});
