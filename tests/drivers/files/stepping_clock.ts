import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Driver, type Topic } from "../../../mod.ts";
import { FilesDriver } from "../../../src/drivers/files/driver.ts";
import { Partition } from "../../../src/log/partition.ts";
import { nodeStorage } from "../../../src/storage/node.ts";
import type { Storage } from "../../../src/storage/port.ts";

/** Noon, when every test begins. */
export const NOON: number = Date.UTC(2026, 4, 1, 12);
export const SECOND = 1000;
export const MINUTE = 60_000;
export const HOUR = 3_600_000;

/** A store with files and a clock that the test sets. */
export interface ClockStore {
  storage: Storage;
  topic: Topic;
  /** The folder of partition 0. */
  folder: string;
  /** Sets the clock, in milliseconds after noon. */
  setClock(afterNoon: number): void;
  /** Reopens the topic, as another process sees it. */
  reopen(): Promise<Topic>;
  /** Partition 0, opened directly. */
  partition(): Partition;
  /**
   * Pushes events of about a kilobyte, each in a separate frame; the second event of each producer fills a
   * segment.
   */
  push(topic: Topic, count: number): Promise<void>;
}

/** Runs a test with a store with a clock; segments hold about four events of {@linkcode ClockStore.push}. */
export async function withClock(
  options: Record<string, number | boolean>,
  body: (store: ClockStore) => Promise<void>,
): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), "diaspora-clock-"));
  let now = NOON;
  const storage: Storage = { ...nodeStorage, now: () => now };
  const sizes = { indexIntervalBytes: 1024 };
  const drivers: Driver[] = [];
  const open = async () => {
    const driver = Driver.from(new FilesDriver({ root_path: root }, storage, sizes));
    drivers.push(driver);
    if (!await driver.topicExists("t")) await driver.createTopic("t", { segment_bytes: 4096, ...options });
    return await driver.openTopic("t");
  };
  const folder = join(root, "t/partitions/00000000");
  try {
    await body({
      storage,
      topic: await open(),
      folder,
      setClock: (afterNoon) => now = NOON + afterNoon,
      reopen: open,
      partition: () => new Partition({ storage, directory: folder, topic: "t", partition: 0, ...sizes }),
      async push(topic, count) {
        await using producer = topic.producer({ batchSize: 1 });
        for (let n = 0; n < count; n++) await producer.push({ text: "x".repeat(1000) });
      },
    });
  } finally {
    for (const driver of drivers) await driver.close();
    rmSync(root, { recursive: true });
  }
}

/** The first id that still exists. */
export async function firstIdOf(topic: Topic): Promise<number> {
  return (await topic.describe())[0].firstId;
}

/** The time of every event, by its id. */
export async function timesOf(topic: Topic): Promise<Map<number, number>> {
  await using consumer = topic.consumer("reader of times");
  const times = new Map<number, number>();
  for await (const { id, timestamp } of consumer.events({ until: "end" })) times.set(id, timestamp);
  return times;
}
