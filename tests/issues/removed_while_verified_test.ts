// `verify` beside retention: it had come to a segment that it had seen in an earlier listing, and looked for the one
// after it in a new listing, where the first ones were removed, so that what it found was the first that stays. The
// files of removed segments are there a little longer, until they are deleted: it read that of its segment, whose end
// named one in between, and called that missing, or the events up to the one that stays. (A storm of writers, readers,
// trims and `verify` on three runtimes: 1 of 9 calls said "1 damaged".)
import { assertEquals, assertGreater } from "@std/assert";
import type { Finding } from "../../src/log/check/finding.ts";
import { verifyPartition } from "../../src/log/check/verify.ts";
import { firstName } from "../../src/log/segment/listing.ts";
import { segmentName } from "../../src/log/segment/segment_file.ts";
import { nodeStorage } from "../../src/storage/node.ts";
import { test } from "../harness.ts";
import { PartitionFolder, single } from "../log/partition_folder.ts";

test("segments that are removed while verify reads are no damage, before their files are deleted and after", async () => {
  for (const deleted of [0, 1, 2, 3]) {
    using folder = new PartitionFolder();
    const writer = folder.writer({ segmentBytesMax: 1024 });
    const append = (count: number) => {
      for (let event = 0; event < count; event++) writer.append(single('"event"', 700));
    };
    append(6);
    const before = folder.open().segmentIds();
    assertGreater(before.length, 2);
    let isRemoved = false;
    const progress = () => {
      if (isRemoved) return;
      isRemoved = true;
      append(6);
      const last = folder.open().segmentIds().at(-1)!;
      nodeStorage.publish(`${folder.directory}/${firstName(last, 0)}`, new Uint8Array(0));
      for (const id of before.slice(0, deleted)) nodeStorage.remove(`${folder.directory}/${segmentName(id)}`);
    };
    const findings: Finding[] = [];
    for await (const finding of verifyPartition(folder.open(), { progress })) findings.push(finding);
    assertEquals(findings, [], `${deleted} deleted`);
    await writer.close();
  }
});
