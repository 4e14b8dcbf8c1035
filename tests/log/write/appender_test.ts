// The appender: what it does if the system writes only a part, refuses, or loses files, and if others seal.
import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StorageError, TopicDeletedError } from "../../../mod.ts";
import type { OutgoingBatch } from "../../../src/contract.ts";
import { Appender } from "../../../src/log/write/appender.ts";
import { Partition } from "../../../src/log/partition.ts";
import { FLAG, KIND, RECORD, RECORD_BYTES } from "../../../src/log/format/bytes.ts";
import { HEADER_MAGIC_BYTES } from "../../../src/log/format/frame_header.ts";
import { PartitionReader } from "../../../src/log/read/reader.ts";
import { segmentName } from "../../../src/log/segment/segment_file.ts";
import { nodeStorage } from "../../../src/storage/node.ts";
import type { Storage } from "../../../src/storage/port.ts";
import { test } from "../../harness.ts";
import { changedStorage } from "../port_wrapper.ts";

function events(...texts: string[]): OutgoingBatch {
  return { count: texts.length, metadata: texts.map((text) => `"${text}"`), dataBytes: 0 };
}

const NO_CHUNKS = { totalBytes: 0, list: [] };

interface Scene {
  directory: string;
  appender(segmentBytesMax?: number): Appender;
  /** The metadata of every stored event, in the order of ids. */
  stored(): string[];
  /** First ids of the segments. */
  segments(): number[];
}

function withFolder(storage: Storage, body: (scene: Scene) => void): void {
  const directory = mkdtempSync(join(tmpdir(), "diaspora-appender-"));
  const opened: { close(): void }[] = [];
  const open = (through: Storage): Partition => {
    const partition = new Partition({ storage: through, directory, topic: "topic", partition: 0 });
    opened.push(partition);
    return partition;
  };
  try {
    const reading = open(nodeStorage);
    body({
      directory,
      appender: (segmentBytesMax = 1 << 20) => {
        const appender = new Appender(open(storage), segmentBytesMax);
        opened.unshift(appender);
        return appender;
      },
      stored: () => {
        const reader = new PartitionReader(reading, { dataWanted: false, onCorruption: "throw" });
        reader.seek("earliest");
        const texts: string[] = [];
        for (let batch = reader.read(100); batch !== undefined; batch = reader.read(100)) {
          assertEquals(batch.baseId, texts.length);
          for (let index = 0; index < batch.count; index++) {
            texts.push(JSON.parse(batch.metadataText!(index)));
          }
        }
        return texts;
      },
      segments: () => reading.segmentIds(),
    });
  } finally {
    for (const one of opened) one.close();
    rmSync(directory, { recursive: true });
  }
}

/** A storage whose appends to segments do what the test says: how many bytes are written, or an error. */
function faulty(): {
  storage: Storage;
  next: ((bytes: number) => number | StorageError)[];
  appends: () => number;
} {
  const next: ((bytes: number) => number | StorageError)[] = [];
  let appends = 0;
  const storage = changedStorage((file, path, mode) => {
    if (mode !== "append" || !path.endsWith(".log")) return {};
    return {
      append: (bytes) => {
        appends++;
        const taken = next.shift()?.(bytes.byteLength) ?? bytes.byteLength;
        if (taken instanceof StorageError) throw taken;
        return file.append(bytes.subarray(0, taken));
      },
    };
  });
  return { storage, next, appends: () => appends };
}

test("events get ids in the order of their frames, whichever writer appended them", () =>
  withFolder(nodeStorage, ({ appender, stored }) => {
    const [one, other] = [appender(), appender()];
    assertEquals(one.appendEvents(events("a", "b")).id, 0);
    assertEquals(other.appendEvents(events("c")).id, 2);
    assertEquals(other.appendEvents(events("d", "e", "f")).id, 3);
    const { id, offset, endOffset, segment } = one.appendEvents(events("g"));
    assertEquals([id, segment.baseId], [6, 0]);
    assert(endOffset > offset);
    assertEquals(one.appendEvents(events("h")).offset, endOffset);
    assertEquals(stored(), ["a", "b", "c", "d", "e", "f", "g", "h"]);
  }));

test("a segment that has reached its size is sealed, and one that lacks a byte of it is not", () => {
  let size = 0;
  withFolder(nodeStorage, ({ appender }) => size = appender().appendEvents(events("a")).endOffset);
  for (const lacking of [0, 1]) {
    withFolder(nodeStorage, ({ appender, segments }) => {
      const one = appender(size + lacking);
      for (const text of ["a", "b"]) one.appendEvents(events(text));
      assertEquals(segments(), lacking === 0 ? [0, 1] : [0]);
    });
  }
});

test("a full segment is sealed, and the next one starts with the next id", () =>
  withFolder(nodeStorage, ({ appender, stored, segments }) => {
    const one = appender(600);
    const other = appender(600);
    const ids = Array.from(
      { length: 12 },
      (_, n) => (n % 3 === 0 ? other : one).appendEvents(events(String(n))).id,
    );
    assertEquals(ids, ids.map((_, n) => n));
    assertEquals(stored(), ids.map(String));
    assert(segments().length > 2, segments().join());
    const tried: number[] = [];
    one.appendAfterChunks(events("12"), NO_CHUNKS, (segmentId) => tried.push(segmentId) > 0);
    assertEquals(tried, [segments().at(-1)]);
  }));

test("only a segment with events is sealed, and the next append starts a new one", () =>
  withFolder(nodeStorage, ({ appender, stored, segments }) => {
    const one = appender();
    one.seal();
    assertEquals(segments(), [0]);
    const other = appender();
    other.appendEvents(events("a"));
    one.close();
    one.seal();
    one.seal();
    assertEquals(segments(), [0, 1]);
    // It is appended after the seal, and appended again.
    assertEquals(other.appendEvents(events("b")).id, 1);
    assertEquals([stored(), segments()], [["a", "b"], [0, 1]]);
  }));

test("an ended partition accepts no append, even if others seal meanwhile", () =>
  withFolder(nodeStorage, ({ appender, segments }) => {
    const [one, other, third] = [appender(), appender(), appender()];
    one.appendEvents(events("a"));
    other.appendEvents(events("b"));
    third.appendEvents(events("c"));
    one.seal();
    // It still knows the segment that was sealed.
    other.sealForever();
    assertEquals(segments(), [0, 3]);
    for (const appender of [one, third, other]) {
      assertThrows(() => appender.appendEvents(events("d")), TopicDeletedError);
    }
    assertThrows(() => appender().appendEvents(events("d")), TopicDeletedError);
    // Once more does no harm.
    one.sealForever();
  }));

test("a seal says nothing but whether its partition has ended", () =>
  withFolder(nodeStorage, ({ appender, directory, segments }) => {
    const one = appender();
    const sealOf = (segmentId: number): number[] => {
      const trailer = nodeStorage.readWhole(`${directory}/${segmentName(segmentId)}`)!.slice(-RECORD_BYTES);
      return [trailer[RECORD.kind]!, trailer[RECORD.flags]!];
    };
    one.appendEvents(events("a"));
    one.seal();
    assertEquals(sealOf(0), [KIND.seal, 0]);
    one.appendEvents(events("b"));
    one.sealForever();
    assertEquals([segments(), sealOf(1)], [[0, 1], [KIND.seal, FLAG.terminal]]);
  }));

test("a partition that the disk keeps from being ended is not, and the caller learns it", () => {
  const { storage, next } = faulty();
  withFolder(storage, ({ appender }) => {
    const one = appender();
    one.appendEvents(events("a"));
    const full = new StorageError("ENOSPC", "Cannot append: the disk is full", { canRetry: true });
    next.push(() => full);
    assertEquals(assertThrows(() => one.sealForever()), full);
    assertEquals(one.appendEvents(events("b")).id, 1);
  });
});

test("a partly written frame is appended again, at most three times", () => {
  const { storage, next, appends } = faulty();
  withFolder(storage, ({ appender, stored }) => {
    const one = appender();
    one.appendEvents(events("a"));
    next.push(() => 1, (bytes) => bytes - 1);
    assertEquals(one.appendEvents(events("b")).id, 1);
    assertEquals(appends(), 4);
    next.push(() => 0, () => 64, (bytes) => bytes >> 1, () => 10);
    const error = assertThrows(
      () => one.appendEvents(events("c")),
      StorageError,
      "only a part of each of 3 writes",
    );
    assertEquals([error.errno, error.canRetry, error.mayBeStored], ["ENOSPC", true, false]);
    assertEquals(appends(), 7);
    next.length = 0;
    assertEquals(one.appendEvents(events("d")).id, 2);
    assertEquals(stored(), ["a", "b", "d"]);
  });
});

test("a frame refused by the system is not stored, and the next one is", () => {
  const { storage, next } = faulty();
  withFolder(storage, ({ appender, stored }) => {
    const one = appender();
    one.appendEvents(events("a"));
    const refusal = new StorageError("EDQUOT", "Cannot append: the quota is used up", { canRetry: true });
    next.push(() => refusal);
    assertEquals(assertThrows(() => one.appendEvents(events("b"))), refusal);
    assertEquals(one.file, undefined);
    appender().appendEvents(events("c"));
    assertEquals(one.appendEvents(events("d")).id, 2);
    assertEquals(stored(), ["a", "c", "d"]);
  });
});

// A runtime that loops over short writes had written a frame but for seven bytes when the disk was full. Pieces of two
// other writes that were cut short filled its size, so that it was read as a frame with a damaged trailer, though its
// push had failed as not stored.
test("a frame whose write fails within its trailer rejects with mayBeStored, one that lacks more does not", () => {
  const full = new StorageError("ENOSPC", "Cannot append: the disk is full", { canRetry: true });
  const cases = [[1, true], [7, true], [64, true], [65, false], [100, false]] as const;
  const lacks = [true, false].flatMap((isFirst) => cases.map((one) => [isFirst, ...one] as const));
  for (const [isFirst, missing, mayBeStored] of lacks) {
    let plan: ((bytes: Uint8Array) => Uint8Array) | undefined;
    const storage = changedStorage((file, _, mode) =>
      mode !== "append" ? {} : {
        append: (bytes) => {
          if (plan === undefined) return file.append(bytes);
          file.append(plan(bytes));
          throw full;
        },
      }
    );
    withFolder(storage, ({ appender, stored }) => {
      const one = appender();
      one.appendEvents(events("a"));
      // Another writer's frame comes first.
      if (!isFirst) appender().appendEvents(events("b"));
      plan = (bytes) => bytes.subarray(0, bytes.byteLength - missing);
      const error = assertThrows(() => one.appendEvents(events("c")), StorageError);
      assertEquals([error.errno, error.mayBeStored], ["ENOSPC", mayBeStored], `${missing} bytes missing`);
      plan = undefined;
      assertEquals(one.appendEvents(events("d")).id, isFirst ? 1 : 2);
      assertEquals(stored(), isFirst ? ["a", "d"] : ["a", "b", "d"]);
    });
  }
});

test("a frame whose write fails may be stored if its file cannot be read, unless nothing of it is there", () => {
  for (const [bytesWritten, mayBeStored] of [[0, false], [200, true]] as const) {
    let isFailing = false;
    const storage = changedStorage((file, _, mode) =>
      mode !== "append" ? {} : {
        append: (bytes) => {
          const written = file.append(isFailing ? bytes.subarray(0, bytesWritten) : bytes);
          if (isFailing) throw new StorageError("EIO", "Cannot append: the disk reported an error");
          return written;
        },
        readAt: (into, offset) => {
          if (isFailing) throw new StorageError("EIO", "Cannot read: the disk reported an error");
          return file.readAt(into, offset);
        },
      }
    );
    withFolder(storage, ({ appender }) => {
      const one = appender();
      one.appendEvents(events("a"));
      isFailing = true;
      const error = assertThrows(() => one.appendEvents(events("b")), StorageError, "Cannot append");
      assertEquals(error.mayBeStored, mayBeStored);
    });
  }
});

// Another process ended the topic, or appended, just before or after the write that failed. Such a frame is discarded, or
// proven to be torn, but its push said that it may be stored, so that its caller had to look for it.
test("a frame whose write fails within its trailer is not stored if the log has ended before it, or goes on within it", () => {
  const full = new StorageError("ENOSPC", "Cannot append: the disk is full", { canRetry: true });
  const ends = (other: Appender) => other.sealForever();
  const appends = (other: Appender) => other.appendEvents(events("b"));
  const seals = (other: Appender) => other.seal();
  const cases = [
    [ends, true, false],
    [ends, false, false],
    [seals, true, false],
    [seals, false, false],
    [appends, true, true],
    [appends, false, false],
  ] as const;
  for (const [act, isBefore, mayBeStored] of cases) {
    let meanwhile: (() => void) | undefined;
    const storage = changedStorage((file, _, mode) =>
      mode !== "append" ? {} : {
        append: (bytes) => {
          const others = meanwhile;
          if (others === undefined) return file.append(bytes);
          meanwhile = undefined;
          // What others encode is in the same memory.
          const most = bytes.slice(0, -7);
          if (isBefore) others();
          file.append(most);
          if (!isBefore) others();
          throw full;
        },
      }
    );
    withFolder(storage, ({ appender }) => {
      const [one, other] = [appender(), appender()];
      one.appendEvents(events("a"));
      meanwhile = () => act(other);
      const error = assertThrows(() => one.appendEvents(events("c")), StorageError);
      assertEquals([error.errno, error.mayBeStored], ["ENOSPC", mayBeStored], `${act.name} ${isBefore}`);
    });
  }
});

test("an appended frame that cannot be read back rejects with mayBeStored", () => {
  let isUnreadable = false;
  const storage = changedStorage((file, _, mode) =>
    mode !== "append" ? {} : {
      readAt: (into, offset) => {
        if (isUnreadable) throw new StorageError("EIO", "Cannot read: the disk reported an error");
        return file.readAt(into, offset);
      },
    }
  );
  withFolder(storage, ({ appender, stored }) => {
    const one = appender();
    one.appendEvents(events("a"));
    isUnreadable = true;
    const error = assertThrows(
      () => one.appendEvents(events("b")),
      StorageError,
      "may have been stored",
    );
    assertEquals([error.errno, error.mayBeStored], ["EIO", true]);
    assertInstanceOf(error.cause, StorageError);
    // It is opened again, for another look at where it ends.
    assertEquals(one.file, undefined);
    isUnreadable = false;
    assertEquals(one.appendEvents(events("c")).id, 2);
    assertEquals(stored(), ["a", "b", "c"]);
  });
});

test("an error that is not from the disk is passed on unchanged", () => {
  let bug: Error | undefined;
  const storage = changedStorage((file, _, mode) =>
    mode !== "append" ? {} : {
      readAt: (into, offset) => {
        if (bug !== undefined) throw bug;
        return file.readAt(into, offset);
      },
    }
  );
  withFolder(storage, ({ appender }) => {
    const one = appender();
    one.appendEvents(events("a"));
    bug = new RangeError("a bug");
    assertEquals(assertThrows(() => one.appendEvents(events("b"))), bug);
    bug = undefined;
  });
});

test("a last segment removed between listing and opening is looked up again, with a limit", () => {
  let isGone = 0;
  const storage = changedStorage(() => ({}));
  const open = storage.open;
  storage.open = (path, mode) => {
    if (mode === "append" && isGone > 0) {
      isGone--;
      throw new StorageError("ENOENT", `Cannot open "${path}": no such file`);
    }
    return open(path, mode);
  };
  withFolder(storage, ({ appender }) => {
    const one = appender();
    assertEquals(one.appendEvents(events("a")).id, 0);
    one.close();
    isGone = 99;
    assertEquals(one.appendEvents(events("b")).id, 1);
    one.close();
    isGone = 100;
    const error = assertThrows(() => one.appendEvents(events("c")), StorageError);
    assertEquals([error.errno, isGone], ["ENOENT", 0]);
  });
});

test("the first append makes the segment, and opens no other", () => {
  const storage = changedStorage(() => ({}));
  const open = storage.open;
  const opened: string[] = [];
  storage.open = (path, mode) => {
    opened.push(path);
    return open(path, mode);
  };
  withFolder(storage, ({ appender, directory }) => {
    appender().appendEvents(events("a"));
    assertEquals(opened, [`${directory}/${segmentName(0)}`]);
  });
});

test("other errors of opening the last segment are thrown at once", () => {
  let isRefused = false;
  const storage = changedStorage(() => ({}));
  const open = storage.open;
  let opens = 0;
  storage.open = (path, mode) => {
    if (mode !== "append" || !isRefused) return open(path, mode);
    opens++;
    throw new StorageError("EMFILE", "Cannot open: too many open files", { canRetry: true });
  };
  withFolder(storage, ({ appender }) => {
    const one = appender();
    one.appendEvents(events("a"));
    one.close();
    isRefused = true;
    assertEquals(assertThrows(() => one.appendEvents(events("b")), StorageError).errno, "EMFILE");
    assertEquals(opens, 1);
    isRefused = false;
    assertEquals(one.appendEvents(events("b")).id, 1);
  });
});

test("an abandoned segment gets no more appends, even if it is empty", () =>
  withFolder(nodeStorage, ({ appender, stored, segments, directory }) => {
    const one = appender();
    one.seal();
    assertEquals(segments(), [0]);
    one.abandonSegment();
    // It has no events: its name would also be the next one's, so it is opened again.
    assertEquals(one.appendEvents(events("a")).id, 0);
    assertEquals(segments(), [0]);
    one.abandonSegment();
    const before = nodeStorage.stat(`${directory}/${segmentName(0)}`)!.bytes;
    assertEquals(one.appendEvents(events("b")).id, 1);
    assertEquals(segments(), [0, 1]);
    // Only its seal.
    assertEquals(nodeStorage.stat(`${directory}/${segmentName(0)}`)!.bytes - before, 128);
    assertEquals(one.appendEvents(events("c")).segment.baseId, 1);
    assertEquals(stored(), ["a", "b", "c"]);
  }));

test("files that are no longer appended to are closed, or handed to their owner", () =>
  withFolder(nodeStorage, ({ directory }) => {
    const done: string[] = [];
    const partition = new Partition({ storage: nodeStorage, directory, topic: "topic", partition: 0 });
    const one = new Appender(partition, 1 << 20, {
      opened: () => done.push("opened"),
      retire: (file) => {
        done.push("retired");
        file.close();
      },
      isInDoubt: () => false,
      closeRetired: () => false,
      settle: () => true,
      syncFailed: (_, error) => error,
    });
    one.appendEvents(events("a"));
    assertEquals(done, ["opened"]);
    one.seal();
    assertEquals(done, ["opened", "retired"]);
    one.appendEvents(events("b"));
    one.close();
    one.close();
    assertEquals(done, ["opened", "retired", "opened", "retired"]);
    // An abandoned segment without events is the next one too, but by another open file.
    one.seal();
    done.length = 0;
    one.abandonSegment();
    one.appendEvents(events("c"));
    assertEquals(done, ["opened", "retired", "opened"]);
    assertEquals(one.appendEvents(events("d")).segment.baseId, 2);
    one.close();
    partition.close();
  }));

test("no frame ends with a byte that the next one could complete it by", () => {
  const ends = new Set<number>();
  const storage = changedStorage((file, _, mode) =>
    mode !== "append" ? {} : {
      append: (bytes) => {
        ends.add(bytes[bytes.byteLength - 1]!);
        return file.append(bytes);
      },
    }
  );
  withFolder(storage, ({ appender }) => {
    const one = appender();
    for (let n = 0; n < 600; n++) one.appendEvents(events("a"));
  });
  assert(ends.size > 150, `${ends.size} different ends`);
  assertEquals(HEADER_MAGIC_BYTES.filter((byte) => ends.has(byte)), []);
});

test("after a hole the segment is sealed with what was appended last, and else it is not", () => {
  const { storage, appends } = faulty();
  withFolder(storage, ({ appender, stored, segments, directory }) => {
    const path = `${directory}/${segmentName(0)}`;
    const one = appender();
    one.appendEvents(events("a"));
    one.sealAfterHole();
    assertEquals(appends(), 1);
    // Bytes that are not part of any frame, as left by a power cut.
    appendFileSync(path, new Uint8Array(300));
    assertEquals(one.appendEvents(events("b")).id, 1);
    assertEquals(appends(), 2);
    one.sealAfterHole();
    assertEquals([appends(), segments()], [3, [0, 2]]);
    one.sealAfterHole();
    assertEquals(appends(), 3);
    assertEquals(one.appendEvents(events("c")).segment.baseId, 2);
    assertEquals(stored(), ["a", "b", "c"]);
  });
});

test("what follows a hole is stored also where its seal is not, and the next append seals first", () => {
  const { storage, next } = faulty();
  withFolder(storage, ({ appender, stored, segments, directory }) => {
    const one = appender();
    one.appendEvents(events("a"));
    appendFileSync(`${directory}/${segmentName(0)}`, new Uint8Array(300));
    one.appendEvents(events("b"));
    next.push(() => new StorageError("ENOSPC", "Cannot append: the disk is full", { canRetry: true }));
    one.sealAfterHole();
    assertEquals(segments(), [0]);
    assertEquals(one.appendEvents(events("c")).segment.baseId, 2);
    assertEquals([stored(), segments()], [["a", "b", "c"], [0, 2]]);
    appendFileSync(`${directory}/${segmentName(2)}`, new Uint8Array(300));
    one.appendEvents(events("d"));
    const bug = new RangeError("a bug");
    next.push(() => {
      throw bug;
    });
    assertEquals(assertThrows(() => one.sealAfterHole()), bug);
  });
});

test("what follows a hole is stored also where its topic is deleted before it is sealed", () =>
  withFolder(nodeStorage, ({ appender, directory }) => {
    const one = appender();
    one.appendEvents(events("a"));
    appendFileSync(`${directory}/${segmentName(0)}`, new Uint8Array(300));
    one.appendEvents(events("b"));
    appender().sealForever();
    one.sealAfterHole();
    assertThrows(() => one.appendEvents(events("c")), TopicDeletedError);
  }));

test("a segment that another process begins just after this one sealed the last is appended to", () => {
  let before: (() => void) | undefined;
  const storage = changedStorage(() => ({}), {
    publish: (path, content, options) => {
      const others = path.endsWith(segmentName(1)) ? before : undefined;
      before = others === undefined ? before : undefined;
      others?.();
      return nodeStorage.publish(path, content, options);
    },
  });
  withFolder(storage, ({ appender, stored, segments }) => {
    const [one, other] = [appender(1), appender()];
    one.appendEvents(events("a"));
    before = () => other.appendEvents(events("b"));
    assertEquals(one.appendEvents(events("c")).id, 2);
    assertEquals([stored(), segments()], [["a", "b", "c"], [0, 1, 2]]);
  });
});

test("an append goes on however often others seal the segment before its frame lands", () =>
  withFolder(nodeStorage, ({ appender, segments }) => {
    const [one, other] = [appender(), appender()];
    let seals = 0;
    const landing = one.appendAfterChunks(events("a"), NO_CHUNKS, () => {
      if (seals++ === 5) return true;
      other.appendEvents(events("other"));
      other.seal();
      return true;
    });
    assertEquals([landing && landing.id, segments()], [5, [0, 1, 2, 3, 4, 5]]);
  }));

test("a frame is another's unless all of what tells frames apart is the same", () => {
  // Both get the same random numbers: the same lower half, and the same upper half.
  for (const drawn of [[1, 2, 1, 3], [1, 2, 4, 2]]) {
    const random = [...drawn];
    // The clock stands: a frame whose checksum has an unlucky end gets the next sequence. None of these has one.
    const sequences: number[] = [];
    const storage = changedStorage((file, _, mode) =>
      mode !== "append" ? {} : {
        append: (bytes) => {
          sequences.push(new DataView(bytes.buffer, bytes.byteOffset).getUint32(RECORD.sequence, true));
          return file.append(bytes);
        },
      }, { random32: () => random.shift() ?? 99, now: () => 1000 });
    withFolder(storage, ({ appender, stored }) => {
      const [one, other] = [appender(), appender()];
      // Each has written as many frames as the other before they meet.
      for (const each of [other, one]) each.appendEvents(events("first"));
      // Both expect their next frame, of one size, in the same place.
      assertEquals(other.appendEvents(events("a")).id, 2);
      assertEquals(one.appendEvents(events("b")).id, 3);
      assertEquals(sequences, [1, 1, 2, 2]);
      assertEquals(stored(), ["first", "first", "a", "b"]);
    });
  }
});

test("a frame is not an earlier one of a writer that drew the same numbers", () => {
  // The clock stands: a frame whose checksum has an unlucky end gets the next sequence.
  const random = [1, 2, 1, 2];
  withFolder(
    changedStorage(() => ({}), { random32: () => random.shift() ?? 99, now: () => 1000 }),
    ({ appender, stored }) => {
      const [one, other] = [appender(), appender()];
      for (const text of ["a", "b"]) one.appendEvents(events(text));
      assertEquals(other.appendEvents(events("c")).id, 2);
      // It expects its frame where the other one's lies, of the same size.
      assertEquals(one.appendEvents(events("d")).id, 3);
      assertEquals(stored(), ["a", "b", "c", "d"]);
    },
  );
});
