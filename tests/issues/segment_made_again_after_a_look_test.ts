// Once a topic had been described, or its lag looked at, or another consumer of a topic with many partitions closed, the
// topic remembered the segment without its file: if that was removed by hand and a writer made it again, nothing of
// the new one was ever read, without any error.
import { assertEquals } from "@std/assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Consumer, Driver, type Topic } from "../../mod.ts";
import { test } from "../harness.ts";

/** Enough that a consumer that closes leaves no files open. */
const MANY_PARTITIONS = 20;

async function openAndClose(topic: Topic): Promise<void> {
  await using consumer = topic.consumer("other");
  await consumer.pull();
}

const LOOKS: Record<string, (topic: Topic) => Promise<unknown>> = {
  describe: (topic) => topic.describe(),
  lag: (topic) => topic.lag("reader"),
  trim: (topic) => topic.trim({ acknowledged: true, dryRun: true }),
  seek: (topic) => topic.seekConsumer("other", "latest"),
  "a consumer that closes": openAndClose,
};

/** The next events of a consumer; undefined for one that it does not get. */
async function next(consumer: Consumer, count: number): Promise<unknown[]> {
  const all: unknown[] = [];
  // A reader looks for another file once a second.
  while (all.length < count) all.push((await consumer.pull().wait(3000))?.metadata);
  return all;
}

/** Pushes events to the first partition with a driver of its own, as another process would. */
async function push(folder: string, ...events: number[]): Promise<void> {
  await using driver = await Driver.open("files", { root_path: folder });
  await using topic = await driver.openTopic("t");
  await using producer = topic.producer();
  for (const event of events) await producer.push(event, undefined, { partition: 0 });
}

for (const [name, look] of Object.entries(LOOKS)) {
  for (const isRead of [false, true]) {
    test(`a segment that was removed and made again is read after ${name}${isRead ? " beside a reader" : ""}`, async () => {
      const folder = mkdtempSync(join(tmpdir(), "diaspora-again-"));
      try {
        await using driver = await Driver.open("files", { root_path: folder });
        await driver.createTopic("t", { num_partitions: MANY_PARTITIONS });
        await push(folder, 1);
        await using topic = await driver.openTopic("t");
        await topic.seekConsumer("reader", "earliest");
        const beside = isRead ? topic.consumer("reader") : undefined;
        if (beside !== undefined) assertEquals(await next(beside, 1), [1]);
        await look(topic);
        rmSync(join(folder, "t", "partitions", "00000000", "00000000000000000000.log"));
        await push(folder, 2, 3);
        const reader = beside ?? topic.consumer("reader");
        assertEquals(await next(reader, 2), [2, 3]);
        await reader.close();
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }
}
