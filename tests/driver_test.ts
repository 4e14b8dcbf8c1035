import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  ClosedError,
  Driver,
  driverNames,
  InvalidOptionError,
  ModuleLoadError,
  NotSupportedError,
  registerDriver,
  UnknownComponentError,
  UnknownDriverError,
} from "../mod.ts";
import { test } from "./harness.ts";

async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "diaspora-driver-"));
  try {
    await body(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const DRIVER_MODULE = `
export class tiny {
  name = "tiny";
  constructor(options) { this.options = options; }
  async createTopic() {}
  async openTopic() {}
  async listTopics() { return new Map([["size", this.options.size]]); }
  async close() {}
}
export const made = (options) => new tiny({ size: options.size * 2 });
export const ready = new tiny({ size: 7 });
export const wrong = 3;
export default async (options) => new tiny({ size: options.size * 10 });
`;

async function sizeOf(name: string): Promise<unknown> {
  await using driver = await Driver.open(name, { size: 5 });
  return (await driver.listTopics()).get("size");
}

test("an unknown driver is refused with the known names", async () => {
  const error = await assertRejects(() => Driver.open("flies"), UnknownDriverError);
  assertEquals(error.driver, "flies");
  for (const name of driverNames()) assertStringIncludes(error.message, `"${name}"`);
  for (const name of ["files", "memory"]) assert(driverNames().includes(name));
  for (const wrong of ["", ":x", "x:", undefined as never]) {
    await assertRejects(() => Driver.open(wrong), UnknownDriverError);
  }
});

test("a driver without a name is refused with the known names", async () => {
  for (const missing of ["", undefined as never, { root_path: "." } as never]) {
    const { message } = await assertRejects(() => Driver.open(missing), UnknownDriverError);
    assertStringIncludes(message, "Cannot open a driver: its name is missing; known drivers are ");
    assertStringIncludes(message, '"files"');
  }
});

test("a driver is loaded from a module: a class, a factory, an instance, or the default export", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "tiny.mjs");
    await writeFile(path, DRIVER_MODULE);
    assertEquals(await sizeOf(`tiny:${path}`), 5);
    assertEquals(await sizeOf(`tiny:${pathToFileURL(path)}`), 5);
    assertEquals(await sizeOf(`made:${path}`), 10);
    assertEquals(await sizeOf(`ready:${path}`), 7);
    assertEquals(await sizeOf(`other:${path}`), 50);
    await assertRejects(
      () => Driver.open(`wrong:${path}`),
      ModuleLoadError,
      "expected a driver class, a factory",
    );
    await assertRejects(() => Driver.open(`tiny:${folder}/missing.mjs`), ModuleLoadError, "missing.mjs");
  });
});

test("a registered driver is opened by its name, with a copy of its options", async () => {
  const given = { dish: { size: 2 } };
  let seen: unknown;
  registerDriver("satellite", (options) => {
    seen = options;
    throw new NotSupportedError("Cannot open a satellite: it is cloudy");
  });
  await assertRejects(() => Driver.open("satellite", given), NotSupportedError, "cloudy");
  assertEquals(seen, given);
  assert(seen !== given);
  assert(driverNames().includes("satellite"));
  for (const name of ["", "a:b", 3 as never]) {
    assertThrows(() => registerDriver(name, () => undefined as never), InvalidOptionError, "without a colon");
  }
});

test("options that are not an object are refused", async () => {
  for (const wrong of [null, [], "root", 3]) {
    await assertRejects(
      () => Driver.open("memory", wrong as never),
      InvalidOptionError,
      "expected an object",
    );
  }
  await using driver = await Driver.open("memory");
  await assertRejects(() => driver.createTopic("t", [] as never), InvalidOptionError, "topic options");
  const error = await assertRejects(() => Driver.open("memory", { stoer: "x" } as never), InvalidOptionError);
  assertMatch(error.message, /memory driver option "stoer": it is unknown; did you mean "store"\?/);
});

test("a topic whose components cannot be loaded has no producer, unless others are given", async () => {
  await using driver = await Driver.open("memory", {});
  const validator = { validate() {}, config: () => ({ type: "home-made" }) };
  await driver.createTopic("t", {}, { validator });
  await using stored = await driver.openTopic("t");
  assertThrows(() => stored.producer(), UnknownComponentError, "home-made");
  assertThrows(() => stored.validator, UnknownComponentError, "home-made");
  assertEquals(await stored.consumer("c").pull().wait(0), undefined);
  await using topic = await driver.openTopic("t", { validator });
  assertEquals(topic.validator, validator);
  await assertRejects(
    () => driver.createTopic("u", {}, { serializer: { type: "unknown:./nowhere.ts" } }),
    ModuleLoadError,
    "nowhere.ts",
  );
  assertEquals(await driver.topicExists("u"), false);
});

test("closing a driver closes its topics, and those their producers and consumers", async () => {
  const driver = await Driver.open("memory", {});
  await driver.createTopic("t", {});
  const topic = await driver.openTopic("t");
  const producer = topic.producer();
  const consumer = topic.consumer("c");
  const pushed = producer.push(1);
  await driver.close();
  assertEquals(await pushed, 0);
  await assertRejects(async () => await producer.push(2), ClosedError, "the producer");
  await assertRejects(async () => await consumer.pull(), ClosedError, "the consumer");
  assertThrows(() => topic.producer(), ClosedError, 'topic "t"');
  assertThrows(() => topic.consumer("d"), ClosedError);
  await assertRejects(() => topic.describe(), ClosedError);
  await assertRejects(() => driver.openTopic("t"), ClosedError, 'driver "memory"');
  await assertRejects(() => driver.listTopics(), ClosedError);
  await driver.close();
});

test("a topic that is being opened while its driver is closed is closed, too", () =>
  withFolder(async (root_path) => {
    const driver = await Driver.open("files", { root_path });
    await driver.createTopic("t");
    const opening = driver.openTopic("t");
    const drafting = driver.draftTopic("draft");
    const closing = driver.close();
    await assertRejects(() => opening, ClosedError, 'driver "files"');
    await assertRejects(() => drafting, ClosedError, 'driver "files"');
    await closing;
    assertEquals(await readdir(root_path), ["t"]);
  }));

test("closing closes everything, then reports what failed", async () => {
  const driver = await Driver.open("memory", {});
  await driver.createTopic("t", {});
  const topic = await driver.openTopic("t");
  topic.producer().push("{");
  const consumer = topic.consumer("c");
  await assertRejects(() => driver.close(), Error, "1 push failed");
  await assertRejects(async () => await consumer.pull(), ClosedError);
});

test("a topic opened with its own type parameter knows its driver", async () => {
  await using driver = await Driver.open("memory", {});
  assertEquals(driver.name, "memory");
  await driver.createTopic("t", { num_partitions: 2 });
  await using topic = await driver.openTopic<{ n: number }>("t");
  assertEquals([topic.name, topic.options.num_partitions, topic.partitions.length], ["t", 2, 2]);
  topic.options.num_partitions = 9;
  assertEquals(topic.options.num_partitions, 2);
  assertEquals([topic.producer("p").name, topic.producer({ batchSize: 1 }).name, topic.consumer("c").name], [
    "p",
    "",
    "c",
  ]);
});

test("producers and consumers show their options", async () => {
  await using driver = await Driver.open("memory", {});
  await driver.createTopic("t", {});
  await using topic = await driver.openTopic("t");
  const plain = topic.producer();
  assertEquals([plain.batchSize, plain.maxNumBatches, plain.ordering], ["adaptive", 16, "strict"]);
  const chosen = topic.producer("p", { batchSize: 32, maxNumBatches: 4, ordering: "loose" });
  assertEquals([chosen.batchSize, chosen.maxNumBatches, chosen.ordering], [32, 4, "loose"]);
  const consumer = topic.consumer("c", { batchSize: 8 });
  assertEquals([consumer.name, consumer.batchSize, consumer.maxNumBatches], ["c", 8, 2]);
});
