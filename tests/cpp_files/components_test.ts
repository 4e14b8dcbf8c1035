import { assertEquals, assertRejects } from "@std/assert";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { InvalidOptionError, TopicNotFoundError } from "../../mod.ts";
import { exportCppFiles, importCppFiles } from "../../src/cpp_files/mod.ts";
import { test } from "../harness.ts";
import { withPlace } from "./sample.ts";

test("components without a C++ counterpart become the default ones, with a warning", async () => {
  await withPlace(async ({ driver, cppRoot }) => {
    await driver.createTopic("t", { num_partitions: 2 }, {
      validator: { type: "schema", schema: { type: "object", required: ["k"], minProperties: 1 } },
      serializer: { type: "cbor" },
      partitionSelector: { type: "key", pointer: "/k" },
    });
    await using topic = await driver.openTopic("t");
    await using producer = topic.producer();
    await producer.push({ k: 1, f: 0.5 });
    const warnings: string[] = [];
    await exportCppFiles({ topic, rootPath: cppRoot, onWarning: (text) => warnings.push(text) });
    assertEquals(warnings, [
      'C++ has no serializer "cbor": the default one takes its place',
      'C++ has no partition-selector "key": the default one takes its place',
    ]);
    const text = (file: string): string => readFileSync(join(cppRoot, "t", file), "utf8");
    assertEquals(text("serializer.json"), '{\n  "type": "default"\n}');
    assertEquals(
      text("validator.json"),
      '{\n  "schema": {\n    "minProperties": 1,\n    "required": [\n      "k"\n    ],\n    "type": "object"\n  },\n' +
        '  "type": "schema"\n}',
    );
    await importCppFiles({ rootPath: cppRoot, topic: "t", driver, into: "back" });
    await using back = await driver.openTopic("back");
    // Without `$schema`, the C++ library uses draft 07.
    assertEquals(back.validator.config(), { ...topic.validator.config(), draft: "draft-07" });
    await using consumer = back.consumer("check");
    assertEquals((await consumer.pull()).metadata, { k: 1, f: 0.5 });
  });
});

test("a component written in C++ is named, and can be replaced by another one", async () => {
  await withPlace(async ({ driver, cppRoot }) => {
    mkdirSync(join(cppRoot, "t/partitions/00000000"), { recursive: true });
    writeFileSync(join(cppRoot, "t/validator.json"), '{"type": "energy:libenergy.so"}');
    const request = { rootPath: cppRoot, topic: "t", driver };
    await assertRejects(() => importCppFiles(request), InvalidOptionError, "libenergy.so");
    assertEquals(await driver.topicExists("t"), false);
    await importCppFiles({ ...request, components: { validator: { type: "default" } } });
    await using topic = await driver.openTopic("t");
    assertEquals(topic.validator.config(), { type: "default" });
  });
});

test("options of the new topic may be given", async () => {
  await withPlace(async ({ driver, cppRoot }) => {
    mkdirSync(join(cppRoot, "t/partitions/00000001"), { recursive: true });
    const topicOptions = { num_partitions: 5, segment_bytes: 8192 };
    await importCppFiles({ rootPath: cppRoot, topic: "t", driver, topicOptions });
    await using topic = await driver.openTopic("t");
    assertEquals([topic.partitions.length, topic.options.segment_bytes], [5, 8192]);
  });
});

test("a folder that is not a topic of the C++ driver is refused as such", async () => {
  await withPlace(async ({ driver, cppRoot, folder }) => {
    mkdirSync(join(cppRoot, "no-partitions"), { recursive: true });
    for (const topic of ["nowhere", "no-partitions"]) {
      await assertRejects(() => importCppFiles({ rootPath: cppRoot, topic, driver }), TopicNotFoundError);
    }
    await driver.createTopic("ours", { num_partitions: 1 });
    await assertRejects(
      () => importCppFiles({ rootPath: join(folder, "ours"), topic: "ours", driver, into: "x" }),
      InvalidOptionError,
      "was not written by the C++ files driver",
    );
  });
});
