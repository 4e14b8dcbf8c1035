// What is done to each byte, counted: times on a busy machine do not show a checksum that is computed twice, a copy
// too many, a second read or a sync for each push. The counts are multiples of the events' bytes, or of their number.
import { assertEquals } from "@std/assert";
import * as fs from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { Driver, FullDataSelector, reusingAllocator, type Topic } from "../../mod.ts";
import { FilesDriver } from "../../src/drivers/files/driver.ts";
import { blockChecksum, type ChecksumSource } from "../../src/log/format/core/block_checksum.ts";
import { storageOn } from "../../src/storage/node.ts";
import { test } from "../harness.ts";
import { eachChecksumSource } from "../log/format/checksum_sources.ts";
import { memoryFolder } from "../memory_folder.ts";

interface Work {
  written: number;
  read: number;
  syncs: number;
  /** Of data; those of metadata are computed by the core, unseen. */
  checked: number;
  /** From array to array, and by `slice`. */
  copied: number;
  stringified: number;
  parsed: number;
}

const none = (): Work => ({
  written: 0,
  read: 0,
  syncs: 0,
  checked: 0,
  copied: 0,
  stringified: 0,
  parsed: 0,
});
let work = none();

const countingFs: typeof fs = {
  ...fs,
  writeSync: ((...call: Parameters<typeof fs.writeSync>) => {
    const written = fs.writeSync(...call);
    work.written += written;
    return written;
  }) as typeof fs.writeSync,
  readSync: ((...call: Parameters<typeof fs.readSync>) => {
    const read = fs.readSync(...call);
    work.read += read;
    return read;
  }) as typeof fs.readSync,
  fdatasync: ((...call: Parameters<typeof fs.fdatasync>) => {
    work.syncs++;
    fs.fdatasync(...call);
  }) as typeof fs.fdatasync,
  fdatasyncSync: (file) => {
    work.syncs++;
    fs.fdatasyncSync(file);
  },
};

/** Replaces a method by one that counts, too; returns what puts it back. */
function counted<K extends string>(
  owner: { [name in K]: (...call: never[]) => unknown },
  name: K,
  count: (call: unknown[], result: unknown) => void,
): () => void {
  const method = owner[name];
  const isOwn = Object.hasOwn(owner, name);
  const counting = function (this: unknown, ...call: never[]) {
    const result = method.apply(this, call);
    count(call, result);
    return result;
  };
  Object.defineProperty(owner, name, { value: counting, configurable: true, writable: true });
  return () => {
    if (isOwn) Object.defineProperty(owner, name, { value: method, configurable: true, writable: true });
    else delete (owner as Partial<typeof owner>)[name];
  };
}

/** In the metadata of each event. */
const TEXT = "x".repeat(80);

/** The runtime, too, makes and reads JSON, while it loads other tests. */
function isOurs(json: unknown): boolean {
  return String(json).includes(TEXT);
}

/** What is done meanwhile. */
async function workOf(body: () => Promise<void>): Promise<Work> {
  const typedArray = Object.getPrototypeOf(Uint8Array.prototype);
  const restore = [
    counted(blockChecksum, "at", ([, bytes]) => work.checked += bytes as number),
    counted(blockChecksum, "of", ([block]) => work.checked += (block as Uint8Array).byteLength),
    counted(typedArray, "set", ([from]) => work.copied += (from as Uint8Array).length),
    counted(typedArray, "slice", (_, copy) => work.copied += (copy as Uint8Array).byteLength),
    counted(JSON, "stringify", (_, text) => isOurs(text) && work.stringified++),
    counted(JSON, "parse", ([text]) => isOurs(text) && work.parsed++),
  ];
  work = none();
  try {
    await body();
  } finally {
    for (const each of restore) each();
  }
  return work;
}

/** Events that are pushed, and read again. */
interface Shape {
  events: number;
  dataBytes: number;
  flush: "buffered" | "on_flush";
}

/** Calls back with a topic, and checks what pushing into it takes and what reading from it takes. */
async function checkWork(
  { events, dataBytes, flush }: Shape,
  expected: { push: Partial<Work>; read: Partial<Work> },
): Promise<void> {
  const root = fs.mkdtempSync(join(memoryFolder, "diaspora-work-"));
  const data = new Uint8Array(dataBytes).fill(7);
  const documents = Array.from({ length: events }, (_, id) => ({ id, text: TEXT }));
  const textBytes = documents.reduce((sum, each) => sum + JSON.stringify(each).length, 0);
  const bytes = events * dataBytes + textBytes;
  const storage = storageOn({ fs: countingFs, windows: process.platform === "win32" });
  try {
    await using driver = Driver.from(new FilesDriver({ root_path: root }, storage));
    await driver.createTopic("topic", { num_partitions: 1, flush_behavior: flush });
    await using topic = await driver.openTopic("topic");
    const push = await workOf(() => pushAll(topic, documents, data));
    const read = await workOf(() => readAll(topic, events, dataBytes > 0));
    const stored = push.written;
    // An eighth is what headers, tables, indexes, reading ahead and the look at what was written may take.
    const shares = ({ written, read, syncs, checked, copied, stringified, parsed }: Work): Work => ({
      written: quarters(written / bytes),
      read: quarters(read / stored),
      syncs,
      checked: dataBytes === 0 ? checked : quarters(checked / (events * dataBytes)),
      copied: quarters(copied / bytes),
      stringified: quarters(stringified / events),
      parsed: quarters(parsed / events),
    });
    assertEquals({ push: shares(push), read: shares(read) }, {
      push: { ...none(), written: 1, checked: dataBytes === 0 ? 0 : 1, stringified: 1, ...expected.push },
      read: { ...none(), read: 1, checked: dataBytes === 0 ? 0 : 1, ...expected.read },
    });
  } finally {
    fs.rmSync(root, { recursive: true });
  }
}

/** Calls back with data that the core checks, and again with data that the runtime checks if it can. */
async function withEachSource(body: (source: ChecksumSource) => Promise<void>): Promise<void> {
  const sources: ChecksumSource[] = [];
  eachChecksumSource((source) => sources.push(source));
  const before = blockChecksum.source;
  try {
    for (const source of sources) {
      blockChecksum.source = source;
      await body(source);
    }
  } finally {
    blockChecksum.source = before;
  }
}

async function pushAll(topic: Topic, documents: { id: number; text: string }[], data: Uint8Array) {
  await using producer = topic.producer("producer");
  for (const document of documents) producer.push(document, data.byteLength > 0 ? data : undefined);
  await producer.flush();
}

/** Reads all, with the data into one buffer. */
async function readAll(topic: Topic, events: number, withData: boolean): Promise<void> {
  await using consumer = topic.consumer(
    "consumer",
    withData ? { dataSelector: FullDataSelector, dataAllocator: reusingAllocator() } : {},
  );
  let seen = 0;
  for await (const event of consumer.events({ until: "end" })) {
    void event.metadata;
    seen++;
  }
  assertEquals(seen, events);
}

function quarters(ratio: number): number {
  return Math.round(ratio * 4) / 4;
}

for (const flush of ["buffered", "on_flush"] as const) {
  // One of the new segment, and one for the flush.
  const push = { syncs: flush === "on_flush" ? 2 : 1 };

  test(`small events are turned into text once, written once and read once (${flush})`, async () => {
    await checkWork({ events: 20_000, dataBytes: 0, flush }, { push, read: {} });
  });

  test(`parts of 64 KiB are copied, checked and written once, read, checked and copied once (${flush})`, async () => {
    await withEachSource(async () => {
      const shape: Shape = { events: 100, dataBytes: 65_536, flush };
      await checkWork(shape, { push: { ...push, copied: 1 }, read: { copied: 1 } });
    });
  });

  test(`parts of 1 MiB are read to where they are wanted and checked there, if that can be (${flush})`, async () => {
    await withEachSource(async (source) => {
      const shape: Shape = { events: 12, dataBytes: 1 << 20, flush };
      // The metadata of a frame is parsed at once, and four parts of this size share one.
      const read = { copied: source === "core" ? 1 : 0, parsed: 0.25 };
      await checkWork(shape, { push: { ...push, copied: 1 }, read });
    });
  });
}
