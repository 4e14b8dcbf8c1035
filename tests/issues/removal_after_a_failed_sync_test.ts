// A process had published the name that says which segments are removed. Another process's sync of the folder failed just
// then: the system dropped that name, and reported it to that process alone. A third one went on with the removal: its sync of
// the folder succeeded, and it deleted the files. After a power cut the name was gone, and those of the deleted files that were
// back began a log with a segment missing in it, which was reported as damage. The simulation found it.
import { assertEquals } from "@std/assert";
import { firstName } from "../../src/log/segment/listing.ts";
import { removeLeftovers } from "../../src/log/mod.ts";
import { PartitionWriter } from "../../src/log/write/writer.ts";
import { emptyDisk } from "../damage/copies.ts";
import { openSample } from "../damage/sample_partition.ts";
import { test } from "../harness.ts";
import { SimulatedProcess } from "../simulation/disk/process.ts";

test("the name that declares segments removed is on the disk before they are deleted, whose sync ever failed before", () => {
  const { disk, storage } = emptyDisk(["/p"]);
  disk.names.journal = "none";
  const writer = new PartitionWriter(openSample(storage, "/p"), {
    flushBehavior: "buffered",
    segmentBytesMax: 100,
  });
  for (let n = 0; n < 4; n++) writer.append({ count: 1, metadata: [String(n)], dataBytes: 0 });
  storage.syncDirectory("/p");
  const ids = openSample(storage, "/p").segmentIds();
  const name = firstName(ids.at(-1)!, 1);
  storage.publish(`/p/${name}`, new Uint8Array(0));
  disk.names.failSync(disk.names.directory("/p"));
  removeLeftovers(openSample(new SimulatedProcess(disk), "/p"));
  // Of what was not dropped, everything is on the disk.
  disk.random.chance = () => false;
  disk.powerCut();
  assertEquals([ids.length > 2, storage.list("/p").includes(name)], [true, true]);
});
