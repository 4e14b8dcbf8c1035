// A large data part goes ahead of its event. Between the two another process seals the segment and retention removes
// it, with the data: the event landed after the seal, was written again in the next segment, and stood there without
// its data, though its push had been rejected. Before an event goes into a segment, each time it is tried, its data
// must be there and be kept: else nothing is stored.
import { assert, assertEquals } from "@std/assert";
import { LimitExceededError } from "../../src/errors.ts";
import { Appender } from "../../src/log/write/appender.ts";
import { Partition } from "../../src/log/partition.ts";
import { verifyPartition } from "../../src/log/check/verify.ts";
import { PartitionWriter } from "../../src/log/write/writer.ts";
import { removeBefore } from "../../src/log/mod.ts";
import { test } from "../harness.ts";
import { SimulatedDisk } from "../simulation/disk/disk.ts";
import { SimulatedProcess } from "../simulation/disk/process.ts";
import { interruptOnce } from "../simulation/interrupt_once.ts";

const DIRECTORY = "/log";
const OPTIONS = { flushBehavior: "buffered", segmentBytesMax: 1 << 20, chunkBytes: 1000 } as const;

test("an event whose data is removed while it is being pushed is stored with its data or not at all, at every call", async () => {
  let refused = 0;
  for (let moment = 0, isLast = false; !isLast; moment++) {
    const disk = new SimulatedDisk(1);
    new SimulatedProcess(disk).makeDirectory(DIRECTORY);
    const open = () =>
      new Partition({
        storage: new SimulatedProcess(disk),
        directory: DIRECTORY,
        topic: "topic",
        partition: 0,
      });
    const writer = new PartitionWriter(open(), OPTIONS);
    const push = (data?: Uint8Array) =>
      writer.append({ count: 1, metadata: ["{}"], data: [data], dataBytes: data?.byteLength ?? 0 });
    push();
    const end = interruptOnce(disk, moment, () => {
      const partition = open();
      new Appender(partition, 1 << 20).seal();
      removeBefore(partition, partition.segmentIds().at(-1)!, 0);
    });
    try {
      push(new Uint8Array(5000));
    } catch (error) {
      assert(error instanceof LimitExceededError, `at call ${moment}: ${error}`);
      refused++;
    }
    isLast = !end();
    for await (const { severity, reason } of verifyPartition(open())) {
      assertEquals(severity, "torn", `at call ${moment}: ${reason}`);
    }
  }
  assert(refused > 0);
});
