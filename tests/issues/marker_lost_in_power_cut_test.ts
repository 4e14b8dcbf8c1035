// Pushes wait for a slow sync of the folder while a stream is stored that begins the next segment. The next sync covers
// the name of that segment; then the stream ends, and a marker is made, which says that its event needs data in the
// segment before. Its push relied on the name of the segment, which was on the disk, and did not wait for that of the
// marker. A power cut took the marker, and retention removed data of an event that stayed.
import { assertEquals } from "@std/assert";
import { Partition } from "../../src/log/partition.ts";
import { PartitionWriter } from "../../src/log/write/writer.ts";
import { test } from "../harness.ts";
import { SimulatedDisk } from "../simulation/disk/disk.ts";
import { SimulatedProcess } from "../simulation/disk/process.ts";
import { gate } from "../waiting.ts";

const DIRECTORY = "/log";

test("a power cut does not take the marker of an event whose data is in an earlier segment", async () => {
  const disk = new SimulatedDisk(1);
  // A sync of one name covers no other one.
  disk.names.journal = "none";
  const process = new SimulatedProcess(disk);
  process.makeDirectory(DIRECTORY);
  process.syncDirectory("/");
  const firstSync = gate();
  const { syncDirectoryLater } = process;
  process.syncDirectoryLater = function (path, change) {
    this.syncDirectoryLater = syncDirectoryLater;
    const synced = syncDirectoryLater.call(this, path, change);
    return firstSync.opened.then(() => synced);
  };
  const open = (storage: SimulatedProcess) =>
    new Partition({ storage, directory: DIRECTORY, topic: "topic", partition: 0 });
  const writer = new PartitionWriter(open(process), {
    flushBehavior: "immediate",
    segmentBytesMax: 1500,
    chunkBytes: 600,
  });
  const push = (bytes: number) =>
    writer.append({ count: 1, metadata: ["{}"], data: [new Uint8Array(bytes)], dataBytes: bytes });

  const pushes = [push(600), push(600), push(100)];
  const streamEnd = gate();
  async function* stream() {
    yield new Uint8Array(1800);
    firstSync.open();
    await Promise.all(pushes);
    await streamEnd.opened;
  }
  const large = writer.append({ count: 1, metadata: ["{}"], dataBytes: 0, stream: stream() });
  await Promise.all(pushes);
  streamEnd.open();
  const id = await large;
  const before = open(process).listing();
  disk.random.pick = (among) => among.at(-1)!;
  disk.powerCut();
  const after = open(new SimulatedProcess(disk)).listing();
  assertEquals(after.ids.at(-1)! <= id, true);
  assertEquals([...before.needs.keys()].length, 1);
  assertEquals(after.needs, before.needs);
});
