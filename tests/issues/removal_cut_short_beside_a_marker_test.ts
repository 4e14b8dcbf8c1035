// A process that removed segments was killed after it had deleted the first of them. Meanwhile another process had made
// a dependency marker that names one of those that were still to go, so that the removal did not count any more, and the
// rest of them were listed again. An event among them, whose data was in the segment that is gone, was called damaged by
// verify, although retention had meant to remove it. (Simulation, seed 434, with fewer interruptions than usual.)
import { assertEquals, assertGreater } from "@std/assert";
import { nodeStorage } from "../../src/storage/node.ts";
import { firstName, needsName } from "../../src/log/segment/listing.ts";
import { segmentName } from "../../src/log/segment/segment_file.ts";
import { test } from "../harness.ts";
import { PartitionFolder, single } from "../log/partition_folder.ts";
import { streamOf } from "../log/stream_of.ts";

for (const isMarked of [true, false]) {
  const what = isMarked ? "is not damaged if it was to be removed, too" : "is damaged otherwise";
  test(`an event whose data is in a segment that was removed ${what}`, async () => {
    using folder = new PartitionFolder();
    const writer = folder.writer({ segmentBytesMax: 4096, chunkBytes: 3000 });
    writer.append(single('"small"'));
    await writer.append({ ...single('"large"'), stream: streamOf(new Uint8Array(9000)) });
    for (let count = 0; count < 3; count++) writer.append(single('"next"', 2900));
    await writer.close();
    const ids = folder.open().segmentIds();
    const { firstId: second, lastId: last } = { firstId: ids[1]!, lastId: ids.at(-1)! };
    assertGreater(last, second);
    if (isMarked) {
      for (const name of [firstName(last, 0), needsName(last, second)]) {
        nodeStorage.publish(`${folder.directory}/${name}`, new Uint8Array(0));
      }
    }
    nodeStorage.remove(`${folder.directory}/${segmentName(0)}`);
    assertEquals(folder.open().firstId(), second);
    const damage = (await folder.damage()).map((text) => text.replace(/ at \d+$/, ""));
    assertEquals(damage, isMarked ? [] : ["segment 0, which holds its data, is missing"]);
  });
}
