// A writer was killed in the middle of a frame, another one's frame followed, and later a disk destroyed both records of
// that one. To a reader the two were one torn write, which holds no events: all later events came under ids that were too
// low, and the lost ones were not reported. Anchors of later frames know better. The simulation found it.
import { assertEquals } from "@std/assert";
import { encodeEvents } from "../../src/log/write/encoder.ts";
import { sealLast } from "../../src/log/mod.ts";
import { PartitionWriter } from "../../src/log/write/writer.ts";
import { RECORD_BYTES } from "../../src/log/format/bytes.ts";
import { emptyDisk } from "../damage/copies.ts";
import { CraftedSegment } from "../log/segment/crafted_segment.ts";
import { openSample, readSample } from "../damage/sample_partition.ts";
import { test } from "../harness.ts";

for (const isSealed of [false, true]) {
  const end = isSealed ? "before a seal" : "at the end of the log";
  test(`a frame that was destroyed after a torn one keeps its ids, ${end}`, async () => {
    const { disk, storage } = emptyDisk(["/p"]);
    const partition = openSample(storage, "/p");
    const writer = new PartitionWriter(partition, { flushBehavior: "buffered", segmentBytesMax: 1 << 20 });
    const push = (...metadata: string[]) => writer.append({ count: metadata.length, metadata, dataBytes: 0 });
    push('"first"');
    const { segment, id, offset } = partition.end()!;
    const torn = encodeEvents({ count: 1, metadata: [`"${"x".repeat(9000)}"`], dataBytes: 0 }, {
      ...{ salt: segment.salt, sequence: 1, nonceLow: 1, nonceHigh: 1, time: 1 },
      ...{ anchorId: id, anchorOffset: offset },
    });
    const file = storage.open(segment.path, "append");
    file.append(torn.slice(0, 100));
    file.close();
    assertEquals(push('"destroyed"', '"too"'), 1);
    const { offset: after } = partition.end()!;
    assertEquals([push('"second"'), push('"third"')], [3, 4]);
    if (isSealed) sealLast(partition);
    const inode = disk.names.file(segment.path);
    for (const record of [offset + 100, after - RECORD_BYTES]) inode.flip(record + 20, 3);

    const { events, damage } = readSample(openSample(storage, "/p"), false);
    assertEquals([...events.values()].map(({ id, metadata }) => [id, metadata]), [
      [0, '"first"'],
      [3, '"second"'],
      [4, '"third"'],
    ]);
    assertEquals(damage.map(({ firstId, endId }) => [firstId, endId]), [[1, 3]]);
    await writer.close();
  });
}

// A frame of another writer filled the size that the torn one claimed to the byte. A power cut took its header, its
// trailer stayed: the torn frame looked whole but for its trailer, and its events, which no one had stored, shifted the
// ids of all that came after. The simulation found it, seed 620.
test("a frame that was destroyed, and filled a torn one to the byte, keeps its ids", () => {
  const entries = (idAfter: number, later: number) =>
    new CraftedSegment([
      { count: 4, damaged: ["trailer"] },
      { count: 1 },
      { count: 1, anchor: [1 + later, idAfter + later] },
    ]).entries();
  for (const later of [0, 1]) {
    assertEquals(entries(0, later), ["0: torn, 0, up to 1", "1: id 0", "2: id 1", "3: tail 2"]);
    assertEquals(entries(2, later), ["0: lost 0 to 2, up to 1", "1: id 2", "2: id 3", "3: tail 4"]);
    // It was whole: only its trailer was destroyed.
    assertEquals(entries(4, later), ["0: trailer damaged, id 0", "1: id 4", "2: id 5", "3: tail 6"]);
  }
});
