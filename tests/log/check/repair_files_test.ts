// What a repair writes into files, to the byte: indexes, segment headers, segments that were missing.
import { assertEquals, assertMatch } from "@std/assert";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { INDEX, INDEX_ENTRY_BYTES, KIND, SEGMENT_HEADER_BYTES } from "../../../src/log/format/bytes.ts";
import { decodeIndexEntry } from "../../../src/log/format/index_entry.ts";
import { decodeSegmentHeader, encodeSegmentHeader } from "../../../src/log/format/segment_header.ts";
import { planRepair } from "../../../src/log/check/plan.ts";
import { rebuildIndex, repairPartition } from "../../../src/log/check/repair.ts";
import { verifyPartition } from "../../../src/log/check/verify.ts";
import type { Partition } from "../../../src/log/partition.ts";
import { INDEX_INTERVAL_BYTES, indexPath } from "../../../src/log/segment/index.ts";
import { segmentName } from "../../../src/log/segment/segment_file.ts";
import { test } from "../../harness.ts";
import { PartitionFolder, single } from "../partition_folder.ts";
import { CraftedSegment, CREATED, DIRECTORY, type Part, SALT } from "../segment/crafted_segment.ts";

const SEAL: Part = { kind: KIND.seal };

/** Repairs all that is found, and returns what was found and what is found afterwards. */
async function repair(partition: Partition, keep: string): Promise<[before: string[], after: string[]]> {
  const findings = async () => {
    const found = [];
    for await (const finding of verifyPartition(partition)) found.push(finding);
    return found;
  };
  const before = await findings();
  const { steps, unrepairable } = planRepair(before);
  assertEquals(unrepairable, []);
  await repairPartition(partition, steps, (file) => `${keep}/${file.slice(file.lastIndexOf("/") + 1)}`);
  const after = await findings();
  return [before.map(({ kind }) => kind), after.map(({ kind }) => kind)];
}

test("an index that is built again has an entry wherever half a mebibyte lies after the last one", () => {
  // The second frame begins where an entry is just due, the third one byte before the next would be.
  const first = { data: new Uint8Array(INDEX_INTERVAL_BYTES - 200 - 32), time: 9000 };
  const second = { data: new Uint8Array(INDEX_INTERVAL_BYTES - 168 - 1), time: 7000 };
  const parts: Part[] = [
    ...[first, second, { time: 8000 }, { count: 3, time: 9500 }],
    ...[{ data: first.data }, { damaged: ["header"] as const }, { time: 9400 }, { time: 9600 }],
  ];
  const { segment, storage, offsets } = new CraftedSegment(parts);
  assertEquals([offsets[1], offsets[2]! - offsets[1]!], [INDEX_INTERVAL_BYTES, INDEX_INTERVAL_BYTES - 1]);
  rebuildIndex(segment);
  const index = storage.readWhole(indexPath(segment))!;
  const view = new DataView(index.buffer, index.byteOffset, index.byteLength);
  const entries = Array.from({ length: index.byteLength / INDEX_ENTRY_BYTES }, (_, number) => {
    const at = number * INDEX_ENTRY_BYTES;
    const { id, time, offset } = decodeIndexEntry(view, at);
    assertEquals(view.getUint32(at + INDEX.salt, true), SALT);
    return [offsets.indexOf(offset), id, time];
  });
  assertEquals(entries, [[1, 1, 9000], [3, 3, 9500], [6, 8, 9500]]);
});

test("a segment without entries gets no index, and one that it has loses all of its entries", () => {
  const { segment, storage } = new CraftedSegment([{}, {}]);
  rebuildIndex(segment);
  assertEquals(storage.stat(indexPath(segment)), undefined);
  const indexed = new CraftedSegment([{}, {}], { index: [[1, 1]] });
  rebuildIndex(indexed.segment);
  assertEquals(indexed.storage.readWhole(indexPath(indexed.segment)), new Uint8Array(0));
});

test("a damaged segment header is written again, with what it followed", async () => {
  const crafted = new CraftedSegment([{}, SEAL], { baseId: 5, next: { id: 6, seal: [1, 0] } });
  const { storage, segment: { path }, offsets } = crafted;
  const nextPath = `${DIRECTORY}/${segmentName(6)}`;
  // The second one has a frame, so that its salt is known without the header.
  const frame = new CraftedSegment([{}], { baseId: 6 }).bytesOf(0);
  const header = { partition: 0, salt: SALT, baseId: 6, created: CREATED };
  const after = { baseId: 5, sealOffset: offsets[1]!, salt: SALT };
  const wholeNext = new Uint8Array([...encodeSegmentHeader({ ...header, after }), ...frame]);
  const whole = storage.readWhole(path)!;
  storage.makeDirectory("/kept");
  for (const [damaged, file, content] of [[path, path, whole], [nextPath, nextPath, wholeNext]] as const) {
    storage.replace(path, whole);
    storage.replace(nextPath, wholeNext);
    const bytes = content.slice();
    bytes[20]! ^= 1;
    storage.replace(damaged, bytes);
    const partition = crafted.partition();
    assertEquals(await repair(partition, "/kept"), [["segment header"], []]);
    const written = storage.readWhole(file)!.subarray(0, SEGMENT_HEADER_BYTES);
    assertEquals(
      decodeSegmentHeader(written),
      decodeSegmentHeader(content.subarray(0, SEGMENT_HEADER_BYTES)),
    );
    partition.close();
  }
});

test("a missing segment is made with the ids of its events, the time of the one before, and the salt that the next one names", async () => {
  const crafted = new CraftedSegment([{}, SEAL], { next: { id: 9, of: 1, salt: 77 } });
  const { storage } = crafted;
  storage.makeDirectory("/kept");
  const steps: string[] = [];
  watch(storage, steps);
  const partition = crafted.partition();
  assertEquals(await repair(partition, "/kept"), [["segment missing"], []]);
  const made = storage.readWhole(`${DIRECTORY}/${segmentName(1)}`)!.subarray(0, SEGMENT_HEADER_BYTES);
  const { salt, ...rest } = decodeSegmentHeader(made)!;
  const after = { baseId: 0, sealOffset: crafted.offsets[1]!, salt: SALT };
  assertEquals(rest, { version: 1, partition: 0, baseId: 1, created: CREATED, after });
  assertEquals(salt, 77);
  assertEquals(partition.segmentIds(), [0, 1, 9]);
  assertEquals(steps, ["rename", "sync folder", "sync folder"]);
  partition.close();
});

test("a missing segment of which the next one names no salt gets one of its own", async () => {
  const crafted = new CraftedSegment([{}, SEAL], { next: { id: 9, of: 1, salt: 0 } });
  crafted.storage.makeDirectory("/kept");
  const partition = crafted.partition();
  assertEquals(await repair(partition, "/kept"), [["segment missing"], []]);
  const made = crafted.storage.readWhole(`${DIRECTORY}/${segmentName(1)}`)!.subarray(0, SEGMENT_HEADER_BYTES);
  assertEquals(decodeSegmentHeader(made)!.salt === 0, false);
  partition.close();
});

/** Notes when a copy is synced, when it takes the segment's place, and when the folder is synced. */
function watch(storage: CraftedSegment["storage"], steps: string[]): void {
  const { rename, syncDirectory, open } = storage;
  storage.rename = (from, to) => {
    steps.push("rename");
    rename.call(storage, from, to);
  };
  storage.syncDirectory = (path) => {
    steps.push("sync folder");
    syncDirectory.call(storage, path);
  };
  storage.open = (path, mode) => {
    const file = open.call(storage, path, mode);
    if (mode !== "update") return file;
    const { syncNow } = file;
    file.syncNow = () => {
      steps.push(`sync ${path}`);
      syncNow.call(file);
    };
    return file;
  };
}

test("a repaired copy is on the disk before it takes the segment's place", async () => {
  const parts: Part[] = [{}, { damaged: ["head"] }, SEAL];
  const crafted = new CraftedSegment(parts, { next: { id: 2, seal: [2, 0] } });
  crafted.storage.makeDirectory("/kept");
  const steps: string[] = [];
  watch(crafted.storage, steps);
  const partition = crafted.partition();
  assertEquals(await repair(partition, "/kept"), [["frame"], []]);
  const [, copy] = steps;
  assertMatch(copy, new RegExp(`^sync ${DIRECTORY}/\\.[0-9a-f]{8}\\.${segmentName(0)}$`));
  assertEquals(steps, [
    ...[`sync /kept/${segmentName(0)}`, copy, copy],
    ...["rename", "sync folder", "sync folder"],
  ]);
  assertEquals(crafted.storage.list(DIRECTORY).sort(), [segmentName(0), segmentName(2)]);
  partition.close();
});

test("a log on the real disk is repaired, and no file stays open", async () => {
  using folder = new PartitionFolder();
  const writer = folder.writer({ chunkBytes: 1000 });
  for (let n = 0; n < 4; n++) writer.append(single(`"event ${n}"`, n === 2 ? 2500 : 10));
  await writer.close();
  const path = join(folder.directory, segmentName(0));
  const bytes = readFileSync(path);
  bytes.write("E", bytes.indexOf("event 1"));
  writeFileSync(path, bytes);
  const partition = folder.open();
  const kept = join(folder.directory, "kept");
  mkdirSync(kept);
  assertEquals(await repair(partition, kept), [["frame"], []]);
  partition.close();
  assertEquals(folder.events().map(({ id }) => id), [0, 2, 3]);
});

test("a repair removes what one that was killed left of this segment, not what another one is making", async () => {
  const parts: Part[] = [{}, { damaged: ["head"] }, SEAL];
  const crafted = new CraftedSegment(parts, { next: { id: 2, seal: [2, 0] } });
  const { storage } = crafted;
  storage.makeDirectory("/kept");
  const [old, young] = ["0000000a", "0000000b"].map((random) => `.${random}.${segmentName(0)}`);
  // Of another segment, and of another program.
  const others = [`.0000000c.${segmentName(2)}`, `copy.${segmentName(0)}`];
  for (const name of [old, ...others]) storage.publish(`${DIRECTORY}/${name}`, new Uint8Array(1));
  storage.disk.clock.pass(3_600_001);
  storage.publish(`${DIRECTORY}/${young}`, new Uint8Array(1));
  const partition = crafted.partition();
  assertEquals(await repair(partition, "/kept"), [["frame"], []]);
  assertEquals(storage.list(DIRECTORY).sort(), [young, ...others, segmentName(0), segmentName(2)].sort());
  partition.close();
});
