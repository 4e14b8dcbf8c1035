// One writer sealed the segment; another's frame was appended after the seal, discarded, and written again in
// the next segment. When the bytes of the seal were destroyed, the discarded frame counted: its event was read
// twice, the first time under the id of a lost one. Now each segment says where the seal of the previous one
// is.
import { assertEquals } from "@std/assert";
import { sealLast } from "../../src/log/mod.ts";
import { PartitionWriter } from "../../src/log/write/writer.ts";
import { emptyDisk } from "../damage/copies.ts";
import { openSample, readSample } from "../damage/sample_partition.ts";
import { test } from "../harness.ts";

test("a discarded frame stays discarded when the seal before it and the events before that are destroyed", async () => {
  const { disk, storage } = emptyDisk(["/p"]);
  const partition = openSample(storage, "/p");
  const options = { flushBehavior: "buffered", segmentBytesMax: 1 << 20 } as const;
  const [one, other] = [new PartitionWriter(partition, options), new PartitionWriter(partition, options)];
  const push = (writer: PartitionWriter, text: string) =>
    writer.append({ count: 1, metadata: [text], dataBytes: 0 });
  push(other, '"a"');
  push(one, '"b"');
  const { segment, offset: lastFrame } = partition.end()!;
  push(one, '"c"');
  const { offset: seal } = partition.end()!;
  sealLast(partition);
  assertEquals(push(other, '"d"'), 3);
  disk.names.file(segment.path).write(lastFrame, new Uint8Array(seal + 128 - lastFrame));
  const { events, damage } = readSample(openSample(storage, "/p"), false);
  assertEquals([...events.values()].map(({ id, metadata }) => [id, metadata]), [[0, '"a"'], [1, '"b"'], [
    3,
    '"d"',
  ]]);
  assertEquals(damage.map(({ firstId, endId }) => [firstId, endId]), [[2, 3]]);
  await one.close();
  await other.close();
});
