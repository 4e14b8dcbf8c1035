// Repairs are not in the random histories: here one is interrupted at each of its system calls in turn.
import { assertEquals, assertGreater } from "@std/assert";
import { core } from "../../src/log/format/core/core.ts";
import { PartitionWriter } from "../../src/log/write/writer.ts";
import { KEPT, repairSample, segmentPath, wrongIn } from "../damage/checks.ts";
import { diskWith, emptyDisk, type Files, filesOf } from "../damage/copies.ts";
import { DIRECTORY, makeSample, openSample, readSample } from "../damage/sample_partition.ts";
import { test } from "../harness.ts";
import { SimulatedKill } from "./disk/failure.ts";
import { SimulatedProcess } from "./disk/process.ts";
import { interruptOnce } from "./interrupt_once.ts";
import { keepSharedMemory } from "./shared_memory.ts";

const FOLDERS = ["/sample", "/sample/partitions", DIRECTORY, KEPT];
/** Calls of a repair, of which every so many are looked at. */
const CALLS_STEP = 7;

// What is interrupted holds addresses in the area, which must not move meanwhile.
core.ensureReadArea(2 << 20);

/** Two small segments, the last one with a damaged event, the other one with a damaged header. */
async function damaged(): Promise<Files> {
  const { disk, storage } = emptyDisk(FOLDERS);
  await makeSample(storage, { rounds: 3, segmentBytesMax: 2000, chunkBytes: 800, dataBytesMax: 900 });
  const ids = openSample(storage).segmentIds();
  disk.names.file(segmentPath(ids.at(-1)!)).flip(64 + 20, 1);
  disk.names.file(segmentPath(ids[0])).flip(20, 1);
  return filesOf(disk);
}

/** Runs what another process does, which has a memory of its own. */
function apart(act: () => void): void {
  const putBack = keepSharedMemory(new Uint8Array(core.slotBytes + core.readAreaBytes));
  act();
  putBack();
}

/** Calls `look` with each moment of a repair, until there is none. */
async function eachMoment(look: (files: Files, moment: number) => Promise<boolean>): Promise<void> {
  const files = await damaged();
  let moments = 0;
  for (let moment = 0; await look(files, moment); moment += CALLS_STEP) moments++;
  assertGreater(moments, 10);
}

test("what is pushed in the middle of a repair is stored, and the repair is complete", async () => {
  await eachMoment(async (files, moment) => {
    const { disk, storage } = diskWith(FOLDERS, files);
    const before = readSample(openSample(storage), true);
    const partition = openSample(new SimulatedProcess(disk));
    const writer = new PartitionWriter(partition, { flushBehavior: "buffered", segmentBytesMax: 1 << 20 });
    const pushed = new Map<number, string>();
    const push = () => {
      const metadata = `"pushed ${pushed.size}"`;
      pushed.set(writer.append({ count: 1, metadata: [metadata], dataBytes: 0 }) as number, metadata);
    };
    push();
    const end = interruptOnce(disk, moment, () => apart(push));
    await repairSample(storage);
    const wasInterrupted = end();
    push();
    const { events, damage } = readSample(openSample(storage), true);
    assertEquals(damage, [], `moment ${moment}`);
    for (const [id, metadata] of pushed) assertEquals(events.get(id)?.metadata, metadata, `moment ${moment}`);
    for (const [id, { metadata }] of before.events) assertEquals(events.get(id)?.metadata, metadata);
    assertEquals(events.size, before.events.size + pushed.size);
    await writer.close();
    return wasInterrupted;
  });
});

test("a repair that was killed anywhere is done again, and loses nothing", async () => {
  await eachMoment(async (files, moment) => {
    const { disk, storage } = diskWith(FOLDERS, files);
    const before = readSample(openSample(storage), true);
    const killed = new SimulatedProcess(disk);
    const end = interruptOnce(disk, moment, () => killed.end());
    await repairSample(killed).catch((error) => {
      if (!(error instanceof SimulatedKill)) throw error;
    });
    const wasKilled = end();
    await repairSample(storage);
    const { events, damage } = readSample(openSample(storage), true);
    assertEquals([damage, await wrongIn(storage)], [[], []], `moment ${moment}`);
    assertEquals([...events], [...before.events], `moment ${moment}`);
    return wasKilled;
  });
});
