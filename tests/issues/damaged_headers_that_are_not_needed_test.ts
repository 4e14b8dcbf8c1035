// Two headers can be lost without harm, but were not: damage to a data chunk's header, which its trailer
// repeats, made the event unreadable; and damage to a segment's header left its creation time at zero, which
// made seeks by time go too far.
import { assertEquals } from "@std/assert";
import { sealLast } from "../../src/log/mod.ts";
import { PartitionWriter } from "../../src/log/write/writer.ts";
import { findFrame } from "../damage/checks.ts";
import { emptyDisk } from "../damage/copies.ts";
import { DIRECTORY, openSample, readSample } from "../damage/sample_partition.ts";
import { KIND } from "../../src/log/format/bytes.ts";
import { test } from "../harness.ts";
import { randomBytes } from "../wasm/reference.ts";

test("data in a chunk is read despite the chunk's damaged header", async () => {
  const { disk, storage } = emptyDisk(["/sample", "/sample/partitions", DIRECTORY]);
  const options = { flushBehavior: "buffered", segmentBytesMax: 1 << 20, chunkBytes: 500 } as const;
  const writer = new PartitionWriter(openSample(storage), options);
  const data = randomBytes(1700, 1);
  writer.append({ count: 1, metadata: ["1"], data: [data], dataBytes: data.length });
  await writer.close();
  const chunk = findFrame(storage, ({ kind, offset }) => kind === KIND.chunk && offset > 64);
  disk.names.file(chunk.path).flip(chunk.offset + 30, 2);
  const { events, damage } = readSample(openSample(storage), true);
  assertEquals([damage, events.get(0)?.data], [[], data]);
});

test("a seek by time finds the right segment despite a later damaged header", async () => {
  const { disk, storage } = emptyDisk(["/p"]);
  const partition = openSample(storage, "/p");
  const writer = new PartitionWriter(partition, { flushBehavior: "buffered", segmentBytesMax: 1 << 20 });
  const times: number[] = [];
  for (let segment = 0; segment < 3; segment++) {
    for (let n = 0; n < 2; n++) {
      disk.clock.pass(1000);
      times.push(disk.clock.now);
      writer.append({ count: 1, metadata: ["1"], dataBytes: 0 });
    }
    sealLast(partition);
  }
  await writer.close();
  disk.names.file("/p/00000000000000000002.log").flip(33, 1);
  times.forEach((time, id) => assertEquals(openSample(storage, "/p").positionOfTime(time)?.id, id));
});
