// A power cut leaves a hole in the last segment. A producer continues after it, its event is synced, another
// one seals the segment and starts the next; then the power fails again, and the seal, which was not synced, is
// lost. The next segment still says where the seal was and which id came next, and everything up to there is
// intact, so the event after the hole keeps its id. It was reported as damaged, together with the hole.
import { assertEquals } from "@std/assert";
import { Appender } from "../../src/log/write/appender.ts";
import { PartitionReader } from "../../src/log/read/reader.ts";
import { segmentName } from "../../src/log/segment/segment_file.ts";
import { PartitionWriter } from "../../src/log/write/writer.ts";
import { test } from "../harness.ts";
import { CraftedSegment, noise, type Part } from "../log/segment/crafted_segment.ts";
import { emptyDisk } from "../damage/copies.ts";
import { openSample } from "../damage/sample_partition.ts";
import { SimulatedProcess } from "../simulation/disk/process.ts";

const DIRECTORY = "/log";

for (
  const { tornBytes, isSealedTwice } of [
    { tornBytes: 0, isSealedTwice: false },
    { tornBytes: 90, isSealedTwice: false },
    { tornBytes: 0, isSealedTwice: true },
  ]
) {
  test(
    `an event between a hole and a lost seal keeps its id, with ${tornBytes} bytes of a torn write before the seal, and ${
      isSealedTwice ? "another seal" : "nothing"
    } after it`,
    () => {
      const { disk } = emptyDisk([DIRECTORY]);
      const open = () => openSample(new SimulatedProcess(disk), DIRECTORY);
      const push = (text: string) =>
        new PartitionWriter(open(), { flushBehavior: "buffered", segmentBytesMax: 1 << 20 }).append({
          count: 1,
          metadata: [`"${text}"`],
          dataBytes: 0,
        });

      assertEquals(push("first"), 0);
      const file = disk.names.file(`${DIRECTORY}/${segmentName(0)}`);
      const hole = file.size;
      push("lost");
      file.write(hole, new Uint8Array(file.size - hole));
      assertEquals(push("after the hole"), 1);
      file.append(new Uint8Array(tornBytes));
      const seal = file.size;
      new Appender(open(), 1 << 20).seal();
      assertEquals(push("next"), 2);
      if (isSealedTwice) {
        file.append(file.read(seal, file.size - seal));
        file.write(seal, new Uint8Array(128));
      } else file.truncate(seal);

      const reader = new PartitionReader(open(), { dataWanted: false, onCorruption: "throw" });
      reader.seek("earliest");
      const events = Array.from({ length: 3 }, () => reader.read(1)!).map((
        batch,
      ) => [batch.baseId, batch.metadataText!(0)]);
      assertEquals(events, [[0, '"first"'], [1, '"after the hole"'], [2, '"next"']]);
    },
  );
}

// The writes of several processes are cut short, and a power cut takes the seal with some of them: room enough for a
// frame is missing before the seal. The event before that, whose producer last knew where the file ended before a
// piece of a cut write, was given up with the piece: no anchor said its id. But the events that are there are as many
// as the ids up to the next segment, so that none is missing.
test("an event between a piece of a cut write and a lost seal keeps its id, with room for a frame before the seal", () => {
  const parts: Part[] = [{ count: 1 }, noise(200), { count: 1, anchor: [1, 1] }, noise(40)];
  const crafted = new CraftedSegment(parts, { next: { id: 2, seal: [3, 500] } });
  assertEquals(crafted.entries(4096), ["0: id 0", "1: lost 1 to 1, up to 2", "2: id 1", "end 2"]);
});
