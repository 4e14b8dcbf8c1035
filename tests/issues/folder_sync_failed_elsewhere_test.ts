// A process starts a segment, and the sync of its folder fails: the system drops the folder's change, reports
// that to this process only, and forgets it. Another process appends to the segment, its own sync of the folder
// succeeds, and its event is confirmed; after a power cut the segment's name was gone, and the event with it. A
// writer now makes a small change in the folder before it relies on a sync of it, so that the folder is written
// again.
import { assertEquals, assertRejects } from "@std/assert";
import { StorageError } from "../../src/errors.ts";
import { Partition } from "../../src/log/partition.ts";
import { PartitionReader } from "../../src/log/read/reader.ts";
import { PartitionWriter } from "../../src/log/write/writer.ts";
import { test } from "../harness.ts";
import { SimulatedDisk } from "../simulation/disk/disk.ts";
import { SimulatedProcess } from "../simulation/disk/process.ts";

const DIRECTORY = "/log";

test("an event confirmed by another process is on the disk although its folder's sync had failed", async () => {
  const disk = new SimulatedDisk(1);
  const process = new SimulatedProcess(disk);
  process.makeDirectory(DIRECTORY);
  process.syncDirectory("/");
  const open = (storage: SimulatedProcess) =>
    new Partition({ storage, directory: DIRECTORY, topic: "topic", partition: 0 });
  const push = async (storage: SimulatedProcess, text: string) => {
    const writer = new PartitionWriter(open(storage), {
      flushBehavior: "immediate",
      segmentBytesMax: 1 << 20,
    });
    return await writer.append({ count: 1, metadata: [`"${text}"`], dataBytes: 0 });
  };

  disk.faults = { failedDirectorySync: 1 };
  await assertRejects(() => push(process, "not confirmed"), StorageError, "EIO");
  disk.faults = {};
  const id = await push(new SimulatedProcess(disk), "confirmed");
  disk.powerCut();

  const reader = new PartitionReader(open(new SimulatedProcess(disk)), {
    dataWanted: false,
    onCorruption: "skip",
  });
  reader.seek({ id });
  const batch = reader.read(1)!;
  assertEquals([batch.baseId, batch.metadataText!(0)], [id, '"confirmed"']);
});
