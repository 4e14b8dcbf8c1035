// A large data part is in chunk frames, possibly in an older segment than its event. If that segment was
// removed anyway (its dependency marker was lost, or someone deleted the file), a consumer that asked for data
// got `EventGoneError … event 1 … the first event there is 1` at each pull, for ever, even with `onCorruption:
// "skip"`.
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Consumer,
  CorruptedLogError,
  Driver,
  EventGoneError,
  FullDataSelector,
  type Topic,
} from "../../mod.ts";
import { Partition } from "../../src/log/partition.ts";
import { verifyPartition } from "../../src/log/check/verify.ts";
import { RECORD_BYTES } from "../../src/log/format/bytes.ts";
import { PartitionReader } from "../../src/log/read/reader.ts";
import { readWindow } from "../../src/log/segment/window.ts";
import { nodeStorage } from "../../src/storage/node.ts";
import { test } from "../harness.ts";

const LARGE_BYTES = 1_300_000;
const LAST_ID = 4;
const FOLDER = "t/partitions/00000000";

/**
 * Five events, of which event 1 and event 3 have data in chunks in the previous segment; `remove` says which
 * segments are removed.
 */
async function withRemoved(
  remove: (segments: string[]) => string[],
  body: (topic: Topic, root: string) => Promise<void>,
): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), "diaspora-gone-"));
  try {
    await using driver = await Driver.open("files", { root_path: root });
    await driver.createTopic("t", { segment_bytes: 4096 });
    await using topic = await driver.openTopic("t");
    for (let n = 0; n <= LAST_ID; n++) {
      // A stream whose size nothing tells, or it would have a segment of its own.
      await using producer = topic.producer({ batchSize: 1 });
      const data = new Uint8Array(n % 2 === 1 ? LARGE_BYTES : 10).fill(n);
      await producer.push({ n }, n % 2 === 1 ? new Blob([data]).stream() : data);
    }
    const names = readdirSync(join(root, FOLDER));
    assert(names.some((name) => name.includes(".needs-")), "no event needs an older segment");
    for (const segment of remove(names.filter((name) => name.endsWith(".log")).sort())) {
      for (const name of names.filter((name) => name.startsWith(segment.slice(0, 20)))) {
        rmSync(join(root, FOLDER, name));
      }
    }
    await body(topic, root);
  } finally {
    rmSync(root, { recursive: true });
  }
}

function openPartition(root: string): Partition {
  return new Partition({ storage: nodeStorage, directory: join(root, FOLDER), topic: "t", partition: 0 });
}

const withFirstRemoved = (body: (topic: Topic, root: string) => Promise<void>) =>
  withRemoved((segments) => segments.slice(0, 1), body);

/** What a consumer gets, including errors, until nothing is left. */
async function outcomesOf(next: () => Promise<number | undefined>): Promise<(number | string)[]> {
  const outcomes: (number | string)[] = [];
  for (let calls = 0; calls < 20; calls++) {
    try {
      const id = await next();
      if (id === undefined) return outcomes;
      outcomes.push(id);
    } catch (error) {
      assert(error instanceof EventGoneError, String(error));
      assertEquals(error.code, "ERR_EVENT_GONE");
      outcomes.push(`${error.id} gone, ${error.firstId} next`);
    }
  }
  return outcomes;
}

async function listOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

function pulling(consumer: Consumer): () => Promise<number | undefined> {
  return async () => (await consumer.pull().wait(0))?.id;
}

const EXPECTED = ["1 gone, 2 next", 2, 3, 4];

for (const onCorruption of ["throw", "skip"] as const) {
  test(`pull() reports an event whose data was removed once and continues (on corruption: ${onCorruption})`, () =>
    withFirstRemoved(async (topic) => {
      await using consumer = topic.consumer("c", { dataSelector: FullDataSelector, onCorruption });
      assertEquals(await outcomesOf(pulling(consumer)), EXPECTED);
    }));
}

test("batches read together report an event whose data was removed once", () =>
  withFirstRemoved(async (topic) => {
    await using consumer = topic.consumer("c", { dataSelector: FullDataSelector, from: { id: 1 } });
    const ids: number[] = [];
    const errors: number[] = [];
    for (let rounds = 0; rounds < 5; rounds++) {
      try {
        for await (const batch of consumer.batches({ until: "end" })) ids.push(...batch.map(({ id }) => id));
      } catch (error) {
        assert(error instanceof EventGoneError);
        errors.push(error.id);
      }
    }
    assertEquals([ids, errors], [[2, 3, 4], [1]]);
  }));

test("an asynchronous selector and allocator report data that was removed", () =>
  withFirstRemoved(async (topic) => {
    await using consumer = topic.consumer("c", {
      dataSelector: async (_metadata, descriptor) => await Promise.resolve(descriptor),
      dataAllocator: async (_metadata, { size }) => await Promise.resolve(new Uint8Array(size)),
    });
    // Not even if the wait has timed out when it is discovered.
    assertEquals(await outcomesOf(async () => (await consumer.pull().wait(20))?.id), EXPECTED);
  }));

test("events(), process() and readable() end at an event whose data was removed, and the next call continues", () =>
  withFirstRemoved(async (topic) => {
    for (const way of ["events", "process", "readable"] as const) {
      await using consumer = topic.consumer(way, { dataSelector: FullDataSelector });
      const ids: number[] = [];
      const run = async () => {
        if (way === "process") await consumer.process(({ id }) => void ids.push(id), { until: "end" });
        else for await (const { id } of consumer[way]({ until: "end" })) ids.push(id);
      };
      const { id, firstId } = await assertRejects(run, EventGoneError);
      assertEquals([id, firstId], [1, 2]);
      await run();
      assertEquals(ids, [2, 3, 4], way);
    }
  }));

test("the metadata of an event whose data was removed can be read, and loadData() reports the missing data", () =>
  withFirstRemoved(async (topic) => {
    await using consumer = topic.consumer("c");
    const events = await listOf(consumer.events({ until: "end" }));
    assertEquals(events.map(({ id, metadata }) => [id, metadata]), [1, 2, 3, 4].map((n) => [n, { n }]));
    const { id, firstId, message } = await assertRejects(() => events[0].loadData(), EventGoneError);
    assertEquals([id, firstId], [1, 2]);
    assert(message.includes("Cannot read the data of event 1"), message);
    assertEquals((await events[2].loadData()).byteLength, LARGE_BYTES);
    await events[3].acknowledge();
    assertEquals((await topic.lag("c"))[0].events, 0);
    const [{ firstId: first, nextId }] = await topic.describe();
    assertEquals([first, nextId], [1, LAST_ID + 1]);
  }));

test("data that was damaged and then removed, with the segment after it, is gone", () =>
  withRemoved(() => [], (_topic, root) => {
    const [first, second] = readdirSync(join(root, FOLDER)).filter((name) => name.endsWith(".log")).sort();
    const paths = [first!, second!].map((name) => join(root, FOLDER, name));
    const partition = openPartition(root);
    const reader = new PartitionReader(partition, { dataWanted: false, onCorruption: "throw" });
    reader.seek("earliest");
    assertEquals(reader.read(1)?.baseId, 0);
    const batch = reader.read(1)!;
    // The end of the chunk, and the seal after it.
    const bytes = readFileSync(paths[0]!);
    writeFileSync(paths[0]!, bytes.fill(0, bytes.byteLength - 3 * RECORD_BYTES));
    for (const path of paths) rmSync(path);
    readWindow.clear();
    const error = assertThrows(() => batch.viewData(0, { offset: 0, size: 10 }), EventGoneError);
    assertEquals([batch.baseId, error.id], [1, 1]);
    partition.close();
    return Promise.resolve();
  }));

test("verify names the event whose data was removed, and nothing else", () =>
  withFirstRemoved(async (_topic, root) => {
    const partition = openPartition(root);
    const findings = await listOf(verifyPartition(partition));
    const damage = findings.filter(({ severity }) => severity === "damage");
    assertEquals(damage.map(({ firstId, endId, kind }) => [firstId, endId, kind]), [[1, 2, "data"]]);
    partition.close();
  }));

test("a missing data segment between others is damage, which can be skipped", () =>
  withRemoved((segments) => segments.slice(2, 3), async (topic) => {
    const lost: number[] = [];
    await using skipping = topic.consumer("s", {
      dataSelector: FullDataSelector,
      onCorruption: "skip",
      onDamage: ({ damage: { firstId, endId } }) => {
        for (let id = firstId; id < endId; id++) lost.push(id);
      },
    });
    assertEquals(await outcomesOf(pulling(skipping)), [0, 1, 4]);
    assertEquals(lost, [2, 3]);
    await using throwing = topic.consumer("t", { dataSelector: FullDataSelector, from: { id: 3 } });
    await assertRejects(() => throwing.pull().wait(0), CorruptedLogError);
  }));
