// Imports and exports that are interrupted are continued, and never mix with other events.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ContentMismatchError, type Driver, type Topic, TopicExistsError } from "../../mod.ts";
import { exportCppFiles, importCppFiles } from "../../src/cpp_files/mod.ts";
import { test } from "../harness.ts";
import { withPlace } from "./sample.ts";

const EVENTS = 12_000;

/** A topic with events in two partitions. */
async function makeTopic(driver: Driver, name = "t"): Promise<Topic> {
  await driver.createTopic(name, { num_partitions: 2 });
  const topic = await driver.openTopic(name);
  await using producer = topic.producer();
  for (let n = 0; n < EVENTS; n++) producer.push({ n, text: "x".repeat(n % 90) }, new Uint8Array(n % 300));
  await producer.flush();
  return topic;
}

/** A signal that is aborted when this many events are done. */
function stopAfter(events: number): { signal: AbortSignal; onProgress: (done: { events: number }) => void } {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    onProgress: (done) => done.events >= events && controller.abort(),
  };
}

function filesOf(folder: string): [string, string][] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name)).sort()
    .map((path) => [path.slice(folder.length), readFileSync(path).toString("base64")]);
}

test("an import interrupted at any place is continued by the same call", async () => {
  await withPlace(async ({ driver, cppRoot }) => {
    await using topic = await makeTopic(driver);
    const whole = await exportCppFiles({ topic, rootPath: cppRoot });
    const request = { rootPath: cppRoot, topic: "t", driver, into: "copy" };
    for (const events of [1, 3000, 6000, 6001, 9000]) {
      await assertRejects(() => importCppFiles({ ...request, ...stopAfter(events) }), DOMException);
      assertEquals(await driver.topicExists("copy"), false);
      assertEquals([...(await driver.listTopics()).keys()], ["t"]);
    }
    const { partitions, ...sums } = await importCppFiles(request);
    const resumed = partitions.reduce((sum, { resumedEvents }) => sum + resumedEvents, 0);
    assert(resumed >= 9000 && resumed < EVENTS, `${resumed} resumed`);
    assertEquals(sums, {
      events: whole.events,
      metadataBytes: whole.metadataBytes,
      dataBytes: whole.dataBytes,
    });
    await using copy = await driver.openTopic("copy");
    await exportCppFiles({ topic: copy, rootPath: cppRoot });
    assertEquals(filesOf(join(cppRoot, "copy")), filesOf(join(cppRoot, "t")));
  });
});

test("repeating a complete import changes nothing, and adds the new events of a topic that grew", async () => {
  await withPlace(async ({ driver, cppRoot }) => {
    await using topic = await makeTopic(driver);
    await exportCppFiles({ topic, rootPath: cppRoot });
    const request = { rootPath: cppRoot, topic: "t", driver, into: "copy" };
    await importCppFiles(request);
    const again = await importCppFiles(request);
    assertEquals(again.partitions.map(({ events, resumedEvents }) => events - resumedEvents), [0, 0]);
    // What another program appends: the metadata, then the index.
    const folder = join(cppRoot, "t/partitions/00000001");
    const entry = new DataView(new ArrayBuffer(32));
    const offsets = [
      readFileSync(join(folder, "metadata")).length,
      10,
      readFileSync(join(folder, "data")).length,
    ];
    offsets.forEach((offset, at) => entry.setBigUint64(at * 8, BigInt(offset), true));
    appendFileSync(join(folder, "metadata"), new Uint8Array([2, 0, 0, 0, 0, 0, 0, 0, 0x34, 0x32]));
    appendFileSync(join(folder, "index"), new Uint8Array(entry.buffer));
    const grown = await importCppFiles(request);
    assertEquals(grown.partitions.map(({ events, resumedEvents }) => events - resumedEvents), [0, 1]);
    await using copy = await driver.openTopic("copy");
    await using consumer = copy.consumer("last", { partitions: [1], from: { id: EVENTS / 2 } });
    assertEquals((await consumer.pull()).metadata, 42);
  });
});

test("an import into a topic that holds other events is refused, naming the first", async () => {
  await withPlace(async ({ driver, cppRoot }) => {
    await using topic = await makeTopic(driver);
    await exportCppFiles({ topic, rootPath: cppRoot });
    const into = async (name: string, push: (topic: Topic) => Promise<unknown>): Promise<void> => {
      await driver.createTopic(name, { num_partitions: 2 });
      await using other = await driver.openTopic(name);
      await push(other);
    };
    const importing = (name: string) => () =>
      importCppFiles({ rootPath: cppRoot, topic: "t", driver, into: name });
    await into("metadata", (other) => other.producer().push({ n: 7 }, undefined, { partition: 1 }));
    await assertRejects(
      importing("metadata"),
      ContentMismatchError,
      "event 0 of partition 1 has different metadata",
    );
    await into(
      "data",
      (other) => other.producer().push({ n: 0, text: "" }, new Uint8Array(9), { partition: 0 }),
    );
    await assertRejects(importing("data"), ContentMismatchError, "has 9 bytes of data there, and 0 in C++");
    await into("longer", async (other) => {
      await using producer = other.producer();
      for (let n = 0; n < EVENTS + 2; n++) producer.push({ n });
      await producer.flush();
    });
    await assertRejects(importing("longer"), ContentMismatchError, "it has 6001 events, and C++ has 6000");
    await driver.createTopic("narrow", { num_partitions: 1 });
    await assertRejects(importing("narrow"), Error, "it has 1 partition, and C++ has 2");
  });
});

test("an interrupted export is continued, and is not a topic before it is complete", async () => {
  await withPlace(async ({ driver, cppRoot }) => {
    await using topic = await makeTopic(driver);
    const request = { topic, rootPath: cppRoot };
    await exportCppFiles({ ...request, into: "at-once" });
    for (const events of [1, 2500, 6000, 6001, 11_000]) {
      await assertRejects(() => exportCppFiles({ ...request, ...stopAfter(events) }), DOMException);
      assert(!existsSync(join(cppRoot, "t/partitions")));
      // What a crash leaves after the last checkpoint is not trusted.
      appendFileSync(join(cppRoot, "t/partitions.unfinished/00000000/index"), new Uint8Array(99));
    }
    const { partitions } = await exportCppFiles(request);
    assert(partitions.every(({ resumedEvents }) => resumedEvents > 0));
    assertEquals(filesOf(join(cppRoot, "t")), filesOf(join(cppRoot, "at-once")));
  });
});

test("exporting over an existing topic is refused, and so is continuing another topic's export", async () => {
  await withPlace(async ({ driver, cppRoot }) => {
    await using topic = await makeTopic(driver);
    await using other = await makeTopic(driver, "other");
    await exportCppFiles({ topic, rootPath: cppRoot });
    await driver.createTopic("empty", { num_partitions: 1 });
    await using empty = await driver.openTopic("empty");
    const over = { topic: empty, rootPath: cppRoot, into: topic.name };
    await assertRejects(() => exportCppFiles(over), TopicExistsError);
    const request = { rootPath: cppRoot, into: "half" };
    await assertRejects(() => exportCppFiles({ ...request, topic, ...stopAfter(100) }), DOMException);
    const continuing = (with_: Topic) => () => exportCppFiles({ ...request, topic: with_ });
    await assertRejects(continuing(other), ContentMismatchError, 'it is of topic "t"');
    const path = join(cppRoot, "half/export.json");
    writeFileSync(path, readFileSync(path, "utf8").replace('"topic":"t"', '"topic":"other"'));
    await assertRejects(continuing(other), ContentMismatchError, "of partition 0 has changed");
  });
});

test("if the first events were removed, the remaining ones are exported with a warning", async () => {
  await withPlace(async ({ driver, cppRoot }) => {
    await driver.createTopic("short", { num_partitions: 1, segment_bytes: 4096 });
    await using topic = await driver.openTopic("short");
    await using producer = topic.producer();
    for (let n = 0; n < 200; n++) await producer.push({ n, pad: "x".repeat(100) });
    const [{ firstId }] = await topic.trim({ beforeId: 120 });
    assert(firstId > 0);
    const warnings: string[] = [];
    const { events } = await exportCppFiles({
      topic,
      rootPath: cppRoot,
      onWarning: (text) => warnings.push(text),
    });
    assertEquals(events, 200 - firstId);
    assertEquals(warnings, [
      `Event ${firstId} of partition 0 becomes event 0: earlier events were removed`,
    ]);
  });
});
