/**
 * Made the store in `v1/`, of format version 1, and `v1.jsonl`, which says what must be read from it. Run again, it
 * makes the same bytes as long as the engine writes as it did:
 *
 *     deno run -A -c deno.npm-only.json tests/golden/make_v1.ts /tmp/v1
 *
 * The store is kept and never made anew: it stands for those that users have.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import process from "node:process";
import { makeSerializer } from "../../src/components/mod.ts";
import { FilesDriver } from "../../src/drivers/files/driver.ts";
import type { TopicDefinition } from "../../src/contract.ts";
import type { JsonObject } from "../../src/json.ts";
import { encodeEvents } from "../../src/log/write/encoder.ts";
import { KIND, RECORD_BYTES, SEGMENT_HEADER_BYTES } from "../../src/log/format/bytes.ts";
import { Partition } from "../../src/log/partition.ts";
import { planRepair } from "../../src/log/check/plan.ts";
import { repairPartition } from "../../src/log/check/repair.ts";
import { step } from "../../src/log/segment/frame_scanner.ts";
import { verifyPartition } from "../../src/log/check/verify.ts";
import { PartitionWriter } from "../../src/log/write/writer.ts";
import { nodeStorage } from "../../src/storage/node.ts";
import type { Storage } from "../../src/storage/port.ts";
import { crc32 } from "../reader/segment_file.ts";

const root = process.argv[2];
if (root === undefined) throw new Error("Say which folder to make the store in");

let time = Date.UTC(2026, 10, 24, 12);
let random = 1;

/** The real disk, with a clock and random numbers that are the same each time. */
const storage: Storage = {
  ...nodeStorage,
  now: () => time += 7,
  random32: () => random = (Math.imul(random, 1664525) + 1013904223) >>> 0,
};

const lines: JsonObject[] = [];
const driver = new FilesDriver({ root_path: root }, storage);

interface TopicFacts {
  options: JsonObject;
  components?: Partial<TopicDefinition>;
  chunkBytes?: number;
}

/** A topic whose partitions are written directly, so that batches are what they are. */
class GoldenTopic {
  readonly partitions: Partition[];
  readonly #writers: PartitionWriter[][];

  constructor(readonly name: string, { options, chunkBytes }: TopicFacts) {
    const count = options.num_partitions as number ?? 1;
    this.partitions = Array.from({ length: count }, (_, partition) => {
      const directory = `${root}/${name}/partitions/${String(partition).padStart(8, "0")}`;
      return new Partition({ storage, directory, topic: name, partition, indexIntervalBytes: 2500 });
    });
    const segmentBytesMax = options.segment_bytes as number;
    this.#writers = this.partitions.map((partition) =>
      [0, 1].map(() =>
        new PartitionWriter(partition, { flushBehavior: "buffered", segmentBytesMax, chunkBytes })
      )
    );
  }

  async push(
    partition: number,
    writer: number,
    events: [metadata: string | Uint8Array, data?: Uint8Array][],
  ): Promise<void> {
    const parts = events.map(([, data]) => data);
    const baseId = await this.#writers[partition][writer].append({
      count: events.length,
      metadata: events.map(([metadata]) => metadata) as string[] | Uint8Array[],
      data: parts.some((part) => part !== undefined) ? parts : undefined,
      dataBytes: parts.reduce((sum, part) => sum + (part?.byteLength ?? 0), 0),
    });
    for (const [index, [metadata, data]] of events.entries()) {
      const id = baseId + index;
      const text = typeof metadata === "string" ? { text: metadata } : { bytes: base64(metadata) };
      lines.push({ topic: this.name, partition, id, ...text, data: dataFacts(data ?? new Uint8Array(0)) });
    }
  }

  /** What a killed writer leaves: the first bytes of a frame. */
  cutShort(partition: number, bytes: number): void {
    const { segment, id, offset } = this.partitions[partition].end()!;
    const signature = {
      sequence: 1,
      nonceLow: bytes,
      nonceHigh: 7,
      time: storage.now(),
      anchorId: id,
      anchorOffset: offset,
    };
    const frame = encodeEvents({ count: 1, metadata: ['"never stored"'], dataBytes: 0 }, {
      ...signature,
      salt: segment.salt,
    });
    const file = storage.open(segment.path, "append");
    file.append(frame.slice(0, bytes));
    file.close();
  }

  async close(): Promise<void> {
    for (const writer of this.#writers.flat()) await writer.close();
    for (const partition of this.partitions) partition.close();
  }
}

async function makeTopic(name: string, facts: TopicFacts): Promise<GoldenTopic> {
  const component = { type: "default" };
  const definition = {
    options: facts.options,
    validator: component,
    partitionSelector: component,
    serializer: component,
  };
  await driver.createTopic(name, { ...definition, ...facts.components });
  return new GoldenTopic(name, facts);
}

function bytesOf(size: number, seed: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, index) => (index * 31 + seed * 17 + (index >> 8)) & 255);
}

/** Size and CRC stand for the bytes. */
function dataFacts(data: Uint8Array): string {
  return `${data.length} bytes, CRC ${crc32(data).toString(16).padStart(8, "0")}`;
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

mkdirSync(root, { recursive: true });

// Text of every kind, in two partitions of several small segments, by two writers; components with documents.
const readings = await makeTopic("readings", {
  options: { num_partitions: 2, segment_bytes: 4096 },
  components: {
    validator: { type: "schema", schema: { type: "object", required: ["n"] } },
    partitionSelector: { type: "key", pointer: "/n" },
  },
});
for (let n = 0; n < 60; n++) {
  const texts = ['"plain"', '"é"', '"☃ 𝄞"', '"\\u0000\\n\\""', "[1e400, 12345678901234567890]"];
  const events = Array.from({ length: 1 + n % 4 }, (_, index): [string, Uint8Array | undefined] => [
    `{"n": ${n}, "value": ${texts[(n + index) % texts.length]}}`,
    (n + index) % 3 === 0 ? undefined : bytesOf((n * 13 + index) % 150, n),
  ]);
  await readings.push(n % 2, n % 3 === 0 ? 1 : 0, events);
}
const opened = await driver.openTopic("readings");
const positions: [consumer: string, partition: number, nextId: number][] = [["app", 0, 20], ["app", 1, 33], [
  "a/b ☃",
  0,
  5,
]];
for (const [consumer, partition, nextId] of positions) {
  const reading = opened.consumer(consumer, { from: "earliest", onCorruption: "throw", dataWanted: false });
  await reading.open();
  while (reading.position(partition) < nextId) {
    await reading.read(partition, nextId - reading.position(partition));
  }
  for (const id of [1, nextId]) await reading.acknowledge(partition, id);
  await reading.close();
  lines.push({ topic: "readings", partition, consumer, next_id: nextId });
}
await opened.close();
await readings.close();

// Another serializer.
const counts = await makeTopic("counts", {
  options: { segment_bytes: 1 << 20 },
  components: { serializer: { type: "cbor" } },
});
const cbor = await makeSerializer({ type: "cbor" });
for (let n = 0; n < 12; n++) {
  const values = [{ n, é: [1.5, null, "☃", -n] }, n, `text ${n}`];
  const serialized = await Promise.all(values.map((value) => cbor.serialize(value)));
  await counts.push(
    0,
    0,
    serialized.map((bytes, index) => [bytes, index === 1 ? bytesOf(n * 20, n) : undefined]),
  );
}
await counts.close();

// Data in chunks, also of an event in the next segment; frames cut short; a frame behind a seal; an index.
const pictures = await makeTopic("pictures", { options: { segment_bytes: 9000 }, chunkBytes: 2000 });
for (let n = 0; n < 14; n++) {
  await pictures.push(0, n % 2, [[`{"picture":${n}}`, bytesOf(n % 3 === 2 ? 5500 : 300 + n, n)]]);
  if (n % 4 === 1) pictures.cutShort(0, [40, RECORD_BYTES + 10, 2 * RECORD_BYTES + 15][(n >> 2) % 3]);
}
await pictures.close();

// Two blocks of data in one frame, and an event that has a part of each.
const maps = await makeTopic("maps", { options: { segment_bytes: 1 << 20 } });
await maps.push(0, 0, [['{"map":1}', bytesOf(40_000, 1)], ['{"map":2}', bytesOf(26_000, 2)], ['{"map":3}']]);
await maps.close();

// Damage that was repaired: events that were lost, and one that lost its data.
const repaired = await makeTopic("repaired", { options: { segment_bytes: 1 << 20 } });
for (let n = 0; n < 6; n++) await repaired.push(0, 0, [[`{"n":${n}}`, bytesOf(50, n)], [`{"n":${n}.5}`]]);
await repaired.close();
const [partition] = repaired.partitions;
const { path } = partition.segment(0);
const frames = framesOf(partition);
overwrite(path, frames[1].offset, frames[2].endOffset - frames[1].offset);
overwrite(path, frames[4].dataAt, 10);
partition.close();
const findings = [];
for await (const finding of verifyPartition(partition)) findings.push(finding);
await repairPartition(partition, planRepair(findings).steps, () => `${root}/before.log`);
partition.close();
storage.remove(`${root}/before.log`);
for (const line of lines.filter(({ topic }) => topic === "repaired")) {
  const id = line.id as number;
  if (id >= 2 && id < 6) lines.splice(lines.indexOf(line), 1);
  if (id === 8) line.data = null;
}

// The front was removed.
const trimmed = await makeTopic("trimmed", { options: { segment_bytes: 4096 } });
for (let n = 0; n < 40; n++) await trimmed.push(0, 0, [[`{"n":${n}}`, bytesOf(200, n)]]);
await trimmed.close();
const handle = await driver.openTopic("trimmed");
const [{ firstId }] = await handle.trim({ beforeId: 25 });
await handle.close();
for (const line of lines.filter(({ topic, id }) => topic === "trimmed" && (id as number) < firstId)) {
  lines.splice(lines.indexOf(line), 1);
}
lines.push({ topic: "trimmed", partition: 0, first_id: firstId });

writeFileSync(`${root}.jsonl`, lines.map((line) => JSON.stringify(line) + "\n").join(""));

function framesOf(partition: Partition): { offset: number; endOffset: number; dataAt: number }[] {
  const segment = partition.segment(0);
  const found = [];
  for (let offset = SEGMENT_HEADER_BYTES;;) {
    const next = step(segment, offset, RECORD_BYTES);
    if (next.kind !== "frame") return found;
    if (next.frame.kind === KIND.events) {
      found.push({ offset, endOffset: next.endOffset, dataAt: offset + next.frame.layout.data });
    }
    offset = next.endOffset;
  }
}

function overwrite(path: string, offset: number, bytes: number): void {
  const file = storage.open(path, "update");
  file.writeAt(new Uint8Array(bytes).fill(0x55), offset);
  file.close();
}
