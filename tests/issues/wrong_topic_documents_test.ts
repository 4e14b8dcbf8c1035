// A topic's documents with wrong values: one that names fewer partitions than there are hid the events of the others, and
// `verify` called a topic sound that could not be opened, or took no events. A topic without its folder of partitions was
// missing in listings, without a word, and one whose folder may not be read hid all topics.
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Driver, StorageError, type TopicInfo } from "../../mod.ts";
import { planRepair } from "../../src/log/check/mod.ts";
import { TopicFiles } from "../../src/ctl/verify/store.ts";
import { findingLine } from "../../src/ctl/verify/report.ts";
import { FilesDriver } from "../../src/drivers/files/driver.ts";
import { nodeStorage } from "../../src/storage/node.ts";
import type { Storage } from "../../src/storage/port.ts";
import { withPlace } from "../cpp_files/sample.ts";
import { test } from "../harness.ts";

/** Runs a test with a topic `t` of two partitions, in a folder, beside a sound one. */
function withTopic(body: (driver: Driver, folder: string) => Promise<void>): Promise<void> {
  return withPlace(async ({ driver, folder }) => {
    for (const name of ["sound", "t"]) await driver.createTopic(name, { num_partitions: 2 });
    await body(driver, join(folder, "ours", "t"));
  });
}

async function infoOf(driver: Driver): Promise<TopicInfo> {
  const topics = await driver.listTopics();
  assertEquals([...topics.keys()], ["sound", "t"]);
  assertEquals(topics.get("sound")!.fault, undefined);
  return topics.get("t")!;
}

/** What `verify` says of the topic as a whole, after `repair` has said that it can do nothing. */
async function verified(driver: Driver): Promise<string> {
  const findings = [];
  for await (const finding of new TopicFiles(await infoOf(driver)).verify({})) findings.push(finding);
  assertEquals(planRepair(findings).steps, []);
  return findings.map((finding) => findingLine("t", finding)).join("\n");
}

const PARTITION_COUNTS = [-1, 0, 1, 1.5, "2", null, [2], 1e300];

for (const count of PARTITION_COUNTS) {
  test(`a topic of two partitions whose document says ${JSON.stringify(count)} cannot be opened`, () =>
    withTopic(async (driver, folder) => {
      const file = join(folder, "topic.json");
      const document = JSON.parse(readFileSync(file, "utf8"));
      writeFileSync(file, JSON.stringify({ ...document, num_partitions: count }));
      const { message } = await assertRejects(() => driver.openTopic("t"), StorageError, file);
      assertStringIncludes(message, `its "num_partitions" is ${JSON.stringify(count)}`);
      assertStringIncludes(message, "restore the file from a backup");
      const { fault, numPartitions } = await infoOf(driver);
      assertEquals([fault, numPartitions], [message, 2]);
      assertEquals(await verified(driver), `damage: topic "t": ${message}`);
      await driver.deleteTopic("t");
    }));
}

test("verify says so if a topic takes no events because of its options", () =>
  withTopic(async (driver, folder) => {
    const file = join(folder, "topic.json");
    const document = JSON.parse(readFileSync(file, "utf8"));
    writeFileSync(file, JSON.stringify({ ...document, retention_seconds: -5 }));
    assertStringIncludes(await verified(driver), `"retention_seconds": expected`);
  }));

test("a topic without its folder of partitions is listed with that fault, and can be deleted", () =>
  withTopic(async (driver, folder) => {
    rmSync(join(folder, "partitions"), { recursive: true });
    const why = `"${join(folder, "partitions")}": it is missing or not a folder; restore it from a backup`;
    assertStringIncludes((await infoOf(driver)).fault!, why);
    await assertRejects(() => driver.openTopic("t"), StorageError, why);
    assert(await driver.topicExists("t"));
    await driver.deleteTopic("t");
    await driver.createTopic("t", {});
  }));

for (const file of ["topic.json", "partitions/00000001"]) {
  test(`a topic can be deleted although something else is in the place of its ${file}`, () =>
    withTopic(async (driver, folder) => {
      const isDocument = file === "topic.json";
      rmSync(join(folder, file), { recursive: true });
      if (isDocument) symlinkSync("/nowhere", join(folder, file));
      else writeFileSync(join(folder, file), "");
      await assertRejects(() => driver.openTopic("t"), StorageError, join(folder, file));
      assertStringIncludes(await verified(driver), join(folder, file));
      await driver.deleteTopic("t");
    }));
}

test("a topic that may not be read hides no other one", () =>
  withTopic(async (_, folder) => {
    const root = dirname(folder);
    const refuse = (path: string) => {
      if (!path.startsWith(`${folder}/`)) return;
      throw new StorageError("EACCES", `Cannot look at "${path}": permission denied (EACCES)`);
    };
    const storage: Storage = {
      ...nodeStorage,
      stat: (path) => refuse(path) ?? nodeStorage.stat(path),
      list: (path) => refuse(path) ?? nodeStorage.list(path),
      readWhole: (path, bytesMax) => refuse(path) ?? nodeStorage.readWhole(path, bytesMax),
    };
    await using driver = Driver.from(new FilesDriver({ root_path: root }, storage));
    const { fault, numPartitions } = await infoOf(driver);
    assertStringIncludes(fault!, "permission denied");
    assertEquals(numPartitions, 0);
  }));
