// A large data part is written before its event. In between, another process seals the segment and retention
// removes it, with the data: the event was appended after the seal, written again in the next segment, and
// stayed there without its data, although its push had been rejected. Before each attempt to append an event to
// a segment, its data must exist and be protected from removal; otherwise nothing is stored.
import { assert, assertEquals } from "@std/assert";
import { LimitExceededError } from "../../src/errors.ts";
import { Appender } from "../../src/log/write/appender.ts";
import { verifyPartition } from "../../src/log/check/verify.ts";
import { PartitionWriter } from "../../src/log/write/writer.ts";
import { removeBefore } from "../../src/log/mod.ts";
import { test } from "../harness.ts";
import { emptyDisk } from "../damage/copies.ts";
import { openSample } from "../damage/sample_partition.ts";
import { SimulatedProcess } from "../simulation/disk/process.ts";
import { interruptOnce } from "../simulation/interrupt_once.ts";

const DIRECTORY = "/log";
const OPTIONS = { flushBehavior: "buffered", segmentBytesMax: 1 << 20, chunkBytes: 1000 } as const;

test("an event whose data is removed while it is being pushed is stored with its data or not at all, at every call", async () => {
  let refused = 0;
  for (let moment = 0, isLast = false; !isLast; moment++) {
    const { disk } = emptyDisk([DIRECTORY]);
    const open = () => openSample(new SimulatedProcess(disk), DIRECTORY);
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
