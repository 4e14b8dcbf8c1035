// A stream without bytes as data destroyed the metadata of its event: the frame had no room for the list of
// chunks, of which there were none, so eight bytes of metadata became NUL. The checksum was correct, so
// `verify` reported no damage.
import { assertEquals, assertThrows } from "@std/assert";
import { CorruptedLogError } from "../../src/errors.ts";
import { core } from "../../src/log/format/core/core.ts";
import { encodeEvents } from "../../src/log/write/encoder.ts";
import { FLAG, KIND, layoutOf, RECORD_BYTES, SEGMENT_HEADER_BYTES } from "../../src/log/format/bytes.ts";
import type { Partition } from "../../src/log/partition.ts";
import { PartitionReader } from "../../src/log/read/reader.ts";
import { verifyPartition } from "../../src/log/check/verify.ts";
import { PartitionWriter } from "../../src/log/write/writer.ts";
import { emptyDisk } from "../damage/copies.ts";
import { openSample, readSample } from "../damage/sample_partition.ts";
import { test } from "../harness.ts";
import { sumBlocks } from "../wasm/sample_frame.ts";

const OPTIONS = { flushBehavior: "buffered", segmentBytesMax: 1 << 20 } as const;

async function* stream(...sizes: number[]): AsyncGenerator<Uint8Array> {
  for (const size of sizes) yield new Uint8Array(size).fill(size);
}

test("an empty stream, or one of empty chunks, keeps the metadata intact, alone and between others", async () => {
  const { storage } = emptyDisk(["/p"]);
  const writer = new PartitionWriter(openSample(storage, "/p"), OPTIONS);
  const streams = [stream(), stream(3), stream(0, 0), undefined, stream(), stream(0, 70_000, 0)];
  const ids = streams.map((data, n) =>
    writer.append({ count: 1, metadata: [`{"a":${n}}`], dataBytes: 0, stream: data })
  );
  assertEquals(await Promise.all(ids), [0, 1, 2, 3, 4, 5]);
  await writer.close();
  const { events } = readSample(openSample(storage, "/p"), true);
  assertEquals(
    [...events.values()].map(({ metadata, data }) => [metadata, data.byteLength]),
    [0, 3, 0, 0, 0, 70_000].map((size, n) => [`{"a":${n}}`, size]),
  );
  assertEquals(await reasonsIn(openSample(storage, "/p")), []);
});

async function reasonsIn(partition: Partition): Promise<string[]> {
  const reasons: string[] = [];
  for await (const { reason } of verifyPartition(partition)) reasons.push(reason);
  return reasons;
}

/** A partition with one event, which another program then overwrites with correct checksums. */
function overwritten(
  metadata: string[],
  change: (frame: Uint8Array, at: ReturnType<typeof layoutOf>) => void,
  data?: Uint8Array[],
): () => Partition {
  const { disk, storage } = emptyDisk(["/p"]);
  const writer = new PartitionWriter(openSample(storage, "/p"), OPTIONS);
  const dataBytes = (data ?? []).reduce((sum, { byteLength }) => sum + byteLength, 0);
  writer.append({ count: metadata.length, metadata, data, dataBytes });
  const { segment } = openSample(storage, "/p").end()!;
  const signature = {
    salt: segment.salt,
    sequence: 1,
    nonceLow: 1,
    nonceHigh: 1,
    time: storage.now(),
    anchorId: 0,
    anchorOffset: SEGMENT_HEADER_BYTES,
  };
  const frame = encodeEvents({ count: metadata.length, metadata, data, dataBytes }, signature);
  const sizes = {
    flags: FLAG.jsonText | FLAG.ascii | (dataBytes > 0 ? FLAG.hasData : 0),
    count: metadata.length,
    extentCount: 0,
    metadataBytes: metadata.join(",").length,
    dataBytes,
  };
  change(frame, layoutOf(sizes));
  sumBlocks(core.ensureEncodeArea(0), sizes);
  core.encodeFrame(core.ensureEncodeArea(0), KIND.events, sizes, signature);
  disk.names.file(segment.path).write(SEGMENT_HEADER_BYTES, frame.slice());
  return () => openSample(storage, "/p");
}

test("verify reports a frame whose metadata is not text although its checksum is right", async () => {
  const open = overwritten(['{"a":1234567}'], (frame, { metadata }) => frame.fill(0, metadata, metadata + 8));
  assertEquals(await reasonsIn(open()), ["its metadata is not JSON text, though its checksum is right"]);
});

test("verify reports a frame whose texts do not end where its table says", async () => {
  const open = overwritten(["1111", "2222"], (frame) => {
    const view = new DataView(frame.buffer, frame.byteOffset);
    view.setUint32(RECORD_BYTES, 3, true);
    view.setUint32(RECORD_BYTES + 4, 5, true);
  });
  assertEquals(await reasonsIn(open()), ["its metadata is not JSON text, though its checksum is right"]);
});

test("verify and readers report a frame whose sizes contradict its records", async () => {
  for (const [at, size] of [[RECORD_BYTES, 3], [RECORD_BYTES + 4, 9], [RECORD_BYTES + 12, 2 ** 31 - 1]]) {
    const open = overwritten(["1111", "2222"], (frame) => {
      new DataView(frame.buffer, frame.byteOffset).setUint32(at, size, true);
    }, [new Uint8Array(10), new Uint8Array(20)]);
    assertEquals(await reasonsIn(open()), ["the sizes in its table do not add up"]);
    const reader = new PartitionReader(open(), { dataWanted: false, onCorruption: "throw" });
    reader.seek("earliest");
    const { damage } = assertThrows(() => reader.read(9), CorruptedLogError, "do not add up");
    assertEquals([damage.firstId, damage.endId], [0, 2]);
  }
});
