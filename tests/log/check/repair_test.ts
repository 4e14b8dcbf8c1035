import { assert, assertEquals, assertGreater, assertRejects } from "@std/assert";
import { EventGoneError } from "../../../src/errors.ts";
import type { Finding } from "../../../src/log/check/finding.ts";
import { KIND, RECORD_BYTES } from "../../../src/log/format/bytes.ts";
import { planRepair } from "../../../src/log/check/plan.ts";
import { repairPartition } from "../../../src/log/check/repair.ts";
import { PartitionReader } from "../../../src/log/read/reader.ts";
import { step } from "../../../src/log/segment/frame_scanner.ts";
import { CursorFile } from "../../../src/log/positions/cursor.ts";
import { confirmedId } from "../../../src/log/positions/confirm.ts";
import { PartitionWriter } from "../../../src/log/write/writer.ts";
import { SimulatedProcess } from "../../simulation/disk/process.ts";
import {
  findFrame,
  KEPT,
  keptPath,
  repairSample,
  segmentPath,
  verifySample,
  wrongIn,
} from "../../damage/checks.ts";
import { diskWith, emptyDisk, type Files, filesOf } from "../../damage/copies.ts";
import { damageAtRandom } from "../../damage/random_damage.ts";
import {
  DIRECTORY,
  makeSample,
  openSample,
  POSITION,
  readSample,
  type StoredEvent,
} from "../../damage/sample_partition.ts";
import { removeBefore } from "../../../src/log/mod.ts";
import { casesOf, test } from "../../harness.ts";
import { randomNumbers } from "../../wasm/reference.ts";

const FOLDERS = ["/sample", "/sample/partitions", DIRECTORY, KEPT];

let made: Promise<{ files: Files; expected: Map<number, StoredEvent> }> | undefined;

/** The sample, made once. */
function whole(): Promise<{ files: Files; expected: Map<number, StoredEvent> }> {
  return made ??= (async () => {
    const { disk, storage } = emptyDisk(FOLDERS);
    const size = { rounds: 24, segmentBytesMax: 9000, chunkBytes: 1500, dataBytesMax: 5000 };
    const expected = await makeSample(storage, size);
    return { files: filesOf(disk), expected };
  })();
}

/** A copy of the sample for a test to damage. */
async function sample() {
  const { files, expected } = await whole();
  const { disk, storage } = diskWith(FOLDERS, files);
  return { disk, storage, expected, files, ids: openSample(storage).segmentIds() };
}

/**
 * Everything readable before is readable after, under its id; nothing else is; damage is not reported again.
 */
async function assertSalvages(
  storage: SimulatedProcess,
  expected: ReadonlyMap<number, StoredEvent>,
): Promise<void> {
  const before = [true, false].map((dataWanted) => readSample(openSample(storage), dataWanted));
  await repairSample(storage);
  assertEquals(await wrongIn(storage), []);
  for (const [index, dataWanted] of [true, false].entries()) {
    const after = readSample(openSample(storage), dataWanted);
    assertEquals(after.damage, []);
    assertEquals([...after.events.keys()], [...before[index].events.keys()]);
    assertEquals(after.nextId, before[index].nextId);
    for (const [id, event] of after.events) {
      assertEquals(event.metadata, expected.get(id)!.metadata);
      if (dataWanted) assertEquals(event.data, expected.get(id)!.data, `data of event ${id}`);
    }
  }
  assertEquals(storage.list(DIRECTORY).filter((name) => name.startsWith(".")), []);
}

test("repair changes nothing in an intact partition", async () => {
  const { disk, storage, files } = await sample();
  const { steps, unrepairable } = await repairSample(storage);
  assertEquals([steps, unrepairable], [[], []]);
  for (const [path, bytes] of filesOf(disk)) assertEquals(bytes, files.get(path), path);
});

test("repair of any single byte leaves everything else readable, and verify satisfied", async () => {
  const { files, expected } = await whole();
  const random = randomNumbers(11);
  const paths = [...files.keys()].filter((path) => files.get(path)!.length > 0);
  for (let count = 0; count < casesOf(120); count++) {
    const path = paths[random(paths.length)];
    const offset = random(files.get(path)!.length);
    const { disk, storage } = diskWith(FOLDERS, files);
    disk.names.file(path).flip(offset, random(8));
    try {
      await assertSalvages(storage, expected);
    } catch (error) {
      throw new Error(`Byte ${offset} of "${path}": ${(error as Error).message}`, { cause: error });
    }
  }
});

test("repair handles flipped, blanked, overwritten, truncated and missing pieces at once", async () => {
  const { files, expected } = await whole();
  for (let seed = 0; seed < casesOf(120); seed++) {
    const random = randomNumbers(seed);
    const damaged = new Map([...files].map(([path, bytes]) => [path, new Uint8Array(bytes)]));
    const logs = [...damaged.keys()].filter((path) => path.endsWith(".log"));
    for (let count = 1 + random(4); count > 0; count--) damageAtRandom(damaged, logs, random);
    const { storage } = diskWith(FOLDERS, damaged);
    try {
      await assertSalvages(storage, expected);
    } catch (error) {
      throw new Error(`Seed ${seed}: ${(error as Error).message}`, { cause: error });
    }
  }
});

test("repair keeps the original of everything it changes", async () => {
  const { disk, storage, ids } = await sample();
  const path = segmentPath(ids[1]);
  disk.names.file(path).flip(1000, 1);
  const damaged = storage.readWhole(path)!;
  await repairSample(storage);
  assertEquals(storage.readWhole(keptPath(path)), damaged);
  assert(!isSame(storage.readWhole(path)!, damaged));
});

test("repair restores a damaged record or segment header to the byte", async () => {
  const { disk, storage, files, ids } = await sample();
  const path = segmentPath(ids[1]);
  const segment = openSample(storage).segment(ids[1]);
  const first = step(segment, 64, RECORD_BYTES);
  assert(first.kind === "frame");
  for (const offset of [64 + 33, first.endOffset - 5]) {
    disk.names.file(path).flip(offset, 4);
    await repairSample(storage);
    assertEquals(storage.readWhole(path), files.get(path));
  }
  disk.names.file(path).flip(45, 4);
  await repairSample(storage);
  // The creation time of the segment is lost; that it was created before its first frame is known.
  const differences = [...storage.readWhole(path)!].flatMap((byte, at) =>
    byte === files.get(path)![at] ? [] : [at]
  );
  assert(differences.every((at) => (at >= 32 && at < 40) || (at >= 60 && at < 64)), String(differences));
});

test("repair of the last segment moves its writers to the next one", async () => {
  const { disk, storage, expected, ids } = await sample();
  const last = ids[ids.length - 1];
  const partition = openSample(new SimulatedProcess(disk));
  const writer = new PartitionWriter(partition, { flushBehavior: "buffered", segmentBytesMax: 1 << 20 });
  const push = () => writer.append({ count: 1, metadata: ['"pushed"'], dataBytes: 0 }) as number;
  const before = push();
  assertEquals(before, expected.size);
  disk.names.file(segmentPath(last)).flip(64 + RECORD_BYTES + 4, 1);
  await repairSample(storage);
  const after = push();
  assertEquals(after, before + 1);
  const { events, damage } = readSample(openSample(storage), true);
  assertEquals([damage, events.get(before)?.metadata, events.get(after)?.metadata], [
    [],
    '"pushed"',
    '"pushed"',
  ]);
  assertEquals(openSample(storage).segmentIds().pop(), before + 1);
  await writer.close();
});

test("lost events keep their ids after a repair, and later positions are unchanged", async () => {
  const { disk, storage, ids, expected } = await sample();
  const frame = findFrame(storage, ({ id, count, dataBytes }) => id > ids[1] && count > 1 && dataBytes > 0);
  disk.names.file(frame.path).flip(frame.offset + RECORD_BYTES + 1, 1);
  const [lost] = await wrongIn(storage);
  const cursor = new CursorFile(storage, "/sample/app.pos");
  cursor.acknowledge({ nextId: lost.endId, time: openSample(storage).timeOf(lost.endId - 1)! });
  await repairSample(storage);
  assertEquals(confirmedId(openSample(storage), cursor.read()!), lost.endId);
  const { events, nextId } = readSample(openSample(storage), false);
  assertEquals(nextId, expected.size);
  for (let id = lost.firstId; id < lost.endId; id++) assert(!events.has(id));
  const reader = new PartitionReader(openSample(storage), { dataWanted: false, onCorruption: "throw" });
  reader.seek({ id: lost.firstId });
  assertEquals(reader.read(10)?.baseId, lost.endId);
  cursor.close();
});

test("an event that lost its data keeps its metadata; a reader that wants data passes over it", async () => {
  const { disk, storage, expected } = await sample();
  const frame = findFrame(storage, ({ kind, dataBytes }) => kind === KIND.events && dataBytes > 0);
  disk.names.file(frame.path).flip(frame.dataAt, 0);
  const [finding] = await wrongIn(storage);
  await repairSample(storage);
  const withData = readSample(openSample(storage), true).events;
  const without = readSample(openSample(storage), false).events;
  for (let id = finding.firstId; id < finding.endId; id++) {
    assert(!withData.has(id));
    assertEquals(without.get(id)?.metadata, expected.get(id)!.metadata);
  }
  const reader = new PartitionReader(openSample(storage), { dataWanted: false, onCorruption: "throw" });
  reader.seek({ id: finding.firstId });
  const batch = reader.read(1)!;
  const load = () => batch.viewData(0, { offset: 0, size: batch.dataSize(0) });
  await assertRejects(() => Promise.resolve().then(load), Error, "lost before a repair");
});

test("repair recreates a missing segment: its ids stay taken, and readers continue past it", async () => {
  const { storage, expected, ids } = await sample();
  storage.remove(segmentPath(ids[3]));
  await assertSalvages(storage, expected);
  const partition = openSample(storage);
  assertEquals(partition.segmentIds(), ids);
  const reader = new PartitionReader(partition, { dataWanted: false, onCorruption: "throw" });
  reader.seek({ id: ids[3] });
  const batch = reader.read(1)!;
  assertGreater(batch.baseId + 1, ids[4]);
});

test("repair makes the last segment writable again if nothing is left of it", async () => {
  const { storage, ids } = await sample();
  const last = ids[ids.length - 1];
  storage.replace(segmentPath(last), new Uint8Array(10));
  const partition = openSample(storage);
  const writer = new PartitionWriter(partition, { flushBehavior: "buffered", segmentBytesMax: 1 << 20 });
  const batch = { count: 1, metadata: ["1"], dataBytes: 0 };
  await assertRejects(() => Promise.resolve().then(() => writer.append(batch)), Error, "repair the topic");
  await repairSample(storage);
  assertEquals(writer.append(batch), last);
  await writer.close();
});

test("repair rebuilds an index, and writes the dependency marker of an older segment", async () => {
  const { disk, storage, ids } = await sample();
  const index = segmentPath(ids[0]).replace(".log", ".idx");
  disk.names.file(index).flip(3, 3);
  const note = storage.list(DIRECTORY).find((name) => name.includes(".needs-"))!;
  storage.remove(`${DIRECTORY}/${note}`);
  const { steps } = await repairSample(storage);
  assertEquals(steps.map(({ kind }) => kind).sort(), ["rebuild index", "write dependency marker"]);
  assertEquals((await verifySample(storage)).filter(({ kind }) => kind !== "leftover"), []);
  assert(storage.list(DIRECTORY).includes(note));
});

test("repair blanks damaged slots of a position in place", async () => {
  const { disk, storage } = await sample();
  const inode = disk.names.file(POSITION);
  inode.flip(200, 0);
  const position = new CursorFile(storage, POSITION).read();
  await repairSample(storage);
  assertEquals(new CursorFile(storage, POSITION).read(), position);
  assertEquals(disk.names.file(POSITION), inode);
});

test("planRepair() fixes each finding once, and leaves decisions to people", () => {
  const base = {
    partition: 0,
    firstId: 5,
    endId: 8,
    file: "/p/00000000000000000000.log",
    offset: 64,
    reason: "r",
  };
  const frame = { segmentId: 0, offset: 64, firstId: 5 };
  const findings: Finding[] = [
    { ...base, severity: "redundant", kind: "frame header", frame },
    { ...base, severity: "damage", kind: "frame", bytes: 300 },
    { ...base, severity: "damage", kind: "data", frame, file: "/p/00000000000000000099.log", offset: 7 },
    { ...base, severity: "redundant", kind: "index", file: "/p/00000000000000000000.idx", offset: 0 },
    { ...base, severity: "redundant", kind: "index", file: "/p/00000000000000000000.idx", offset: 32 },
    { ...base, severity: "torn", kind: "leftover" },
    { ...base, severity: "damage", kind: "segment foreign" },
    { ...base, severity: "damage", kind: "ids" },
  ];
  const { steps, unrepairable } = planRepair(findings);
  assertEquals(steps.map(({ kind, file, offset }) => [kind, file, offset]), [
    ["give up events", base.file, 64],
    ["give up data", base.file, 64],
    ["rebuild index", "/p/00000000000000000000.idx", 0],
  ]);
  assertEquals(unrepairable.map(({ kind }) => kind), ["segment foreign", "ids"]);
});

test("a repair that would not succeed changes nothing", async () => {
  const { disk, storage, ids } = await sample();
  const path = segmentPath(ids[1]);
  disk.names.file(path).flip(64 + RECORD_BYTES + 2, 1);
  const { steps } = planRepair(await verifySample(storage));
  // The plan is for damage that has changed since.
  disk.names.file(path).flip(3000, 1);
  const before = storage.readWhole(path);
  await assertRejects(
    () => repairPartition(openSample(storage), steps, keptPath),
    Error,
    "nothing was changed",
  );
  assertEquals(storage.readWhole(path), before);
});

test("trimmed segments are not reported as missing", async () => {
  const { storage, ids } = await sample();
  const partition = openSample(storage);
  // When no remaining event has data in what is removed.
  assert(ids.slice(1).some((id) => removeBefore(partition, id, 0)));
  const missing = (await wrongIn(storage)).filter(({ kind }) => kind === "segment missing");
  assertEquals(missing, []);
  const reader = new PartitionReader(partition, { dataWanted: false, onCorruption: "throw" });
  await assertRejects(() => Promise.resolve().then(() => reader.seek({ id: 0 })), EventGoneError);
  partition.close();
});

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
