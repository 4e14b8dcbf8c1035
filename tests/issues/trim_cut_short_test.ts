// A kill between the two removals of a trim left an event without its data: its segment still existed, and the
// older one with the chunks was gone. `verify` reported damage, and consumers that asked for data stopped
// there. A removal is now decided by one name, and the next process completes it.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EventGoneError } from "../../src/errors.ts";
import { applyRetention, trimPartition } from "../../src/drivers/files/trim.ts";
import { ConsumerRegistry } from "../../src/drivers/files/consumer_registry.ts";
import { isKept, ownerOf } from "../../src/log/segment/listing.ts";
import { Partition } from "../../src/log/partition.ts";
import { PartitionReader } from "../../src/log/read/reader.ts";
import { verifyPartition } from "../../src/log/check/verify.ts";
import { PartitionWriter } from "../../src/log/write/writer.ts";
import { nodeStorage } from "../../src/storage/node.ts";
import type { Storage } from "../../src/storage/port.ts";
import { removeBefore } from "../../src/log/mod.ts";
import { test } from "../harness.ts";
import { streamOf } from "../log/stream_of.ts";
import { memoryFolder } from "../memory_folder.ts";
import { interrupted, Killed } from "../log/interrupted_storage.ts";

const CHUNK_BYTES = 4096;
const EVENTS = 16;
/** More calls than a removal makes up to its last. */
const CALLS = 16;

function open(directory: string, storage: Storage = nodeStorage): Partition {
  return new Partition({ storage, directory, topic: "t", partition: 0 });
}

type Files = Map<string, Uint8Array>;

/**
 * The files of a partition in which every fourth event has data in an older segment, unless all are small.
 */
async function makeLog(small: boolean): Promise<Files> {
  const directory = mkdtempSync(join(memoryFolder, "diaspora-trim-"));
  try {
    const partition = open(directory);
    for (let id = 0; id < EVENTS; id++) {
      // Its size is not known before: else it would have a segment of its own. Nor from the last stream of the writer.
      const writer = new PartitionWriter(partition, {
        flushBehavior: "buffered",
        segmentBytesMax: 6000,
        chunkBytes: CHUNK_BYTES,
      });
      const dataBytes = id % 4 !== 1 ? 10 : small ? CHUNK_BYTES : 3 * CHUNK_BYTES;
      const data = [new Uint8Array(dataBytes).fill(id)];
      const part = dataBytes > CHUNK_BYTES
        ? { dataBytes: 0, stream: streamOf(...data) }
        : { data, dataBytes };
      await writer.append({ count: 1, metadata: [`${id}`], ...part });
      await writer.close();
    }
    partition.close();
    const names = readdirSync(directory);
    assertEquals(names.some((name) => name.includes(".needs-")), !small);
    return new Map(names.map((name) => [name, readFileSync(join(directory, name))]));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** A folder with these files. */
async function withLog(files: Files, body: (directory: string) => Promise<void> | void): Promise<void> {
  const directory = mkdtempSync(join(memoryFolder, "diaspora-trim-"));
  try {
    for (const [name, content] of files) writeFileSync(join(directory, name), content);
    await body(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Every existing event can be read completely; returns the first id. */
async function checkWhole(directory: string): Promise<number> {
  const partition = open(directory);
  const firstId = partition.firstId();
  const reader = new PartitionReader(partition, { dataWanted: true, onCorruption: "throw" });
  reader.seek("earliest");
  let next = firstId;
  for (let batch = reader.read(9); batch !== undefined; batch = reader.read(9)) {
    for (let index = 0; index < batch.count; index++, next++) {
      assertEquals(batch.baseId + index, next);
      const data = batch.viewData(index, { offset: 0, size: batch.dataSize(index) });
      assert(data.every((byte) => byte === next), `event ${next} has the data of another one`);
    }
  }
  assertEquals(next, EVENTS);
  for await (const finding of verifyPartition(partition)) {
    assert(finding.severity !== "damage", JSON.stringify(finding));
  }
  partition.close();
  return firstId;
}

const REMOVALS: [what: string, remove: (partition: Partition) => void][] = [
  ["trim()", (partition) => trimPartition(partition, { beforeId: 11 })],
  [
    "retention",
    (partition) =>
      applyRetention(
        partition,
        () => ({ retention_bytes: 8000 }),
        new ConsumerRegistry(partition.storage, partition.directory, "topic", 1),
      ),
  ],
];

for (const [what, remove] of REMOVALS) {
  test(`a process that is killed at any call of ${what} has removed all or nothing, and the next one completes it`, async () => {
    const outcomes = new Set<number>();
    const files = await makeLog(false);
    for (let kill = 0, isComplete = false; !isComplete; kill++) {
      assert(kill < 200, "it does not end");
      await withLog(files, async (directory) => {
        let isDead = false;
        const storage = interrupted(nodeStorage, (call) => {
          // The process is dead from here on: what the library does after an error does not happen.
          if (call === kill) isDead = true;
          if (isDead) throw new Killed();
        });
        const killed = open(directory, storage);
        try {
          remove(killed);
        } catch (error) {
          // Also while the folder that is to be synced is changed.
          assert(error instanceof Killed || (error as Error).cause instanceof Killed, String(error));
        }
        isComplete = !isDead;
        killed.close();
        outcomes.add(await checkWhole(directory));

        const next = open(directory);
        remove(next);
        next.close();
        const firstId = await checkWhole(directory);
        assert(firstId > 0);
        for (const name of readdirSync(directory)) {
          assert(
            (ownerOf(name) ?? Infinity) >= firstId,
            `"${name}" was left, the log begins with ${firstId}`,
          );
        }
      });
    }
    assertEquals(outcomes.size, 2, `the log began with one of ${[...outcomes]}`);
  });
}

for (const [what, remove] of REMOVALS) {
  test(`two processes may run ${what} at the same time, and readers between them find everything intact`, async () => {
    const files = await makeLog(false);
    for (let stop = 0, isDone = false; !isDone; stop++) {
      assert(stop < 200, "it does not end");
      await withLog(files, async (directory) => {
        let first = -1;
        const storage = interrupted(nodeStorage, (call) => {
          if (call !== stop) return;
          const other = open(directory);
          trimPartition(other, { beforeId: 6 });
          const reader = new PartitionReader(other, { dataWanted: true, onCorruption: "throw" });
          // A reader before the first event learns where the log begins.
          assertThrows(() => reader.seek({ id: 0 }), EventGoneError);
          reader.seek("earliest");
          first = reader.read(1)!.baseId;
          other.close();
        });
        const partition = open(directory, storage);
        remove(partition);
        partition.close();
        isDone = first < 0;
        assert(await checkWhole(directory) >= first);
      });
    }
  });
}

test("data that becomes needed while it is removed is kept, or the writer gets an error, in every interleaving", async () => {
  const outcomes = new Set<string>();
  const files = await makeLog(true);
  for (let mark = 0; mark < CALLS; mark++) {
    for (let look = mark; look < CALLS; look++) {
      await withLog(files, (directory) => {
        const writer = open(directory);
        const ids = writer.segmentIds();
        assert(ids.length >= 3);
        const [older, newer] = [ids[0], ids.at(-1)!];
        let wasKept: boolean | undefined;
        const step = (call: number) => {
          if (call === mark) writer.keepForSegment(newer, older);
          if (call === look) wasKept = isKept(writer.listing(), older);
        };
        const remover = open(directory, interrupted(nodeStorage, step));
        const removed = removeBefore(remover, ids[1], 0);
        remover.close();
        const isThere = readdirSync(directory).includes(`${String(older).padStart(20, "0")}.log`);
        if (wasKept === true) assert(isThere, `marker made at call ${mark}, looked at call ${look}`);
        if (wasKept !== undefined) outcomes.add(`kept: ${wasKept}, removed: ${removed}`);
        writer.close();
      });
    }
  }
  assert(outcomes.has("kept: true, removed: false"), [...outcomes].join());
  assert(outcomes.has("kept: false, removed: true"), [...outcomes].join());
});

test("a push whose data is removed while its files are closed for others fails, and a later one is stored", async () =>
  withLog(await makeLog(true), async (directory) => {
    const partition = open(directory);
    const writer = new PartitionWriter(partition, {
      flushBehavior: "buffered",
      segmentBytesMax: 6000,
      chunkBytes: CHUNK_BYTES,
    });
    const other = new PartitionWriter(open(directory), { flushBehavior: "buffered", segmentBytesMax: 6000 });
    async function* stream(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(CHUNK_BYTES);
      for (let n = 0; n < 9; n++) {
        await other.append({ count: 1, metadata: ["1"], data: [new Uint8Array(5000)], dataBytes: 5000 });
      }
      trimPartition(partition, { maxBytes: 0 });
      // As when the system has no descriptor left: otherwise the data would be read, and written again.
      partition.segments.closeIdle();
      yield new Uint8Array(CHUNK_BYTES);
    }
    let error: unknown;
    try {
      await writer.append({ count: 1, metadata: ["2"], dataBytes: 0, stream: stream() });
    } catch (thrown) {
      error = thrown;
    }
    assertThrows(
      () => {
        throw error;
      },
      Error,
      "retention removed",
    );
    await writer.append({ count: 1, metadata: ["3"], data: [new Uint8Array(9000)], dataBytes: 9000 });
    await writer.close();
    await other.close();
    partition.close();
  }));
