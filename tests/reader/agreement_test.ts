// The engine and a reader written from docs/format.md alone read the same, whatever was stored.
import { assertEquals, assertGreater } from "@std/assert";
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { Driver, type JsonObject, type Producer } from "../../mod.ts";
import { Partition } from "../../src/log/partition.ts";
import { planRepair } from "../../src/log/check/plan.ts";
import { repairPartition } from "../../src/log/check/repair.ts";
import { verifyPartition } from "../../src/log/check/verify.ts";
import { nodeStorage } from "../../src/storage/node.ts";
import { damageAtRandom } from "../damage/random_damage.ts";
import { makeSample } from "../damage/sample_partition.ts";
import { casesOf, test } from "../harness.ts";
import { memoryFolder } from "../memory_folder.ts";
import { randomBytes, randomNumbers } from "../wasm/reference.ts";
import { assertReadersAgree } from "./agreement.ts";

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(memoryFolder, "diaspora-reader-"));
  try {
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Creates a topic, lets producers push, and compares the readers; returns the number of events. */
async function store(
  options: JsonObject,
  push: (producers: Producer[]) => void | Promise<void>,
  serializer = "default",
): Promise<number> {
  let events = 0;
  await withFolder(async (root_path) => {
    await using driver = await Driver.open("files", { root_path });
    await driver.createTopic("t", options, { serializer: { type: serializer } });
    await using topic = await driver.openTopic("t");
    const producers = ["a", "b", "c"].map((name) => topic.producer(name));
    await push(producers);
    for (const producer of producers) await producer.close();
    for (const { partition_id } of topic.partitions) {
      events += assertReadersAgree(join(root_path, "t"), partition_id);
    }
  });
  return events;
}

test("both readers agree on text with and without non-ASCII characters and data", async () => {
  const events = await store({ num_partitions: 2 }, ([producer]) => {
    for (let index = 0; index < 300; index++) {
      producer.push(
        { index, text: ["plain", "é", "☃", "𝄞", '"\\'][index % 5] },
        randomBytes(index % 7 * 50, index),
      );
      producer.push("null");
    }
  });
  assertEquals(events, 600);
});

test("both readers agree on metadata of another serializer", async () => {
  const events = await store({}, ([producer]) => {
    for (let index = 0; index < 100; index++) {
      producer.push({ index, é: [1.5, null, "☃"] }, randomBytes(index, index));
    }
  }, "cbor");
  assertEquals(events, 100);
});

test("both readers agree on data parts of many blocks, in frames and in chunks", async () => {
  const sizes = [65_535, 65_536, 65_537, 200_000, 1_048_576, 1_114_112, 1_114_113, 3_000_001];
  const events = await store({ segment_bytes: 2_000_000 }, async ([producer]) => {
    for (const size of sizes) await producer.push({ size }, randomBytes(size, size)).wait(-1);
    for (const size of sizes.slice(0, 4)) {
      producer.push({ size }, [randomBytes(size, 1), new Uint8Array(0), randomBytes(9, 2)]);
    }
  });
  assertEquals(events, 12);
});

test("both readers agree on many small segments of several writers", async () => {
  const events = await store({ segment_bytes: 4096 }, async (producers) => {
    for (let round = 0; round < 60; round++) {
      for (const [index, producer] of producers.entries()) {
        producer.push({ round, index }, randomBytes(round * 5, round));
        if ((round + index) % 3 === 0) await producer.flush();
      }
    }
  });
  assertEquals(events, 180);
});

test("both readers agree on an empty topic, and on one that was trimmed", async () => {
  assertEquals(await store({}, () => {}), 0);
  await withFolder(async (root_path) => {
    await using driver = await Driver.open("files", { root_path });
    await driver.createTopic("t", { segment_bytes: 4096 });
    await using topic = await driver.openTopic("t");
    await using producer = topic.producer("a");
    for (let index = 0; index < 200; index++) {
      await producer.push({ index }, randomBytes(100, index)).wait(-1);
    }
    const [{ firstId }] = await topic.trim({ beforeId: 120 });
    assertGreater(firstId, 0);
    assertEquals(assertReadersAgree(join(root_path, "t"), 0), 200 - firstId);
  });
});

/** The folder of a topic with one partition that uses every feature of the format. */
async function sample(folder: string): Promise<{ partition: string; logs: string[] }> {
  const partition = join(folder, "partitions", "00000000");
  mkdirSync(partition, { recursive: true });
  await makeSample(
    nodeStorage,
    { rounds: 24, segmentBytesMax: 9000, chunkBytes: 1500, dataBytesMax: 5000 },
    { directory: partition, position: join(folder, "00000000.pos") },
  );
  return { partition, logs: readdirSync(partition).filter((name) => name.endsWith(".log")).sort() };
}

test("both readers agree on writes truncated anywhere", async () => {
  await withFolder(async (folder) => {
    const { partition, logs } = await sample(folder);
    const whole = assertReadersAgree(folder, 0);
    const last = join(partition, logs[logs.length - 1]);
    const { length } = readFileSync(last);
    for (let bytes = length - 1; bytes > length - casesOf(700); bytes -= 7) {
      truncateSync(last, bytes);
      assertGreater(whole + 1, assertReadersAgree(folder, 0));
    }
    appendFileSync(last, new Uint8Array(500));
    assertReadersAgree(folder, 0);
  });
});

test("both readers agree on damage, on the ids after it, and on its repair", async () => {
  await withFolder(async (folder) => {
    const { partition, logs } = await sample(folder);
    const contents = new Map(logs.map((name) => [name, readFileSync(join(partition, name))]));
    for (let seed = 0; seed < casesOf(150); seed++) {
      const random = randomNumbers(seed);
      const damaged = new Map([...contents].map(([name, bytes]) => [name, new Uint8Array(bytes)]));
      for (let count = 1 + random(3); count > 0; count--) damageAtRandom(damaged, logs, random);
      for (const name of logs) {
        const bytes = damaged.get(name);
        if (bytes === undefined) rmSync(join(partition, name), { force: true });
        else writeFileSync(join(partition, name), bytes);
      }
      try {
        assertReadersAgree(folder, 0);
        if (seed % 3 !== 0) continue;
        await repair(partition);
        assertReadersAgree(folder, 0);
        for (const name of readdirSync(partition)) {
          if (!contents.has(name) && name.endsWith(".log")) rmSync(join(partition, name));
        }
      } catch (error) {
        throw new Error(`Seed ${seed}: ${(error as Error).message}`, { cause: error });
      }
    }
  });
});

async function repair(directory: string): Promise<void> {
  const partition = new Partition({ storage: nodeStorage, directory, topic: "topic", partition: 0 });
  const findings = [];
  for await (const finding of verifyPartition(partition)) findings.push(finding);
  const { steps } = planRepair(findings);
  await repairPartition(partition, steps, (file) => `${file}.kept`);
  partition.close();
}
