// The documents of a topic in files: what is refused, the defaults, and what is written.
import { assertEquals, assertRejects } from "@std/assert";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Driver, InvalidOptionError, InvalidTopicNameError, StorageError } from "../../../mod.ts";
import { test } from "../../harness.ts";

async function withDriver(body: (driver: Driver, rootPath: string) => Promise<void>): Promise<void> {
  const rootPath = mkdtempSync(join(tmpdir(), "diaspora-documents-"));
  try {
    await using driver = await Driver.open("files", { root_path: rootPath });
    await body(driver, rootPath);
  } finally {
    rmSync(rootPath, { recursive: true });
  }
}

test("unknown options are refused by name, and nothing is created", () =>
  withDriver(async (driver) => {
    const cases: [Record<string, unknown>, string][] = [
      [{ retention_seconds: 0 }, "retention_seconds"],
      [{ retention_seconds: -1 }, "retention_seconds"],
      [{ retention_seconds: "60" }, "retention_seconds"],
      [{ retention_bytes: -1 }, "retention_bytes"],
      [{ segment_bytes: 4095 }, "segment_bytes"],
      [{ segment_bytes: 2 ** 31 + 1 }, "segment_bytes"],
      [{ segment_bytes: 5000.5 }, "segment_bytes"],
      [{ num_partitions: 0 }, "num_partitions"],
      [{ num_partitions: 1.5 }, "num_partitions"],
      [{ flush_behavior: "sometimes" }, "flush_behavior"],
      [{ retention_acknowledged: "yes" }, "retention_acknowledged"],
    ];
    for (const [options, name] of cases) {
      const error = await assertRejects(() => driver.createTopic("t", options as never), InvalidOptionError);
      assertEquals([error.option, error.message.includes("topic option")], [name, true], error.message);
    }
    assertEquals([...(await driver.listTopics()).keys()], []);
    const accepted: Record<string, unknown>[] = [
      ...[{ segment_bytes: 4096 }, { segment_bytes: 2 ** 31 }, { retention_seconds: 0.5 }, {
        retention_bytes: 0,
      }],
      ...["buffered", "on_flush", "immediate"].map((flush_behavior) => ({ flush_behavior })),
    ];
    for (const options of accepted) {
      await driver.createTopic("t", options as never);
      await driver.deleteTopic("t");
    }
  }));

test("options are changed to what a new topic may have, or back to their default, and to nothing else", () =>
  withDriver(async (driver) => {
    await driver.createTopic("t", { retention_bytes: 7 });
    await using topic = await driver.openTopic("t");
    for (const [key, value] of [["retention_bytes", -1], ["segment_bytes", 4095], ["num_partitions", 2]]) {
      const error = await assertRejects(() => topic.edit({ [key!]: value } as never), InvalidOptionError);
      assertEquals([error.option, error.message.includes("topic option")], [key, true], error.message);
    }
    const error = await assertRejects(
      () => topic.edit({ retention_bytes: "x" } as never),
      InvalidOptionError,
    );
    assertEquals(error.message.includes("or null for the default"), true, error.message);
    await topic.edit({ retention_bytes: null, segment_bytes: 8192 } as never);
    const { options } = (await driver.listTopics()).get("t")!;
    assertEquals([options.retention_bytes, options.segment_bytes], [undefined, 8192]);
  }));

test("invalid topic names are refused by every call", () =>
  withDriver(async (driver) => {
    for (const name of ["", "..", "a/b", ".hidden"]) {
      await assertRejects(() => driver.createTopic(name, {}), InvalidTopicNameError);
      await assertRejects(() => driver.openTopic(name), InvalidTopicNameError);
      await assertRejects(() => driver.deleteTopic(name), InvalidTopicNameError);
      await assertRejects(() => driver.topicExists(name), InvalidTopicNameError);
    }
  }));

test("documents are written with sorted keys", () =>
  withDriver(async (driver, rootPath) => {
    await driver.createTopic("t", {
      segment_bytes: 8192,
      num_partitions: 1,
      flush_behavior: "on_flush",
    });
    const text = readFileSync(`${rootPath}/t/topic.json`, "utf8");
    const keys = Object.keys(JSON.parse(text));
    assertEquals(keys, keys.toSorted());
    assertEquals(text, JSON.stringify(JSON.parse(text), null, 2));
  }));

test("a missing component document means the default component", () =>
  withDriver(async (driver, rootPath) => {
    await driver.createTopic("t", {});
    for (const file of ["validator", "serializer", "partition-selector"]) {
      rmSync(`${rootPath}/t/${file}.json`);
    }
    await using topic = await driver.openTopic("t");
    await using producer = topic.producer();
    assertEquals(await producer.push({ a: 1 }), 0);
    await using consumer = topic.consumer("c");
    assertEquals((await consumer.pull()).metadata, { a: 1 });
    const info = (await driver.listTopics()).get("t")!;
    assertEquals([info.validator, info.partitionSelector, info.serializer].map(({ type }) => type), [
      "default",
      "default",
      "default",
    ]);
  }));

test("a document that is not JSON, or not an object, is refused by its path", () =>
  withDriver(async (driver, rootPath) => {
    await driver.createTopic("t", {});
    const path = `${rootPath}/t/topic.json`;
    const whole = readFileSync(path, "utf8");
    for (const text of ["", "{", "[]", "null", "3", '"text"']) {
      writeFileSync(path, text);
      const error = await assertRejects(() => driver.openTopic("t"), StorageError);
      assertEquals(error.message.includes(path), true, error.message);
    }
    writeFileSync(path, whole);
    await using topic = await driver.openTopic("t");
    assertEquals(topic.name, "t");
  }));
