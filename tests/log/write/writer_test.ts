// The writer of one partition: what it requests of the disk, and what it reports if the disk refuses.
import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LimitExceededError, StorageError } from "../../../mod.ts";
import type { OutgoingBatch } from "../../../src/contract.ts";
import { sealLast } from "../../../src/log/mod.ts";
import { Partition } from "../../../src/log/partition.ts";
import { PartitionReader } from "../../../src/log/read/reader.ts";
import { segmentName } from "../../../src/log/segment/segment_file.ts";
import { type FlushBehavior, PartitionWriter, type WriterOptions } from "../../../src/log/write/writer.ts";
import { nodeStorage } from "../../../src/storage/node.ts";
import type { Storage } from "../../../src/storage/port.ts";
import { withOpenFiles } from "../../drivers/files/counted_files.ts";
import { test } from "../../harness.ts";
import { changedStorage, folderSyncs } from "../port_wrapper.ts";

const LEVELS: readonly FlushBehavior[] = ["buffered", "on_flush", "immediate"];

function event(n: number, data?: Uint8Array): OutgoingBatch {
  return { count: 1, metadata: [String(n)], data: [data], dataBytes: data?.byteLength ?? 0 };
}

/** Makes writers of one partition in a separate folder, and closes them. */
async function withWriters(
  storage: Storage,
  body: (
    make: (level: FlushBehavior, useLocking?: boolean, options?: Partial<WriterOptions>) => PartitionWriter,
    directory: string,
  ) => Promise<void>,
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "diaspora-writer-"));
  const opened: { partition: Partition; writer: PartitionWriter }[] = [];
  try {
    await body((flushBehavior, useLocking, options) => {
      const partition = new Partition({ storage, directory, topic: "topic", partition: 0, useLocking });
      const writer = new PartitionWriter(partition, {
        flushBehavior,
        segmentBytesMax: 1 << 20,
        chunkBytes: 4096,
        ...options,
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
    ...folderSyncs((path) => {
      done.push("syncDirectory");
      nodeStorage.syncDirectory(path);
    }),
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
    const error = await assertRejects(() => writer.flush(), StorageError);
    assertEquals(segmentsIn(directory), 1);
    writer.append(event(2));
    assertEquals(segmentsIn(directory), 2);
    // Whatever fails later, the reason is the first failure.
    failSync(1);
    assertStrictEquals(await writer.flush().catch((error) => error), error);
    assertStrictEquals(await writer.close().catch((error) => error), error);
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
  for (const level of LEVELS) {
    const { storage, done, failSync } = recording();
    await withWriters(storage, async (make, directory) => {
      const writer = make(level, true);
      await writer.append(event(0));
      done.length = 0;
      failSync(1);
      const error = assertThrows(() => writer.append(event(1)), StorageError);
      assertEquals([error.errno, error.mayBeStored], ["EIO", true], level);
      assertEquals(done, ["lock", "append", "syncNow", "unlock"], level);
      assertEquals(await writer.append(event(2)), 2);
      assertEquals(segmentsIn(directory), 2);
      // Where a flush speaks for what was pushed before, it cannot any more.
      const flushed = await writer.flush().catch((error) => error);
      assertEquals(flushed instanceof StorageError, level === "on_flush", level);
    });
  }
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
    // A third one that knows only what is stored.
    make("buffered").append(event(5));
    await one.flush();
    const partition = new Partition({ storage, directory, topic: "topic", partition: 0 });
    const times = [0, 1, 2, 3, 4, 5].map((id) => partition.timeOf(id));
    partition.close();
    // The fourth was written before its writer saw the third.
    assertEquals(times, [1_000_000, 1_000_000, 1_000_500, 1_000_000, 1_000_500, 1_000_500]);
  });
});

/** The events of a folder, each as its metadata and its data's bytes. */
function eventsIn(directory: string): [string, number[]][] {
  const partition = new Partition({ storage: nodeStorage, directory, topic: "topic", partition: 0 });
  const reader = new PartitionReader(partition, { dataWanted: true, onCorruption: "throw" });
  reader.seek("earliest");
  const found: [string, number[]][] = [];
  for (let batch = reader.read(1); batch !== undefined; batch = reader.read(1)) {
    const size = batch.dataSize(0);
    const data = batch.viewData!(0, { offset: 0, size });
    found.push([batch.metadataText!(0), [...data as Uint8Array]]);
  }
  partition.close();
  return found;
}

test("streams and large data parts go in chunks of the size said, with none that is empty", async () => {
  const { storage, done } = recording();
  const part = (bytes: number) => Uint8Array.from({ length: bytes }, (_, n) => n * 7 % 251);
  // Its size, the size of its pieces, and how many frames it takes: its chunks and its event.
  const cases = [[0, 1, 1], [1, 1, 2], [4095, 500, 2], [4096, 4096, 2], [4097, 1000, 3], [8192, 3000, 3], [
    9000,
    9000,
    4,
  ]] as const;
  await withWriters(storage, async (make, directory) => {
    const writer = make("buffered");
    const expected: [string, number[]][] = [];
    for (const [bytes, pieceBytes, frames] of cases) {
      const whole = part(bytes);
      const stream = (async function* () {
        for (let from = 0; from < bytes; from += pieceBytes) yield whole.subarray(from, from + pieceBytes);
      })();
      done.length = 0;
      writer.append({ count: 1, metadata: [String(bytes)], dataBytes: 0, stream });
      await writer.flush();
      assertEquals([bytes, done.length], [bytes, frames]);
      expected.push([String(bytes), [...whole]]);
    }
    for (const [bytes, frames] of [[4352, 1], [4353, 3], [8192, 3], [8193, 4]] as const) {
      const whole = part(bytes);
      done.length = 0;
      writer.append(event(bytes, whole));
      assertEquals([bytes, done.length], [bytes, frames]);
      expected.push([String(bytes), [...whole]]);
    }
    const pieces = part(9000);
    done.length = 0;
    writer.append({
      count: 1,
      metadata: ["9000"],
      data: [[pieces.subarray(0, 5000), pieces.subarray(5000)]],
      dataBytes: 9000,
    });
    assertEquals(done.length, 4);
    expected.push(["9000", [...pieces]]);
    // Together, parts of any size stay with their events.
    done.length = 0;
    writer.append({ count: 2, metadata: ["1", "2"], data: [part(5000), part(1)], dataBytes: 5001 });
    assertEquals(done, ["append"]);
    expected.push(["1", [...part(5000)]], ["2", [0]]);
    assertEquals(eventsIn(directory), expected);
  });
});

test("a data part that is too large is refused before any of it is stored", async () => {
  const { storage, done } = recording();
  await withWriters(storage, async (make) => {
    const writer = make("buffered");
    await writer.append(event(0));
    done.length = 0;
    const large = { count: 1, metadata: ["1"], data: [new Uint8Array(5000)], dataBytes: 2 ** 32 + 1 };
    assertThrows(() => writer.append(large), LimitExceededError, "4 GiB");
    assertEquals(done, []);
    // The largest is not refused for its size; this one has less than it says.
    assertThrows(() => writer.append({ ...large, dataBytes: 2 ** 32 }), Error, "its chunks end at 5000");
    assertEquals(await writer.append(event(1)), 1);
  });
});

test("a flush waits for streams that are being stored, and what was pushed after them is in its order", async () => {
  await withWriters(nodeStorage, async (make, directory) => {
    const writer = make("buffered");
    let end = () => {};
    const ended = new Promise<void>((resolve) => end = resolve);
    const stream = (async function* () {
      yield Uint8Array.of(1);
      await ended;
    })();
    const done: string[] = [];
    Promise.resolve(writer.append({ count: 1, metadata: ["0"], dataBytes: 0, stream })).then(() =>
      done.push("streamed")
    );
    Promise.resolve(writer.append(event(1))).then(() => done.push("pushed"));
    // All of its events lost their data, which changed while they waited.
    const dropped = {
      count: 1,
      metadata: ["x"],
      dataBytes: 0,
      dropChangedData: () => void (dropped.count = 0),
    };
    const nothing = writer.append(dropped);
    const flushed = writer.flush().then(() => done.push("flushed"));
    await new Promise((resolve) => setTimeout(resolve, 0));
    assertEquals(done, []);
    end();
    await flushed;
    assertEquals(done, ["streamed", "pushed", "flushed"]);
    assertEquals(await nothing, 0);
    assertEquals(eventsIn(directory), [["0", [1]], ["1", []]]);
  });
});

test("a writer says when it comes to the next segment, and a new one when its event begins one", async () => {
  await withWriters(nodeStorage, async (make, directory) => {
    const seal = () =>
      sealLast(new Partition({ storage: nodeStorage, directory, topic: "topic", partition: 0 }));
    const rolled: string[] = [];
    const named = (name: string) => make("buffered", false, { rolled: () => rolled.push(name) });
    const [one, other, third] = ["one", "other", "third"].map(named);
    await one!.append(event(0));
    assertEquals(rolled.splice(0), []);
    seal();
    await one!.append(event(1));
    await one!.append(event(2));
    assertEquals(rolled.splice(0), ["one"]);
    // It is appended to a segment that another writer has started.
    await other!.append(event(3));
    assertEquals(rolled.splice(0), []);
    seal();
    await third!.append(event(4));
    assertEquals(rolled.splice(0), ["third"]);
    await one!.append(event(5));
    assertEquals(rolled.splice(0), ["one"]);
  });
});

test("a writer says so too when it comes from the first segment to one that another writer has begun", async () => {
  await withWriters(nodeStorage, async (make, directory) => {
    const rolled: string[] = [];
    const named = (name: string) => make("buffered", false, { rolled: () => rolled.push(name) });
    const [one, other] = ["one", "other"].map(named);
    await one!.append(event(0));
    sealLast(new Partition({ storage: nodeStorage, directory, topic: "topic", partition: 0 }));
    // Its first event is the first of segment 1.
    await other!.append(event(1));
    assertEquals(rolled.splice(0), ["other"]);
    await one!.append(event(2));
    assertEquals(rolled.splice(0), ["one"]);
  });
});

test("a stream that is pushed after a failed sync is stored, since another segment takes it", async () => {
  const { storage, failSync } = recording();
  await withWriters(storage, async (make, directory) => {
    const writer = make("immediate");
    await writer.append(event(0));
    failSync(1);
    await assertRejects(async () => await writer.append(event(1)), StorageError);
    const stream = (async function* () {
      yield Uint8Array.of(1, 2);
    })();
    assertEquals(await writer.append({ count: 1, metadata: ["2"], dataBytes: 0, stream }), 2);
    assertEquals(await writer.append(event(3)), 3);
    assertEquals(segmentsIn(directory), 2);
  });
});

test("a writer whose last sync was not even tried has no file open once it is closed", async () => {
  for (const level of ["on_flush", "immediate"] as const) {
    let open = 0;
    let isRefused = false;
    const storage = changedStorage((file, path, mode) => {
      if (mode !== "append" || !path.endsWith(".log")) return {};
      open++;
      return {
        sync: () =>
          isRefused
            ? Promise.reject(new StorageError("ENOMEM", "Cannot sync: there is no memory left"))
            : file.sync(),
        close: () => {
          open--;
          file.close();
        },
      };
    });
    await withWriters(storage, async (make) => {
      const writer = make(level);
      isRefused = true;
      const pushed = await Promise.resolve(writer.append(event(0))).catch((error) => error);
      const closed = await writer.close().catch((error) => error);
      const expected = level === "immediate" ? [true, false] : [false, true];
      assertEquals([pushed, closed].map((outcome) => outcome instanceof StorageError), expected, level);
      assertEquals(open, 0, level);
    });
  }
});

test("a writer that is closed has no file open, whatever it promised", async () => {
  for (const level of LEVELS) {
    const open = new Set<object>();
    const storage = changedStorage((file, path, mode) => {
      const key = {};
      if (mode === "append" && path.endsWith(".log")) open.add(key);
      return {
        close: () => {
          open.delete(key);
          file.close();
        },
      };
    });
    await withWriters(storage, async (make) => {
      const writer = make(level, false, { segmentBytesMax: 100 });
      await writer.append(event(0));
      await writer.append(event(1));
      // The segment before is open until it is synced; blocking syncs have an open file of their own.
      assertEquals(open.size, { buffered: 1, on_flush: 2, immediate: 2 }[level], level);
      await writer.close();
      assertEquals(open.size, 0, level);
    });
  }
});

test("who made a writer learns that the disk is full, or a quota used up, and of no other error", async () => {
  const learned: string[] = [];
  for (const errno of ["ENOSPC", "EDQUOT", "EIO"]) {
    const storage = changedStorage((_, path, mode) =>
      mode !== "append" || !path.endsWith(".log") ? {} : {
        append: () => {
          throw new StorageError(errno, "Cannot append: simulated");
        },
      }
    );
    await withWriters(storage, async (make) => {
      const writer = make("buffered", false, { full: () => learned.push(errno) });
      const append = async () => await writer.append(event(1));
      assertEquals((await assertRejects(append, StorageError)).errno, errno);
    });
  }
  assertEquals(learned, ["ENOSPC", "EDQUOT"]);
});

test("a stream of more bytes than an event may have is refused before they are stored", () =>
  withWriters(nodeStorage, async (make) => {
    const writer = make("buffered");
    async function* pieces(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve({ byteLength: 2 ** 33 } as Uint8Array);
    }
    const batch = { count: 1, metadata: ["1"], dataBytes: 0, stream: pieces() };
    await assertRejects(async () => await writer.append(batch), LimitExceededError, "4 GiB");
    assertEquals(await writer.append(event(2)), 0);
  }));

test("what a writer appends after a hole is sealed at once, with its segment", () =>
  withWriters(nodeStorage, async (make, directory) => {
    const segments = () => nodeStorage.list(directory).filter((name) => name.endsWith(".log"));
    const writer = make("buffered");
    await writer.append(event(0));
    await writer.append(event(1));
    assertEquals(segments().length, 1);
    appendFileSync(`${directory}/${segmentName(0)}`, new Uint8Array(700).fill(7));
    assertEquals(await writer.append(event(2)), 2);
    assertEquals(segments().sort(), [segmentName(0), segmentName(3)]);
  }));

test("sealing the last segment leaves no file open", async () => {
  const { storage, openFiles } = withOpenFiles(nodeStorage);
  await withWriters(storage, async (make, directory) => {
    const writer = make("buffered");
    await writer.append(event(0));
    await writer.close();
    const partition = new Partition({ storage, directory, topic: "topic", partition: 0 });
    for (const segments of [2, 2]) {
      sealLast(partition);
      partition.segments.close();
      assertEquals([...openFiles].map(({ path }) => path), []);
      // One without events is not sealed.
      assertEquals(partition.segmentIds().length, segments);
    }
    partition.close();
  });
});
