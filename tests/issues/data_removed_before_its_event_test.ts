// A large data part is written before its event. In between, another process seals the segment and retention
// removes it, with the data: the event was appended after the seal, written again in the next segment, and
// stayed there without its data, although its push had been rejected. Before each attempt to append an event to
// a segment, its data must exist and be protected from removal. What was removed is written again, from memory or, if
// it came from a stream, from the segments, which stay open meanwhile: such pushes were refused before.
import { assertEquals } from "@std/assert";
import { Appender } from "../../src/log/write/appender.ts";
import { verifyPartition } from "../../src/log/check/verify.ts";
import { PartitionWriter } from "../../src/log/write/writer.ts";
import { PartitionReader, removeBefore } from "../../src/log/mod.ts";
import { test } from "../harness.ts";
import { emptyDisk } from "../damage/copies.ts";
import { streamOf } from "../log/stream_of.ts";
import { openSample } from "../damage/sample_partition.ts";
import { SimulatedProcess } from "../simulation/disk/process.ts";
import { interruptOnce } from "../simulation/interrupt_once.ts";

const DIRECTORY = "/log";
const OPTIONS = { flushBehavior: "buffered", segmentBytesMax: 1 << 20, chunkBytes: 1000 } as const;

for (const kind of ["in memory", "of a stream"]) {
  test(`an event whose data ${kind} is removed while it is being pushed is stored with its data, at every call`, async () => {
    for (let moment = 0, isLast = false; !isLast; moment++) {
      const { disk } = emptyDisk([DIRECTORY]);
      const open = () => openSample(new SimulatedProcess(disk), DIRECTORY);
      const writer = new PartitionWriter(open(), OPTIONS);
      const event = { count: 1, metadata: ["{}"] };
      writer.append({ ...event, dataBytes: 0 });
      const end = interruptOnce(disk, moment, () => {
        const partition = open();
        new Appender(partition, 1 << 20).seal();
        removeBefore(partition, partition.segmentIds().at(-1)!, 0);
      });
      const data = Uint8Array.from({ length: 5000 }, (_, at) => at >> 3);
      if (kind === "in memory") writer.append({ ...event, data: [data], dataBytes: data.byteLength });
      else await writer.append({ ...event, dataBytes: 0, stream: streamOf(data) });
      isLast = !end();
      for await (const { severity, reason } of verifyPartition(open())) {
        assertEquals(severity, "torn", `at call ${moment}: ${reason}`);
      }
      const reader = new PartitionReader(open(), { dataWanted: true, onCorruption: "throw" });
      reader.seek({ id: open().firstId() });
      for (let batch = reader.read(1); batch !== undefined; batch = reader.read(1)) {
        const size = batch.dataSize(0);
        if (size > 0) assertEquals(batch.viewData(0, { offset: 0, size }), data, `at call ${moment}`);
      }
    }
  });
}
