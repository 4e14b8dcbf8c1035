/**
 * A partition with every feature of the format, small enough to damage each of its bytes in turn: several
 * segments with seals, texts and bytes as metadata, data in frames and in chunks, several writers, a
 * discarded frame, interrupted writes, an index, a stored position.
 */
import { CorruptedLogError, type Damage } from "../../src/errors.ts";
import { CursorFile } from "../../src/log/positions/cursor.ts";
import { encodeEvents } from "../../src/log/write/encoder.ts";
import { RECORD_BYTES, SEGMENT_HEADER_BYTES } from "../../src/log/format/bytes.ts";
import { Partition } from "../../src/log/partition.ts";
import { PartitionReader } from "../../src/log/read/reader.ts";
import { SegmentIndex } from "../../src/log/segment/index.ts";
import type { Storage } from "../../src/storage/port.ts";
import { entryAt, positionAfter } from "../../src/log/segment/entries.ts";
import { PartitionWriter } from "../../src/log/write/writer.ts";
import { streamOf } from "../log/stream_of.ts";
import { randomBytes } from "../wasm/reference.ts";
import type { LogPosition } from "../../src/log/segment/segment_file.ts";

/** An event as it was stored. */
export interface StoredEvent {
  id: number;
  metadata: string;
  data: Uint8Array;
}

/** Where the sample's partition and its consumer's position are. */
export const DIRECTORY = "/sample/partitions/00000000";
export const POSITION = "/sample/00000000.pos";

/** The size of the sample. */
export interface SampleSize {
  /** Batches of each writer. */
  rounds: number;
  segmentBytesMax: number;
  chunkBytes: number;
  /** Largest data part. */
  dataBytesMax: number;
}

/** Opens the sample. */
export function openSample(storage: Storage, directory: string = DIRECTORY): Partition {
  return new Partition({ storage, directory, topic: "sample", partition: 0 });
}

/** Creates the sample in an empty folder; returns its events by id. */
export async function makeSample(
  storage: Storage,
  size: SampleSize,
  places = { directory: DIRECTORY, position: POSITION },
): Promise<Map<number, StoredEvent>> {
  const partition = openSample(storage, places.directory);
  const { segmentBytesMax, chunkBytes, dataBytesMax } = size;
  const writers = [0, 1].map(() =>
    new PartitionWriter(partition, { flushBehavior: "buffered", segmentBytesMax, chunkBytes })
  );
  const stored = new Map<number, StoredEvent>();
  const append = async (writer: number, metadata: string[], data: Uint8Array[], asBytes: boolean) => {
    const baseId = await writers[writer].append({
      count: metadata.length,
      metadata: asBytes ? metadata.map((text) => new TextEncoder().encode(text)) : metadata,
      data,
      dataBytes: data.reduce((sum, { byteLength }) => sum + byteLength, 0),
    });
    metadata.forEach((text, index) =>
      stored.set(baseId + index, { id: baseId + index, metadata: text, data: data[index] })
    );
  };
  /** A writer that does not know its size may begin it in one segment and end it in the next one. */
  const appendStream = async (metadata: string, data: Uint8Array) => {
    const writer = new PartitionWriter(partition, { flushBehavior: "buffered", segmentBytesMax, chunkBytes });
    const event = { count: 1, metadata: [metadata], dataBytes: 0 };
    const id = await writer.append({ ...event, stream: streamOf(data) });
    stored.set(id, { id, metadata, data });
    await writer.close();
  };
  for (let round = 0; round < size.rounds; round++) {
    const texts = [`{"round":${round}}`, `"é☃ ${"x".repeat(round * 7 % 60)}"`, "null"];
    const parts = texts.map((_, index) =>
      randomBytes((round + index) % 3 === 0 ? 0 : 1 + (round * 97) % 400, round)
    );
    await append(round % 2, texts, parts, round % 5 === 4);
    if (round % 4 === 1) {
      const data = randomBytes(dataBytesMax - round, round);
      if (round !== 5) await appendStream("[1,2]", data);
      else await append(1 - round % 2, ["[1,2]"], [data], false);
    }
    if (round % 4 === 2) await append(round % 2, ['"no data"'], [new Uint8Array(0)], false);
    if (round % 3 === 2) cutShort(partition, round);
  }
  addIndex(partition);
  const cursor = new CursorFile(storage, places.position);
  for (let id = 1; id <= 3; id++) cursor.acknowledge({ nextId: id, time: 0 });
  cursor.close();
  for (const writer of writers) await writer.close();
  partition.close();
  return stored;
}

/** Leaves in the last segment what a killed writer would: the first bytes of a frame. */
function cutShort(partition: Partition, round: number): void {
  const { segment, id, offset } = partition.end()!;
  const metadata = ['"never stored"', '"nor this one"'];
  const frame = encodeEvents({ count: 2, metadata, dataBytes: 0 }, {
    salt: segment.salt,
    sequence: 1,
    nonceLow: round,
    nonceHigh: 0xdead,
    time: partition.storage.now(),
    anchorId: id,
    anchorOffset: offset,
  });
  const cuts = [40, RECORD_BYTES + 20, frame.byteLength - 10];
  const file = partition.storage.open(segment.path, "append");
  file.append(frame.slice(0, cuts[Math.floor(round / 3) % cuts.length]));
  file.close();
}

/** An entry for every third frame, as if there were much between them. */
function addIndex(partition: Partition): void {
  const ids = partition.segmentIds();
  ids.forEach((baseId, index) => {
    const segment = partition.segment(baseId, ids[index + 1]);
    let position: LogPosition = { segment, offset: SEGMENT_HEADER_BYTES, id: baseId };
    for (let count = 0;; count++) {
      const entry = entryAt(position, 4096);
      if (entry.kind === "tail" || entry.kind === "end") break;
      if (entry.kind === "frame" && count % 3 === 2) {
        new SegmentIndex(segment).add({ ...entry, ...position }, entry.frame.time);
      }
      position = positionAfter(entry);
    }
  });
}

const decoder = new TextDecoder();

/** What a consumer that skips damage gets, and what was reported lost. */
export function readSample(
  partition: Partition,
  dataWanted: boolean,
): { events: Map<number, StoredEvent>; damage: Damage[]; nextId: number } {
  const events = new Map<number, StoredEvent>();
  const damage: Damage[] = [];
  const reader = new PartitionReader(partition, {
    dataWanted,
    onCorruption: "skip",
    onDamage: (error) => damage.push(error.damage),
  });
  reader.seek("earliest");
  for (;;) {
    const batch = reader.read(100);
    if (batch === undefined) break;
    for (let index = 0; index < batch.count; index++) {
      const id = batch.baseId + index;
      const metadata = decoder.decode(batch.metadataBytes(index));
      let data = new Uint8Array(0);
      try {
        if (dataWanted) data = batch.viewData(index, { offset: 0, size: batch.dataSize(index) }).slice();
      } catch (error) {
        if (!(error instanceof CorruptedLogError)) throw error;
        damage.push(error.damage);
        continue;
      }
      if (events.has(id)) throw new Error(`Event ${id} was given twice`);
      events.set(id, { id, metadata, data });
    }
  }
  return { events, damage, nextId: reader.position };
}
