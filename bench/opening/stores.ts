import { readdirSync, rmSync } from "node:fs";
import type { Driver } from "../../mod.ts";
import { counted } from "../../src/text/counted.ts";

/** A topic to open and look into. */
export interface Store {
  /** The topic's name. */
  name: string;
  /** Its contents, for the table. */
  what: string;
  events: number;
  segmentBytes: number;
  /** How many segments there must be, if that matters. */
  segments?: number;
  /** Events per batch; undefined to leave it to the producer. */
  batchSize?: number;
  /** Whether its index files are removed after it is written. */
  withoutIndex?: boolean;
}

const MIB = 1 << 20;

/** The stores: a small one first, with which the others are compared. */
export function stores(events: number, segments: number): Store[] {
  const segmentBytes = 128 * MIB;
  const many = { events, segmentBytes };
  const singly = { events: Math.round(events / 20), segmentBytes, batchSize: 1 };
  const count = (value: number): string => value.toLocaleString("en");
  return [
    { name: "small", what: "10,000 events", events: 10_000, segmentBytes },
    { name: "many", what: `${count(events)} events`, ...many },
    { name: "many-bare", what: `${count(events)} events, no index`, ...many, withoutIndex: true },
    {
      name: "segments",
      what: `${count(segments)} segments`,
      segments,
      // One batch fills a segment.
      events: segments * 48,
      segmentBytes: 4096,
      batchSize: 48,
    },
    { name: "singly", what: `${count(singly.events)} batches of one`, ...singly },
    {
      name: "singly-bare",
      what: `${count(singly.events)} batches of one, no index`,
      ...singly,
      withoutIndex: true,
    },
  ];
}

/** Metadata of about 100 bytes. */
export function metadataOf(id: number): string {
  const energy = (id * 7919 % 1000) / 10;
  return `{"id":${id},"detector":"d${id % 16}","energy":${energy},"ts":${1.7e12 + id},"tag":"${
    "x".repeat(24)
  }"}`;
}

/** Creates and fills a topic. */
export async function makeStore(driver: Driver, rootPath: string, store: Store): Promise<void> {
  const { name, events, segmentBytes, batchSize } = store;
  await driver.createTopic(name, { num_partitions: 1, segment_bytes: segmentBytes });
  await using topic = await driver.openTopic(name);
  await using producer = topic.producer("bench", batchSize === undefined ? {} : { batchSize });
  for (let id = 0; id < events; id++) {
    producer.push(metadataOf(id));
    if (id % 65536 === 65535) await producer.flush();
  }
  await producer.flush();
  const [{ nextId, segments }] = await topic.describe();
  if (nextId !== events || (store.segments ?? segments) !== segments) {
    throw new Error(`Topic "${name}" has ${counted(nextId, "event")} in ${counted(segments, "segment")}`);
  }
  const folder = `${rootPath}/${name}/partitions/00000000`;
  if (store.withoutIndex) removeIndex(folder);
}

/** Removes the index files of a partition. */
export function removeIndex(folder: string): void {
  for (const file of readdirSync(folder)) if (file.endsWith(".idx")) rmSync(`${folder}/${file}`);
}
