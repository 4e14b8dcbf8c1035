// A segment is sealed, and the sync of its file, for which a flush waits, fails. The file is closed, and some
// turns of the microtask queue later the flush rejects, and records that every later one must. A flush that
// began in between found no file left to sync and no record, so it reported that everything pushed before was
// on disk.
import { assertEquals } from "@std/assert";
import { Partition } from "../../src/log/partition.ts";
import { PartitionWriter } from "../../src/log/write/writer.ts";
import { test } from "../harness.ts";
import { SimulatedDisk } from "../simulation/disk/disk.ts";
import { SimulatedProcess } from "../simulation/disk/process.ts";

const DIRECTORY = "/log";

test("a flush that begins at any moment around a failed sync rejects", async () => {
  for (let turns = 0, seed = 1; turns < 20; seed++) {
    const disk = new SimulatedDisk(seed);
    const storage = new SimulatedProcess(disk);
    storage.makeDirectory(DIRECTORY);
    const partition = new Partition({ storage, directory: DIRECTORY, topic: "topic", partition: 0 });
    const writer = new PartitionWriter(partition, { flushBehavior: "on_flush", segmentBytesMax: 300 });
    const push = () => writer.append({ count: 1, metadata: [`"${"x".repeat(80)}"`], dataBytes: 0 });
    push();
    // The folder is synced once.
    await writer.flush();
    push();
    disk.faults = { slowSync: 1 };
    const first = writer.flush();
    for (let count = 0; count < 20; count++) await Promise.resolve();
    // The segment is full, so that the file is no longer appended to; the next one is synced without delay.
    disk.faults = {};
    push();
    const second = writer.flush();
    for (let count = 0; count < 50; count++) await Promise.resolve();
    // On some disks the sync had completed by then.
    if (disk.syncs.pending === 0) continue;
    disk.faults = { failedSync: 1 };
    disk.syncs.finishOne();
    disk.faults = {};
    for (let count = 0; count < turns; count++) await Promise.resolve();
    const third = writer.flush();
    const results = await Promise.allSettled([first, second, third]);
    const expected = ["rejected", "rejected", "rejected"];
    assertEquals(results.map(({ status }) => status), expected, `after ${turns} turns`);
    turns++;
  }
});
