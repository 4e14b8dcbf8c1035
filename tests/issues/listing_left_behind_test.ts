// A process had listed a partition's folder when there was one segment. Much later, while it listed the folder again, the
// segments that were made since were removed, and another one was made: such a listing may have the first segment alone,
// as the one long ago had, and was believed, since two in a row agreed. To a description, the events in the other
// segments did not exist. The simulation found it, seed 900365.
import { assertEquals } from "@std/assert";
import { removeBefore } from "../../src/log/segment/removal.ts";
import { PartitionWriter } from "../../src/log/write/writer.ts";
import { emptyDisk } from "../damage/copies.ts";
import { openSample } from "../damage/sample_partition.ts";
import { test } from "../harness.ts";

test("a listing that agrees with an old one is repeated if its last segment was removed meanwhile", () => {
  const { storage } = emptyDisk(["/p"]);
  const writer = new PartitionWriter(openSample(storage, "/p"), {
    flushBehavior: "buffered",
    // Each event gets a segment of its own.
    segmentBytesMax: 1,
  });
  const push = () => writer.append({ count: 1, metadata: ["{}"], dataBytes: 0 });
  push();
  const partition = openSample(storage, "/p");
  assertEquals(partition.end()?.id, 1);
  push();
  const { list } = storage;
  storage.list = (path) => {
    storage.list = list;
    const [first] = partition.names().filter((name) => name.endsWith(".log")).sort();
    push();
    removeBefore(openSample(storage, "/p"), 2, 0);
    return [first!, ...list.call(storage, path).filter((name) => !name.startsWith("00000000000000000002"))];
  };
  assertEquals(partition.end()?.id, 3);
});
