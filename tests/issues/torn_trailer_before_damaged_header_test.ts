// A writer was killed while writing the trailer of its frame, and another one wrote after it. When a bit of the
// second frame's header flipped, its trailer was beyond where readers searched for proof that the first one was
// interrupted: they mistook the first one for a frame with a damaged trailer, returned events that were never
// stored, and shifted the ids of all later ones.
import { assert, assertEquals } from "@std/assert";
import { encodeEvents } from "../../src/log/write/encoder.ts";
import { PartitionWriter } from "../../src/log/write/writer.ts";
import { emptyDisk } from "../damage/copies.ts";
import { openSample, readSample } from "../damage/sample_partition.ts";
import { test } from "../harness.ts";

test("a frame truncated in its trailer is never accepted, even if the next header is damaged", async () => {
  const { disk, storage } = emptyDisk(["/p"]);
  const partition = openSample(storage, "/p");
  const writer = new PartitionWriter(partition, { flushBehavior: "buffered", segmentBytesMax: 1 << 20 });
  const push = (text: string) => writer.append({ count: 1, metadata: [text], dataBytes: 0 });
  push('"first"');
  const { segment, id, offset } = partition.end()!;
  const signature = { salt: segment.salt, sequence: 1, nonceLow: 1, nonceHigh: 1, time: 1 };
  const torn = encodeEvents({ count: 2, metadata: ["1", "2"], dataBytes: 0 }, {
    ...signature,
    anchorId: id,
    anchorOffset: offset,
  });
  const file = storage.open(segment.path, "append");
  file.append(torn.slice(0, -10));
  file.close();
  assertEquals([push('"second"'), push('"third"')], [1, 2]);
  const inode = disk.names.file(segment.path);
  const second = offset + torn.byteLength - 10;
  for (const at of [0, 20, 63]) {
    inode.flip(second + at, 3);
    const { events, damage } = readSample(openSample(storage, "/p"), false);
    assertEquals([...events.values()].map(({ metadata }) => metadata), ['"first"', '"second"', '"third"']);
    assert(damage.length === 0);
    inode.flip(second + at, 3);
  }
  await writer.close();
});
