// A power cut left a hole in the last segment: bytes of frames that had not reached the disk. An event was
// appended after it, synced and confirmed; another writer continued in the same segment, and a second power cut
// left a hole there, too. What is between two holes has no ids, so the confirmed event was reported as damaged.
// Now its segment is sealed before it is confirmed: the same sync covers the seal, which states the ids. Found
// by the simulation, seed 6298.
import { assertEquals } from "@std/assert";
import { closeSync, openSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { RECORD_BYTES } from "../../src/log/format/bytes.ts";
import { PartitionReader } from "../../src/log/read/reader.ts";
import { segmentName } from "../../src/log/segment/segment_file.ts";
import { test } from "../harness.ts";
import { PartitionFolder, single } from "../log/partition_folder.ts";
import { watchedStorage } from "../log/watched_storage.ts";

const BEHAVIORS = ["buffered", "on_flush", "immediate"] as const;

/** The power cut destroys bytes that were not synced: they are zeros now. */
function lose(path: string, from: number, to: number): void {
  const file = openSync(path, "r+");
  writeSync(file, new Uint8Array(to - from), 0, to - from, from);
  closeSync(file);
}

for (const flushBehavior of BEHAVIORS) {
  test(`an event between two holes keeps its id (${flushBehavior})`, async () => {
    using folder = new PartitionFolder();
    const path = join(folder.directory, segmentName(0));
    const early = folder.writer({ flushBehavior: "immediate" });
    await early.append(single('"first"'));
    const durable = statSync(path).size;
    await early.append(single('"lost"', 300));
    await early.append(single('"lost too"', 300));
    await early.close();
    // What is left of them is a header, as of an append in progress.
    lose(path, durable + RECORD_BYTES, statSync(path).size);

    let id: number | undefined;
    let confirmed = 0;
    const writer = folder.writer({ flushBehavior });
    // The other one has opened the segment, and is interrupted before it appends.
    let between: (() => void) | undefined = () => {
      between = undefined;
      id = writer.appendSync(single('"confirmed"', 200));
      confirmed = statSync(path).size;
    };
    const storage = watchedStorage((file) => ({
      append(bytes) {
        if (file.path.endsWith(".log")) between?.();
        return file.append(bytes);
      },
    }));
    const other = folder.writer({}, storage);
    await other.append(single('"not synced"', 500));
    const taken = statSync(path).size;
    await other.append(single('"later"'));
    await other.close();
    await writer.close();
    lose(path, confirmed, taken);

    const found = new Map<string, number>();
    const reader = new PartitionReader(folder.open(), { dataWanted: true, onCorruption: "skip" });
    reader.seek("earliest");
    for (let batch = reader.read(100); batch !== undefined; batch = reader.read(100)) {
      for (let index = 0; index < batch.count; index++) {
        found.set(batch.metadataText!(index), batch.baseId + index);
      }
    }
    assertEquals([found.get('"first"'), found.get('"confirmed"')], [0, id]);
  });
}
