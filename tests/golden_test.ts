// Stores of every earlier format version are read exactly, and can still be written to.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CorruptedLogError, Driver, UnsupportedFormatError } from "../mod.ts";
import { FilesDriver } from "../src/drivers/files/driver.ts";
import type { ConsumerInterface, IncomingBatch, TopicInterface } from "../src/contract.ts";
import { Partition } from "../src/log/partition.ts";
import { verifyPartition, verifyPosition } from "../src/log/check/verify.ts";
import { nodeStorage } from "../src/storage/node.ts";
import { test } from "./harness.ts";
import { assertReadersAgree } from "./reader/agreement.ts";
import { crc32 } from "./reader/segment_file.ts";

const GOLDEN = fileURLToPath(new URL("golden", import.meta.url));
const SEGMENT = "00000000000000000000.log";

/** A line of the expected content: an event, a consumer's position, or the first id of a trimmed topic. */
interface Line {
  topic: string;
  partition: number;
  id?: number;
  text?: string;
  bytes?: string;
  /** Size and CRC; null where the data part was lost. */
  data?: string | null;
  consumer?: string;
  next_id?: number;
  first_id?: number;
}

const lines: Line[] = readFileSync(join(GOLDEN, "v1.jsonl"), "utf8").trimEnd().split("\n").map((line) =>
  JSON.parse(line)
);
const topics = [...new Set(lines.map(({ topic }) => topic))];

/** A copy, because the stored original must not change. */
async function withCopy(use: (root: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "diaspora-golden-"));
  try {
    const root = join(folder, "v1");
    cpSync(join(GOLDEN, "v1"), root, { recursive: true });
    await use(root);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function withTopics(root: string, use: (topic: TopicInterface) => Promise<void>): Promise<void> {
  const driver = new FilesDriver({ root_path: root });
  for (const name of topics) {
    const topic = await driver.openTopic(name);
    await use(topic);
    await topic.close();
  }
}

/** Everything a consumer gets from a topic, with errors for damage. */
async function read(topic: TopicInterface): Promise<Line[]> {
  const consumer = topic.consumer("golden", { from: "earliest", onCorruption: "throw", dataWanted: false });
  await consumer.open();
  const read: Line[] = [];
  for (const partition of consumer.assigned) {
    for (;;) {
      const batch = await consumer.read(partition, 7);
      if (batch === undefined) break;
      for (let index = 0; index < batch.count; index++) read.push(lineOf(topic.name, batch, index));
    }
  }
  await consumer.close();
  return read;
}

function lineOf(topic: string, batch: IncomingBatch, index: number): Line {
  const { partition, baseId } = batch;
  const metadata = batch.metadataText !== undefined
    ? { text: batch.metadataText(index) }
    : { bytes: btoa(String.fromCharCode(...batch.metadataBytes(index))) };
  return { topic, partition, id: baseId + index, ...metadata, data: dataFacts(batch, index) };
}

function dataFacts(batch: IncomingBatch, index: number): string | null {
  const size = batch.dataSize(index);
  const data = new Uint8Array(size);
  try {
    if (size > 0) batch.readData(index, [{ offset: 0, size }], [data]);
  } catch (error) {
    if (!(error instanceof CorruptedLogError)) throw error;
    return null;
  }
  return `${size} bytes, CRC ${crc32(data).toString(16).padStart(8, "0")}`;
}

function byPlace(a: Line, b: Line): number {
  return a.partition - b.partition || a.id! - b.id!;
}

test("the store of format 1 is read exactly, by two readers", async () => {
  await withCopy(async (root) => {
    await withTopics(root, async (topic) => {
      const expected = lines.filter((line) => line.topic === topic.name && line.id !== undefined).sort(
        byPlace,
      );
      assertEquals(await read(topic), expected);
      for (const { partition_id } of topic.partitions) {
        const events = assertReadersAgree(join(root, topic.name), partition_id);
        assertEquals(events, expected.filter(({ partition }) => partition === partition_id).length);
      }
    });
  });
});

test("the store of format 1 has its positions, its first ids and its components", async () => {
  await withCopy(async (root) => {
    await using driver = await Driver.open("files", { root_path: root });
    const infos = await driver.listTopics();
    assertEquals([...infos.keys()], [...topics].sort());
    assertEquals(infos.get("readings")!.validator.type, "schema");
    assertEquals(infos.get("readings")!.partitionSelector, { type: "key", pointer: "/n" });
    await withTopics(root, async (topic) => {
      for (
        const { partition, consumer, next_id, first_id } of lines.filter((line) => line.topic === topic.name)
      ) {
        if (consumer !== undefined) assertEquals((await topic.lag(consumer))[partition].position, next_id);
        if (first_id !== undefined) assertEquals((await topic.describe())[partition].firstId, first_id);
      }
    });
    await using counts = await driver.openTopic("counts");
    await using consumer = counts.consumer("anyone");
    assertEquals((await consumer.pull()).metadata, { n: 0, é: [1.5, null, "☃", -0] });
  });
});

test("verify finds nothing wrong in the store of format 1", async () => {
  await withCopy(async (root) => {
    await withTopics(root, async (topic) => {
      for (const { partition_id } of topic.partitions) {
        const name = String(partition_id).padStart(8, "0");
        const directory = join(root, topic.name, "partitions", name);
        const partition = new Partition({
          storage: nodeStorage,
          directory,
          topic: topic.name,
          partition: partition_id,
        });
        for await (const { severity, reason } of verifyPartition(partition)) {
          assertEquals(severity, "torn", reason);
        }
        partition.close();
        assertEquals(
          verifyPosition(nodeStorage, join(root, topic.name, "consumers/app", `${name}.pos`), partition_id),
          [],
        );
      }
    });
  });
});

test("new events can be appended to the store of format 1", async () => {
  await withCopy(async (root) => {
    await using driver = await Driver.open("files", { root_path: root });
    for (const name of topics) {
      await using topic = await driver.openTopic(name);
      const before = await topic.describe();
      await using producer = topic.producer("later");
      const id = await producer.push({ n: "new" }, new Uint8Array(5000), { partition: 0 }).wait(-1);
      assert(before.some(({ nextId }) => nextId === id), `event ${id} of topic "${name}"`);
    }
    await withTopics(root, async (topic) => {
      const expected = lines.filter((line) => line.topic === topic.name && line.id !== undefined).sort(
        byPlace,
      );
      const all = await read(topic);
      const added = all.filter(({ data }) => data?.startsWith("5000 bytes"));
      assertEquals([added.length, all.filter((line) => !added.includes(line))], [1, expected]);
    });
  });
});

/** Writes a version into a record of 64 bytes whose last four are its CRC. */
function setVersion(path: string, at: number, version: number): void {
  const bytes = new Uint8Array(readFileSync(path));
  bytes[at] = version;
  const record = bytes.subarray(at & ~63, (at & ~63) + 64);
  new DataView(record.buffer, record.byteOffset).setUint32(60, crc32(record.subarray(0, 60)), true);
  writeFileSync(path, bytes);
}

async function open(topic: TopicInterface, name: string): Promise<ConsumerInterface> {
  const consumer = topic.consumer(name, { from: "earliest", onCorruption: "skip", dataWanted: false });
  await consumer.open();
  return consumer;
}

test("a store of a newer version is refused, and not called damaged", async () => {
  await withCopy(async (root) => {
    const driver = new FilesDriver({ root_path: root });
    setVersion(join(root, "maps/partitions/00000000", SEGMENT), 8, 2);
    const maps = await driver.openTopic("maps");
    await assertRejects(() => open(maps, "reader"), UnsupportedFormatError, "format version 2");
    const producer = maps.producer("writer");
    const append = async () => void await producer.append(0, { count: 1, metadata: ["1"], dataBytes: 0 });
    await assertRejects(append, UnsupportedFormatError, "format version 2");
    await producer.close();
    await maps.close();

    const position = join(root, "readings/consumers/app/00000000.pos");
    setVersion(position, readFileSync(position).indexOf("DSCU") + 4, 2);
    const readings = await driver.openTopic("readings");
    await assertRejects(() => open(readings, "app"), UnsupportedFormatError, "format version 2");
    await readings.close();

    const document = join(root, "counts/topic.json");
    writeFileSync(
      document,
      readFileSync(document, "utf8").replace('"format_version": 1', '"format_version": 2'),
    );
    await assertRejects(() => driver.openTopic("counts"), UnsupportedFormatError, "format version 2");
    await driver.close();
  });
});
