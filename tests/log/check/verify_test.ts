import { assert, assertEquals, assertGreater, assertRejects, assertStringIncludes } from "@std/assert";
import type { Finding } from "../../../src/log/check/finding.ts";
import { KIND, RECORD_BYTES } from "../../../src/log/format/bytes.ts";
import { Partition } from "../../../src/log/partition.ts";
import { encodeSegmentHeader } from "../../../src/log/format/segment_header.ts";
import { verifyPartition } from "../../../src/log/check/verify.ts";
import { PartitionWriter } from "../../../src/log/write/writer.ts";
import type { SimulatedDisk } from "../../simulation/disk/disk.ts";
import type { SimulatedProcess } from "../../simulation/disk/process.ts";
import { findFrame, segmentPath, verifySample, wrongIn } from "../../damage/checks.ts";
import { diskWith, emptyDisk, type Files, filesOf } from "../../damage/copies.ts";
import {
  DIRECTORY,
  makeSample,
  openSample,
  POSITION,
  readSample,
  type StoredEvent,
} from "../../damage/sample_partition.ts";
import { test } from "../../harness.ts";
import { bitwiseCrc32 } from "../../wasm/reference.ts";

const FOLDERS = ["/sample", "/sample/partitions", DIRECTORY];

let made: Promise<{ files: Files; expected: Map<number, StoredEvent> }> | undefined;

/** A separate sample for a test, made once. */
async function sample(): Promise<{ disk: SimulatedDisk; storage: SimulatedProcess; ids: number[] }> {
  made ??= (async () => {
    const { disk, storage } = emptyDisk(FOLDERS);
    const size = { rounds: 24, segmentBytesMax: 9000, chunkBytes: 1500, dataBytesMax: 5000 };
    const expected = await makeSample(storage, size);
    return { files: filesOf(disk), expected };
  })();
  const { files } = await made;
  const { disk, storage } = diskWith(FOLDERS, files);
  return { disk, storage, ids: openSample(storage).segmentIds() };
}

function only(findings: Finding[]): Finding {
  assertEquals(findings.length, 1, JSON.stringify(findings));
  return findings[0];
}

test("verify finds nothing wrong in an intact partition, and reports leftovers of interrupted writes", async () => {
  const { storage } = await sample();
  const findings = await verifySample(storage);
  assertGreater(findings.length, 3);
  for (const { severity, kind, firstId, endId } of findings) {
    assertEquals([severity, kind, endId - firstId], ["torn", "leftover", 0]);
  }
});

test("verify reports the events of a frame whose metadata is damaged", async () => {
  const { disk, storage } = await sample();
  const frame = findFrame(storage, ({ count }) => count > 1);
  disk.names.file(frame.path).flip(frame.metadataAt + 3, 2);
  const { severity, kind, firstId, endId, file, offset, bytes, reason } = only(await wrongIn(storage));
  assertEquals(
    { severity, kind, firstId, endId, file, offset, bytes, reason },
    {
      severity: "damage",
      kind: "frame",
      firstId: frame.id,
      endId: frame.id + frame.count,
      file: frame.path,
      offset: frame.offset,
      bytes: frame.endOffset - frame.offset,
      reason: "metadata checksum differs",
    },
  );
});

test("verify reports exactly the events whose data is damaged", async () => {
  const { disk, storage } = await sample();
  const frame = findFrame(storage, ({ count, dataBytes, id }) => count === 3 && dataBytes > 100 && id > 5);
  disk.names.file(frame.path).flip(frame.dataAt, 7);
  const findings = await wrongIn(storage);
  const { expected } = await made!;
  const withData = [0, 1, 2].map((index) => frame.id + index).filter((id) =>
    expected.get(id)!.data.length > 0
  );
  const named = findings.flatMap(({ firstId, endId }) =>
    Array.from({ length: endId - firstId }, (_, index) => firstId + index)
  );
  assertEquals(named, withData);
  assertEquals(findings.map(({ kind }) => kind), findings.map(() => "data"));
  assertEquals(findings[0].offset, frame.dataAt);
});

test("verify reports a damaged chunk and the event that needs it, in any segment", async () => {
  const { disk, storage } = await sample();
  const chunk = findFrame(storage, ({ kind }) => kind === KIND.chunk);
  disk.names.file(chunk.path).flip(chunk.dataAt + 10, 0);
  const [piece, event] = await wrongIn(storage);
  assertEquals([piece.kind, piece.endId - piece.firstId, piece.file], ["chunk", 0, chunk.path]);
  assertEquals([event.kind, event.endId - event.firstId, event.offset], ["data", 1, chunk.dataAt]);
  assertGreater((await made!).expected.get(event.firstId)!.data.length, 1500);
});

test("verify reports a damaged record as redundant, and no event is lost", async () => {
  const { disk, storage } = await sample();
  const frame = findFrame(storage, ({ id }) => id > 3);
  for (
    const [offset, kind] of [[frame.offset, "frame header"], [
      frame.endOffset - RECORD_BYTES,
      "frame trailer",
    ]] as const
  ) {
    disk.names.file(frame.path).flip(offset + 20, 1);
    const finding = only(await wrongIn(storage));
    assertEquals([finding.severity, finding.kind, finding.offset], ["redundant", kind, offset]);
    assertEquals(readSample(openSample(storage), true).damage, []);
    disk.names.file(frame.path).flip(offset + 20, 1);
  }
});

test("verify reports the ids that are lost with frames, and later frames keep theirs", async () => {
  const { disk, storage, ids } = await sample();
  const frame = findFrame(
    storage,
    ({ count, id, kind }) => kind === KIND.events && count > 1 && id > ids[1] + 2,
  );
  const inode = disk.names.file(frame.path);
  inode.write(frame.offset, new Uint8Array(frame.endOffset - frame.offset));
  const { severity, kind, firstId, endId, offset } = only(await wrongIn(storage));
  assertEquals([severity, kind, firstId, endId, offset], [
    "damage",
    "gap",
    frame.id,
    frame.id + frame.count,
    frame.offset,
  ]);
});

test("verify reports a missing segment, and a missing end of one", async () => {
  const { storage, ids } = await sample();
  storage.remove(segmentPath(ids[2]));
  const [missing, ...others] = await wrongIn(storage);
  assertEquals([missing.kind, missing.firstId, missing.endId, missing.file], [
    "segment missing",
    ids[2],
    ids[3],
    segmentPath(ids[2]),
  ]);
  for (const { kind } of others) assertEquals(kind, "data");

  const cut = await sample();
  const file = cut.disk.names.file(segmentPath(ids[1]));
  const content = file.read(0, 4000);
  cut.storage.replace(segmentPath(ids[1]), content);
  const damage = (await wrongIn(cut.storage)).filter(({ kind }) => kind === "missing end");
  assertEquals([only(damage).endId, only(damage).file], [ids[2], segmentPath(ids[1])]);
});

test("verify rates a damaged segment header by whether the rest is readable without it", async () => {
  const { disk, storage, ids } = await sample();
  disk.names.file(segmentPath(ids[1])).flip(17, 3);
  const readable = only(await wrongIn(storage));
  assertEquals([readable.severity, readable.kind, readable.offset], ["redundant", "segment header", 0]);

  const last = segmentPath(ids[ids.length - 1]);
  storage.replace(last, new Uint8Array(64));
  const findings = await wrongIn(storage);
  const unreadable = only(findings.filter(({ file }) => file === last));
  assertEquals([unreadable.severity, unreadable.kind], ["damage", "segment header"]);
});

test("verify reports a segment of another partition, or with another's name", async () => {
  const { storage, ids } = await sample();
  const last = ids[ids.length - 1];
  const header = { salt: 1, created: 1, partition: 5, baseId: last };
  storage.replace(segmentPath(last), encodeSegmentHeader(header));
  const foreign = (await wrongIn(storage)).find(({ kind }) => kind === "segment foreign");
  assertStringIncludes(foreign!.reason, "partition 5");
  storage.replace(segmentPath(last), encodeSegmentHeader({ ...header, partition: 0, baseId: last + 1 }));
  const renamed = (await wrongIn(storage)).find(({ kind }) => kind === "segment foreign");
  assertStringIncludes(renamed!.reason, `first id ${last + 1}`);
});

test("verify reports a damaged index entry as redundant, and one ahead of the log as a leftover", async () => {
  const { disk, storage, ids } = await sample();
  const path = segmentPath(ids[0]).replace(".log", ".idx");
  disk.names.file(path).flip(40, 0);
  const finding = only(await wrongIn(storage));
  assertEquals([finding.severity, finding.kind, finding.file, finding.offset], [
    "redundant",
    "index",
    path,
    32,
  ]);

  const ahead = await sample();
  const file = ahead.storage.open(path, "append");
  file.append(ahead.disk.names.file(path).read(0, 20));
  file.close();
  assertEquals(await wrongIn(ahead.storage), []);
  const torn = (await verifySample(ahead.storage)).find(({ kind }) => kind === "index");
  assertEquals([torn?.severity, torn?.reason], [
    "torn",
    "an index entry was cut short; the entries after it cannot be found",
  ]);
});

test("verify finds nothing wrong in an index made by writers", async () => {
  const { disk, storage } = emptyDisk(FOLDERS);
  const partition = new Partition({
    ...{ storage, directory: DIRECTORY, topic: "t" },
    partition: 0,
    indexIntervalBytes: 300,
  });
  const writer = new PartitionWriter(partition, {
    flushBehavior: "buffered",
    segmentBytesMax: 5000,
    chunkBytes: 700,
  });
  for (let size = 0; size < 3000; size += 150) {
    writer.append({ count: 1, metadata: ["1"], data: [new Uint8Array(size)], dataBytes: size });
  }
  await writer.close();
  partition.close();
  assertGreater(disk.names.files().filter((path) => path.endsWith(".idx")).length, 3);
  assertEquals(await verifySample(storage), []);
});

test("verify requires the dependency marker that keeps an older segment with data", async () => {
  const { storage, ids } = await sample();
  const note = storage.list(DIRECTORY).find((name) => name.includes(".needs-"))!;
  storage.remove(`${DIRECTORY}/${note}`);
  const finding = only((await verifySample(storage)).filter(({ kind }) => kind === "dependency marker"));
  assertEquals([finding.severity, finding.keptId], ["torn", Number(note.slice(-20))]);
  assert(ids.includes(finding.keptId!));
});

test("verify reports damaged slots of a position, and the position by the others", async () => {
  const { disk, storage } = await sample();
  disk.names.file(POSITION).flip(100, 0);
  const finding = only(await wrongIn(storage));
  assertEquals(finding.kind, "position");
  storage.replace(POSITION, new Uint8Array(4096).fill(7));
  const findings = await wrongIn(storage);
  assertEquals([findings.length, findings[0].severity], [64, "damage"]);
});

test("verify reports a newer version as unreadable, not as damage", async () => {
  const { storage, ids } = await sample();
  const path = segmentPath(ids[1]);
  const bytes = storage.readWhole(path)!;
  bytes[8] = 2;
  new DataView(bytes.buffer).setUint32(60, bitwiseCrc32(bytes.subarray(0, 60)), true);
  storage.replace(path, bytes);
  const [finding, ...more] = (await verifySample(storage)).filter(({ severity }) => severity !== "torn");
  assertEquals([finding.severity, finding.file, more], ["unreadable", path, []]);
  assertStringIncludes(finding.reason, "version 2");
});

test("verify reports its progress, and can be stopped", async () => {
  const { storage } = await sample();
  const { files, expected } = await made!;
  const done = { bytes: 0, events: 0 };
  const progress = ({ bytes, events }: typeof done) => {
    done.bytes += bytes;
    done.events += events;
  };
  const partition = openSample(storage);
  for await (const { severity } of verifyPartition(partition, { progress })) assertEquals(severity, "torn");
  assertEquals(done.events, expected.size);
  const logBytes = [...files].reduce(
    (sum, [path, { length }]) => path.endsWith(".log") ? sum + length : sum,
    0,
  );
  assertGreater(done.bytes, logBytes * 0.9);
  const aborted = verifyPartition(partition, { signal: AbortSignal.abort(new Error("enough")) });
  await assertRejects(() => aborted.next(), Error, "enough");
  partition.close();
});
