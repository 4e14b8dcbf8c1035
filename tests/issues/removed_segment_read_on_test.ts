// Retention removes a segment while others have it open. A file without a name has no size in the storage port;
// the scanner mistook that for an empty file, found no frame after a torn one, and either trusted the torn one
// (so every later id was wrong) or reported everything after it as damaged. And if a writer sealed a segment
// that another process removed at once, it got the error that its file had been removed, and its pushes were
// refused.
import { assertEquals } from "@std/assert";
import { Appender } from "../../src/log/write/appender.ts";
import { Partition } from "../../src/log/partition.ts";
import { PartitionReader } from "../../src/log/read/reader.ts";
import { segmentName } from "../../src/log/segment/segment_file.ts";
import { PartitionWriter } from "../../src/log/write/writer.ts";
import { removeBefore } from "../../src/log/mod.ts";
import { test } from "../harness.ts";
import { SimulatedDisk } from "../simulation/disk/disk.ts";
import { SimulatedProcess } from "../simulation/disk/process.ts";

const DIRECTORY = "/log";

function open(disk: SimulatedDisk): Partition {
  return new Partition({
    storage: new SimulatedProcess(disk),
    directory: DIRECTORY,
    topic: "topic",
    partition: 0,
  });
}

function push(writer: PartitionWriter, text: string): number {
  return writer.append({ count: 1, metadata: [`"${text}"`], dataBytes: 0 }) as number;
}

function makeDisk(): SimulatedDisk {
  const disk = new SimulatedDisk(1);
  new SimulatedProcess(disk).makeDirectory(DIRECTORY);
  return disk;
}

for (const missingBytes of [1, 13, 64, 100]) {
  test(`a reader continues correctly in a removed segment, after a frame that lacks its last ${missingBytes} bytes`, async () => {
    const disk = makeDisk();
    const partition = open(disk);
    const writer = new PartitionWriter(partition, { flushBehavior: "buffered", segmentBytesMax: 1 << 20 });
    push(writer, "first");
    const reader = new PartitionReader(open(disk), { dataWanted: false, onCorruption: "throw" });
    reader.seek("earliest");
    assertEquals(reader.read(1)!.baseId, 0);

    // A writer that was killed in the middle of an append.
    const file = disk.names.file(`${DIRECTORY}/${segmentName(0)}`);
    const before = file.size;
    const other = new PartitionWriter(open(disk), { flushBehavior: "buffered", segmentBytesMax: 1 << 20 });
    push(other, "torn");
    const torn = file.read(before, file.size - before - missingBytes);
    file.truncate(before);
    file.append(torn);

    assertEquals(
      push(
        new PartitionWriter(open(disk), {
          flushBehavior: "buffered",
          segmentBytesMax: 1 << 20,
        }),
        "second",
      ),
      1,
    );
    new Appender(open(disk), 1 << 20).seal();
    removeBefore(open(disk), 1, 0);
    const batch = reader.read(1)!;
    assertEquals([batch.baseId, batch.metadataText!(0)], [1, '"second"']);
    await writer.close();
  });
}

test("a segment may be removed by another process as soon as its seal is written", () => {
  const disk = makeDisk();
  const writer = new PartitionWriter(open(disk), { flushBehavior: "buffered", segmentBytesMax: 1 << 20 });
  assertEquals(push(writer, "first"), 0);
  const { size } = disk.names.file(`${DIRECTORY}/${segmentName(0)}`);
  const appender = new Appender(open(disk), 1 << 20);
  // Before the one that sealed it checks whether the seal was appended.
  disk.faults = { preempt: 1 };
  disk.others = () => {
    if (disk.names.file(`${DIRECTORY}/${segmentName(0)}`).size === size) return;
    disk.faults = {};
    const partition = open(disk);
    const other = new PartitionWriter(partition, { flushBehavior: "buffered", segmentBytesMax: 1 << 20 });
    assertEquals(push(other, "second"), 1);
    removeBefore(partition, 1, 0);
  };
  appender.seal();
  assertEquals(open(disk).segmentIds(), [1]);
  assertEquals(push(writer, "third"), 2);
});
