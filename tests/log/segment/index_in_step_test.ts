import { assertEquals, assertGreater } from "@std/assert";
import { mkdtempSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Partition } from "../../../src/log/partition.ts";
import { SegmentIndex } from "../../../src/log/segment/index.ts";
import { PartitionWriter } from "../../../src/log/write/writer.ts";
import { nodeStorage } from "../../../src/storage/node.ts";
import { test } from "../../harness.ts";

const ENTRY_BYTES = 32;

test("an index entry truncated by a full disk does not misalign later ones", async () => {
  const directory = mkdtempSync(join(tmpdir(), "diaspora-index-"));
  try {
    const index = `${directory}/00000000000000000000.idx`;
    const open = () =>
      new Partition({
        storage: nodeStorage,
        directory,
        topic: "topic",
        partition: 0,
        indexIntervalBytes: 5000,
      });
    const write = async (frames: number) => {
      const partition = open();
      const writer = new PartitionWriter(partition, { flushBehavior: "buffered", segmentBytesMax: 2 ** 30 });
      const data = [new Uint8Array(4000)];
      for (let n = 0; n < frames; n++) writer.append({ count: 1, metadata: ["1"], data, dataBytes: 4000 });
      await writer.close();
      partition.close();
    };
    await write(20);
    const whole = readFileSync(index).byteLength;
    truncateSync(index, whole - 12);
    await write(40);
    assertEquals(readFileSync(index).byteLength % ENTRY_BYTES, 0);

    const partition = open();
    const { id, offset } = new SegmentIndex(partition.segmentFor(0)!).positionForId(58);
    // Without the entries after the truncated one, the nearest would be far before it.
    assertGreater(id, 50);
    assertGreater(offset, 50 * 4000);
    partition.close();
  } finally {
    rmSync(directory, { recursive: true });
  }
});
