// Files from elsewhere, or broken ones, cost far more than they are worth. A segment's file with a hole of 64 GiB was read
// from end to end by each command; and since the folder was listed for each segment, reading and verifying 20,000
// empty segments took minutes.
import { assert, assertEquals, assertLessOrEqual, assertRejects, assertThrows } from "@std/assert";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CorruptedLogError } from "../../mod.ts";
import { Appender } from "../../src/log/write/appender.ts";
import { verifyPartition } from "../../src/log/check/verify.ts";
import { encodeSegmentHeader } from "../../src/log/format/segment_header.ts";
import { Partition } from "../../src/log/partition.ts";
import { PartitionReader } from "../../src/log/read/reader.ts";
import { segmentName } from "../../src/log/segment/segment_file.ts";
import { nodeStorage } from "../../src/storage/node.ts";
import type { Storage } from "../../src/storage/port.ts";
import { test } from "../harness.ts";
import { memoryFolder } from "../memory_folder.ts";

const SIZE = 2 ** 36;

async function withFolder(body: (directory: string) => Promise<void> | void): Promise<void> {
  const directory = mkdtempSync(join(memoryFolder, "diaspora-cost-"));
  try {
    await body(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function append(directory: string, storage: Storage): void {
  const partition = new Partition({ storage, directory, topic: "t", partition: 0 });
  const appender = new Appender(partition, 2 ** 20);
  try {
    appender.appendEvents({ count: 1, metadata: ["1"], dataBytes: 0 });
  } finally {
    appender.close();
    partition.close();
  }
}

async function reasonsOf(partition: Partition): Promise<string[]> {
  const reasons: string[] = [];
  for await (const { severity, reason } of verifyPartition(partition)) reasons.push(`${severity}: ${reason}`);
  return reasons;
}

/** The same storage with zeros after the end of each segment, as if its file was that long; counts what is read. */
function withHoles(): { storage: Storage; read: () => number } {
  let read = 0;
  const storage: Storage = {
    ...nodeStorage,
    open(path, mode) {
      const file = nodeStorage.open(path, mode);
      if (!path.endsWith(".log")) return file;
      return {
        path,
        append: (bytes) => file.append(bytes),
        writeAt: (bytes, offset) => file.writeAt(bytes, offset),
        size: () => SIZE,
        sync: () => file.sync(),
        syncNow: () => file.syncNow(),
        close: () => file.close(),
        readAt(into, offset) {
          const got = file.readAt(into, offset);
          into.subarray(got).fill(0);
          read += into.byteLength;
          return Math.max(0, Math.min(into.byteLength, SIZE - offset));
        },
      };
    },
  };
  return { storage, read: () => read };
}

test("of a file that is longer than any segment little is read after its events, and it takes no more of them", () =>
  withFolder(async (directory) => {
    append(directory, nodeStorage);
    const path = `${directory}/${segmentName(0)}`;
    const end = nodeStorage.stat(path)!.bytes;
    const { storage, read } = withHoles();
    const partition = new Partition({ storage, directory, topic: "t", partition: 0 });
    const reader = new PartitionReader(partition, { dataWanted: false, onCorruption: "throw" });
    reader.seek("earliest");
    assertEquals([reader.read(9)?.baseId, reader.read(9), partition.end()?.id], [0, undefined, 1]);
    const why = `the file has ${SIZE} bytes, more than a segment can have (${
      2 ** 33
    }); cut it to ${end} while nothing`;
    const error = assertThrows(() => append(directory, storage), CorruptedLogError, why);
    assert(error.message.includes(path), error.message);
    const [reason, ...others] = await reasonsOf(partition);
    assert(reason!.startsWith(`damage: ${why}`), reason);
    assertEquals(others, []);
    partition.close();
    assertLessOrEqual(read(), 2 ** 29);
    // What the message says to do.
    append(directory, nodeStorage);
  }));

test("of a file without a header that is longer than any segment little is read", () =>
  withFolder(async (directory) => {
    writeFileSync(`${directory}/${segmentName(0)}`, "");
    const { storage, read } = withHoles();
    const partition = new Partition({ storage, directory, topic: "t", partition: 0 });
    assertEquals(partition.end()?.id, 0);
    await assertRejects(async () => await append(directory, storage), CorruptedLogError, "repair the topic");
    assertEquals((await reasonsOf(partition)).length, 1);
    partition.close();
    assertLessOrEqual(read(), 2 ** 29);
  }));

test("a partition's folder is listed as often for many segments as for few", () =>
  withFolder(async (directory) => {
    const counts: number[] = [];
    let baseId = 0;
    for (const segments of [10, 200]) {
      for (; baseId < segments; baseId++) {
        const header = encodeSegmentHeader({
          partition: 0,
          salt: baseId + 1,
          baseId,
          created: 1,
          after: undefined,
        });
        writeFileSync(`${directory}/${segmentName(baseId)}`, header);
      }
      let listings = 0;
      const storage: Storage = {
        ...nodeStorage,
        list(path) {
          listings++;
          return nodeStorage.list(path);
        },
      };
      const partition = new Partition({ storage, directory, topic: "t", partition: 0 });
      let damages = 0;
      const options = { dataWanted: false, onCorruption: "skip", onDamage: () => damages++ } as const;
      const reader = new PartitionReader(partition, options);
      reader.seek("earliest");
      assertEquals(reader.read(9), undefined);
      const found = await reasonsOf(partition);
      assertEquals([damages, found.length, reader.position], [segments - 1, segments - 1, segments - 1]);
      partition.close();
      counts.push(listings);
    }
    assertEquals(counts[0], counts[1]);
  }));
