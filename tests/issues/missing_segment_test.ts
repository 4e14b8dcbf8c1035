// If the next segment was missing although later ones existed, a reader at the end of a segment waited for it
// for ever, without an error.
import { assertEquals, assertThrows } from "@std/assert";
import { CorruptedLogError } from "../../src/errors.ts";
import { PartitionReader } from "../../src/log/read/reader.ts";
import { sealLast } from "../../src/log/mod.ts";
import { PartitionWriter } from "../../src/log/write/writer.ts";
import { emptyDisk } from "../damage/copies.ts";
import { openSample, readSample } from "../damage/sample_partition.ts";
import { test } from "../harness.ts";

test("a segment missing between others is damage, reported with its ids", async () => {
  const { storage } = emptyDisk(["/p"]);
  const writer = new PartitionWriter(openSample(storage, "/p"), {
    flushBehavior: "buffered",
    segmentBytesMax: 1 << 20,
  });
  for (let segment = 0; segment < 3; segment++) {
    for (let n = 0; n < 2; n++) writer.append({ count: 1, metadata: [`${segment}${n}`], dataBytes: 0 });
    sealLast(openSample(storage, "/p"));
  }
  await writer.close();
  storage.remove("/p/00000000000000000002.log");
  const reader = new PartitionReader(openSample(storage, "/p"), { dataWanted: false, onCorruption: "throw" });
  reader.seek("earliest");
  assertEquals([reader.read(9)?.baseId, reader.read(9)?.baseId], [0, 1]);
  const { damage } = assertThrows(() => reader.read(9), CorruptedLogError, "the segment is missing");
  assertEquals([damage.firstId, damage.endId, damage.file], [2, 4, "/p/00000000000000000002.log"]);
  assertEquals([...readSample(openSample(storage, "/p"), false).events.keys()], [0, 1, 4, 5]);
});
