// The writer of one partition: what it requests of the disk, and what it reports if the disk refuses.
import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { StorageError } from "../../../mod.ts";
import type { OutgoingBatch } from "../../../src/contract.ts";
import { RECORD_BYTES, SEGMENT_HEADER_BYTES } from "../../../src/log/format/bytes.ts";
import { HEADER_MAGIC_BYTES } from "../../../src/log/format/frame_header.ts";
import { Partition } from "../../../src/log/partition.ts";
import { PartitionReader } from "../../../src/log/read/reader.ts";
import { type FlushBehavior, PartitionWriter } from "../../../src/log/write/writer.ts";
import { nodeStorage } from "../../../src/storage/node.ts";
import type { Storage } from "../../../src/storage/port.ts";
import { test } from "../../harness.ts";
import { changedStorage } from "../port_wrapper.ts";

const LEVELS: readonly FlushBehavior[] = ["buffered", "on_flush", "immediate"];

function event(n: number, data?: Uint8Array): OutgoingBatch {
  return { count: 1, metadata: [String(n)], data: [data], dataBytes: data?.byteLength ?? 0 };
}

/** Makes writers of one partition in a separate folder, and closes them. */
async function withWriters(
  storage: Storage,
  body: (
    make: (level: FlushBehavior, useLocking?: boolean) => PartitionWriter,
    directory: string,
  ) => Promise<void>,
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "diaspora-writer-"));
  const opened: { partition: Partition; writer: PartitionWriter }[] = [];
  try {
    await body((flushBehavior, useLocking) => {
      const partition = new Partition({ storage, directory, topic: "topic", partition: 0, useLocking });
      const writer = new PartitionWriter(partition, {
        flushBehavior,
        segmentBytesMax: 1 << 20,
        chunkBytes: 4096,
      });
      opened.push({ partition, writer });
      return writer;
    }, directory);
  } finally {
    for (const { partition, writer } of opened) {
      await writer.close().catch(() => {});
      partition.close();
    }
    rmSync(directory, { recursive: true });
    rmSync(`${directory}.lock`, { force: true });
  }
}

/**
 * What was requested of the disk, in order: `append`, `sync` and `syncNow` of segments, and the lock's
 * creation and removal.
 */
function recording(): { storage: Storage; done: string[]; failSync: (times: number) => void } {
  const done: string[] = [];
  let failures = 0;
  const fails = (): boolean => failures > 0 && failures-- > 0;
  const error = new StorageError("EIO", "Cannot sync: the disk reported an error");
  const storage = changedStorage((file, path, mode) => {
    if (mode !== "append" || !path.endsWith(".log")) return {};
    return {
      append: (bytes) => {
        done.push("append");
        return file.append(bytes);
      },
      sync: () => {
        done.push("sync");
        return fails() ? Promise.reject(error) : file.sync();
      },
      syncNow: () => {
        done.push("syncNow");
        if (fails()) throw error;
        file.syncNow();
      },
    };
  }, {
    publish(path, content, options) {
      if (path.endsWith(".lock")) done.push("lock");
      return nodeStorage.publish(path, content, options);
    },
    remove(path) {
      if (path.endsWith(".lock")) done.push("unlock");
      nodeStorage.remove(path);
    },
    syncDirectory(path) {
      done.push("syncDirectory");
      nodeStorage.syncDirectory(path);
    },
  });
  return { storage, done, failSync: (times) => failures = times };
}

test("append() syncs at once, at the flush or never, by the durability level", async () => {
  const expected = {
    buffered: [["append"], []],
    on_flush: [["append"], ["syncDirectory", "sync"]],
    immediate: [["append", "syncDirectory", "sync"], []],
  };
  for (const level of LEVELS) {
    const { storage, done } = recording();
    await withWriters(storage, async (make) => {
      const writer = make(level);
      // The segment is made durable when it is started.
      await writer.append(event(0));
      await writer.flush();
      done.length = 0;
      const other = make(level);
      await other.append(event(1));
      assertEquals(done, expected[level][0], level);
      done.length = 0;
      await other.flush();
      assertEquals(done, expected[level][1], level);
      done.length = 0;
      await other.append(event(2));
      await other.flush();
      // Its name is known to be on disk.
      assertEquals(done.includes("syncDirectory"), false, level);
    });
  }
});

test("appendSync() returns the id of the first event, stored by the durability level", async () => {
  for (const level of LEVELS) {
    const { storage, done } = recording();
    await withWriters(storage, async (make) => {
      const writer = make(level);
      assertEquals(await writer.append(event(0)), 0);
      done.length = 0;
      assertEquals(writer.appendSync({ count: 2, metadata: ["1", "2"], dataBytes: 0 }), 1);
      assertEquals(writer.appendSync(event(3)), 3);
      const one = level === "immediate" ? ["append", "syncNow"] : ["append"];
      assertEquals(done.filter((step) => step !== "syncDirectory"), [...one, ...one], level);
      assertEquals(await writer.append(event(4)), 4);
    });
  }
});

test("appendSync() stores a large data part before its event, and syncs the file once", async () => {
  const { storage, done } = recording();
  await withWriters(storage, async (make, directory) => {
    const writer = make("immediate");
    await writer.append(event(0));
    done.length = 0;
    const data = new Uint8Array(10_000).map((_, index) => index);
    assertEquals(writer.appendSync(event(1, data)), 1);
    assertEquals(done, ["append", "append", "append", "append", "syncNow"]);
    const partition = new Partition({ storage: nodeStorage, directory, topic: "topic", partition: 0 });
    const reader = new PartitionReader(partition, { dataWanted: true, onCorruption: "throw" });
    reader.seek({ id: 1 });
    assertEquals(reader.read(1)!.viewData(0, { offset: 0, size: 10_000 }), data);
    partition.close();
  });
});

test("appendSync() refuses while a stream is being stored, and works again afterwards", async () => {
  await withWriters(nodeStorage, async (make) => {
    const writer = make("immediate");
    let end = () => {};
    const ended = new Promise<void>((resolve) => end = resolve);
    const stream = (async function* () {
      yield new Uint8Array(10);
      await ended;
      yield new Uint8Array(10);
    })();
    const streamed = writer.append({ count: 1, metadata: ["0"], dataBytes: 0, stream });
    assertStrictEquals(writer.appendSync(event(1)), undefined);
    const second = writer.append(event(1));
    end();
    assertEquals([await streamed, await second], [0, 1]);
    await new Promise((resolve) => setTimeout(resolve, 0));
    assertEquals(writer.appendSync(event(2)), 2);
  });
});

test("a failed sync in appendSync() rejects what it covered and abandons the segment", async () => {
  const { storage, failSync } = recording();
  await withWriters(storage, async (make, directory) => {
    const writer = make("immediate");
    await writer.append(event(0));
    // In progress when the other one fails: it is covered by that failure.
    const waiting = writer.append(event(1));
    failSync(1);
    const error = assertThrows(() => writer.appendSync(event(2)), StorageError);
    assertEquals([error.errno, error.mayBeStored], ["EIO", true]);
    const outcome = await Promise.resolve(waiting).catch((error) => error);
    assert(outcome === 1 || outcome instanceof StorageError, String(outcome));
    assertEquals(writer.appendSync(event(3)), 3);
    assertEquals(segmentsIn(directory), 2);
    assertEquals(await writer.append(event(4)), 4);
    assertEquals(segmentsIn(directory), 2);
  });
});

test("a failed sync rejects every push that waits for it or for the next one, and abandons the segment", async () => {
  const { storage, failSync } = recording();
  await withWriters(storage, async (make, directory) => {
    const writer = make("immediate");
    await writer.append(event(0));
    failSync(1);
    const pushes = [1, 2, 3].map((n) => Promise.resolve(writer.append(event(n))));
    for (const push of pushes) {
      const error = await assertRejects(() => push, StorageError);
      assertEquals([error.errno, error.mayBeStored], ["EIO", true]);
    }
    assertEquals(await writer.append(event(4)), 4);
    assertEquals(segmentsIn(directory), 2);
    await writer.flush();
  });
});

test("a flush whose sync fails is final, and later pushes go into another segment", async () => {
  const { storage, failSync } = recording();
  await withWriters(storage, async (make, directory) => {
    const writer = make("on_flush");
    writer.append(event(0));
    await writer.flush();
    writer.append(event(1));
    failSync(1);
    await assertRejects(() => writer.flush(), StorageError);
    assertEquals(segmentsIn(directory), 1);
    writer.append(event(2));
    assertEquals(segmentsIn(directory), 2);
    await assertRejects(() => writer.flush(), StorageError);
    await assertRejects(() => writer.close(), StorageError);
  });
});

function segmentsIn(directory: string): number {
  return nodeStorage.list(directory).filter((name) => /^\d{20}\.log$/.test(name)).length;
}

test("with a lock each frame is synced before the lock is released", async () => {
  for (const level of LEVELS) {
    const { storage, done } = recording();
    await withWriters(storage, async (make) => {
      const writer = make(level, true);
      await writer.append(event(0));
      done.length = 0;
      const pushed = writer.append(event(1));
      assertEquals(done.slice(0, 4), ["lock", "append", "syncNow", "unlock"], level);
      await pushed;
      await writer.flush();
    });
  }
});

test("a failed sync under the lock rejects the push, releases the lock and abandons the segment", async () => {
  const { storage, done, failSync } = recording();
  await withWriters(storage, async (make, directory) => {
    const writer = make("buffered", true);
    writer.append(event(0));
    done.length = 0;
    failSync(1);
    const error = assertThrows(() => writer.append(event(1)), StorageError);
    assertEquals([error.errno, error.mayBeStored], ["EIO", true]);
    assertEquals(done, ["lock", "append", "syncNow", "unlock"]);
    assertEquals(writer.append(event(2)), 2);
    assertEquals(segmentsIn(directory), 2);
    await writer.flush();
  });
});

test("a writer's times never decrease below those seen from others, even if the clock does", async () => {
  let now = 1_000_000;
  const storage: Storage = { ...nodeStorage, now: () => now };
  await withWriters(storage, async (make, directory) => {
    const [one, other] = [make("buffered"), make("buffered")];
    const clocks = [1_000_000, 400_000, 1_000_500, 300_000, 300_001];
    clocks.forEach((clock, n) => {
      now = clock;
      (n % 2 === 0 ? one : other).append(event(n));
    });
    now = 5000;
    // A third one that knows nothing but what is stored.
    make("buffered").append(event(5));
    await one.flush();
    const partition = new Partition({ storage, directory, topic: "topic", partition: 0 });
    const times = [0, 1, 2, 3, 4, 5].map((id) => partition.timeOf(id));
    partition.close();
    // The fourth was written before its writer saw the third.
    assertEquals(times, [1_000_000, 1_000_000, 1_000_500, 1_000_000, 1_000_500, 1_000_500]);
  });
});

test("no frame ends with the first byte of a header, so that none is completed by the next one", async () => {
  await withWriters(nodeStorage, async (make, directory) => {
    const writer = make("buffered");
    // Of 1500 frames some 20 would.
    for (let n = 0; n < 1500; n++) writer.append(event(n));
    await writer.flush();
    const [name] = nodeStorage.list(directory).filter((name) => name.endsWith(".log"));
    const bytes = readFileSync(join(directory, name));
    const partition = new Partition({ storage: nodeStorage, directory, topic: "topic", partition: 0 });
    const ends: number[] = [];
    for (let id = 1; id < 1500; id += 1) ends.push(partition.positionOfId(id)!.offset);
    partition.close();
    assertEquals(basename(name), "00000000000000000000.log");
    assert(ends[0] >= SEGMENT_HEADER_BYTES + 2 * RECORD_BYTES);
    assertEquals(ends.filter((end) => HEADER_MAGIC_BYTES.includes(bytes[end - 1])), []);
  });
});
