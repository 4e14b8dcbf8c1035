// While a process listed a partition's folder, the last segment was sealed, the next one was made, and retention removed the
// one before: such a listing may have neither of the two. To a process that had not listed the folder before, or had when it
// was empty, the partition had no events: descriptions said so, and a consumer went back to its beginning. The simulation
// found it, seed 135.
import { assertEquals } from "@std/assert";
import { PartitionWriter } from "../../src/log/write/writer.ts";
import { emptyDisk } from "../damage/copies.ts";
import { openSample } from "../damage/sample_partition.ts";
import { test } from "../harness.ts";

test("a listing without any segment is repeated, whether or not the folder was empty before", () => {
  for (const wasEmpty of [false, true]) {
    const { storage } = emptyDisk(["/p"]);
    const partition = openSample(storage, "/p");
    if (wasEmpty) assertEquals(partition.segmentIds(), []);
    const writer = new PartitionWriter(openSample(storage, "/p"), {
      flushBehavior: "buffered",
      segmentBytesMax: 1 << 20,
    });
    assertEquals([1, 2, 3].map((n) => writer.append({ count: 1, metadata: [String(n)], dataBytes: 0 })), [
      0,
      1,
      2,
    ]);
    const { list } = storage;
    storage.list = () => {
      storage.list = list;
      return [];
    };
    assertEquals(partition.end()?.id, 3, `${wasEmpty}`);
  }
});
