// One partition's folder: which segments exist, which are open, and what happens to them when they are removed.
import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import {
  CorruptedLogError,
  EventGoneError,
  LimitExceededError,
  StorageError,
  TopicDeletedError,
} from "../../../src/errors.ts";
import { AppendSignal } from "../../../src/log/segment/append_signal.ts";
import { PartitionFolder, type PartitionOptions } from "../../../src/log/segment/directory.ts";
import { INDEX_INTERVAL_BYTES } from "../../../src/log/segment/index.ts";
import { encodeSegmentHeader } from "../../../src/log/format/segment_header.ts";
import { segmentName } from "../../../src/log/segment/segment_file.ts";
import { Inode } from "../../simulation/disk/inode.ts";
import { SimulatedDisk } from "../../simulation/disk/disk.ts";
import { SimulatedProcess } from "../../simulation/disk/process.ts";
import { test } from "../../harness.ts";

const DIRECTORY = "/log";

/** A folder, and its disk. */
class Made {
  readonly storage: SimulatedProcess = new SimulatedProcess(new SimulatedDisk(1));
  readonly folder: PartitionFolder;

  constructor(options: Partial<PartitionOptions> = {}) {
    this.storage.makeDirectory(DIRECTORY);
    this.folder = this.open(options);
  }

  open(options: Partial<PartitionOptions> = {}): PartitionFolder {
    const { storage } = this;
    return new PartitionFolder({ storage, directory: DIRECTORY, topic: "t", partition: 3, ...options });
  }

  /** Puts a segment there, with a salt, after another one, with bytes after its header. */
  put(baseId: number, { salt = baseId + 1, after, bytes = 100 }: {
    salt?: number;
    after?: { baseId: number; salt: number };
    bytes?: number;
  } = {}): this {
    const header = encodeSegmentHeader({
      ...{ partition: 3, salt, baseId, created: 5 },
      after: after === undefined ? undefined : { ...after, sealOffset: 64 },
    });
    const { names } = this.storage.disk;
    names.link(this.path(baseId), new Inode());
    names.file(this.path(baseId)).append(header);
    names.file(this.path(baseId)).append(new Uint8Array(bytes));
    return this;
  }

  path(baseId: number): string {
    return `${DIRECTORY}/${segmentName(baseId)}`;
  }

  /** The names that listings return, one after the other; the last one repeatedly. Counts the listings. */
  listings(...ids: number[][]): () => number {
    let count = 0;
    this.storage.list = () => ids[Math.min(count++, ids.length - 1)]!.map(segmentName);
    return () => count;
  }
}

test("a folder is listed until two listings agree", () => {
  for (
    const [listings, ids, first, later] of [
      [[[]], [], 2, 2],
      [[[0]], [0], 2, 1],
      [[[0, 10]], [0, 10], 2, 1],
      [[[0, 20], [0, 10, 20]], [0, 10, 20], 3, 1],
      [[[0, 10], [10], [10, 20]], [10, 20], 4, 1],
      [[[0, 10], [0, 20]], [0, 20], 3, 1],
    ] as [number[][], number[], number, number][]
  ) {
    const made = new Made();
    for (const id of [0, 10, 20]) made.put(id);
    const count = made.listings(...listings);
    // What a listing lacks does not exist then.
    const { stat } = made.storage;
    const names = ids.map((id) => made.path(id));
    made.storage.stat = (path) => names.includes(path) ? stat.call(made.storage, path) : undefined;
    assertEquals(made.folder.segmentIds(), ids);
    assertEquals(count(), first, JSON.stringify(listings));
    assertEquals(made.folder.segmentIds(), ids);
    assertEquals(count(), first + later);
    assertEquals(made.folder.firstId(), ids[0] ?? 0);
  }
});

test("a listing with fewer segments than before counts as changed", () => {
  const made = new Made().put(0).put(10);
  const count = made.listings([0, 10], [0, 10], [0], [0, 10], [0, 10]);
  made.storage.stat = () => undefined;
  made.folder.segmentIds();
  assertEquals(made.folder.segmentIds(), [0, 10]);
  assertEquals(count(), 5);
});

test("a folder that keeps changing is listed ten times", () => {
  const made = new Made();
  let count = 0;
  made.storage.list = () => [segmentName(++count)];
  assertEquals(made.folder.segmentIds(), [10]);
  assertEquals(count, 10);
});

test("a listing that lacks the last segment is repeated, however many there are", () => {
  const made = new Made().put(0).put(10).put(20);
  assertEquals(made.folder.segmentIds(), [0, 10, 20]);
  const list = made.storage.list.bind(made.storage);
  let left = 4;
  made.storage.list = (path) => list(path).filter((name) => name !== segmentName(20) || left-- <= 0);
  assertEquals(made.folder.segmentIds(), [0, 10, 20]);
  assertEquals(left, -1);
});

test("the first listing of a folder is repeated, too, if it lacks the first segment of a log", () => {
  const made = new Made().put(0).put(10);
  const list = made.storage.list.bind(made.storage);
  // Two partial listings would agree.
  let left = 2;
  made.storage.list = (path) => left-- > 0 ? [] : list(path);
  assertEquals(made.folder.segmentIds(), [0, 10]);
});

test("the segments around an id are those of the last listing if it has the next one, and of a new one otherwise", () => {
  const made = new Made().put(10).put(20).put(30);
  const list = made.storage.list.bind(made.storage);
  let listings = 0;
  made.storage.list = (path) => {
    listings++;
    return list(path);
  };
  made.folder.segmentIds();
  const around = (id: number): [(number | undefined)[], lists: boolean] => {
    const before = listings;
    const { before: earlier, baseId, nextId } = made.folder.segmentFrom(id);
    return [[earlier, baseId, nextId], listings > before];
  };
  assertEquals(around(10), [[undefined, 10, 20], false]);
  assertEquals(around(11), [[10, 20, 30], false]);
  assertEquals(around(20), [[10, 20, 30], false]);
  // Segments are removed from the front, and begun at the end.
  assertEquals(around(9), [[undefined, 10, 20], true]);
  made.storage.remove(made.path(10));
  assertEquals(around(9), [[undefined, 20, 30], true]);
  made.put(40);
  assertEquals(around(30), [[20, 30, 40], true]);
  assertEquals(around(30), [[20, 30, 40], false]);
  assertEquals(around(31), [[30, 40, undefined], true]);
  assertEquals(around(41), [[40, undefined, undefined], true]);
  made.put(50);
  made.storage.remove(made.path(20));
  assertEquals(around(41), [[40, 50, undefined], true]);
});

test("a folder that kept changing while it was listed is listed again for each segment", () => {
  const made = new Made().put(10).put(20).put(30);
  let count = 0;
  made.storage.list = () => count++ % 2 === 0 ? [10, 20, 30].map(segmentName) : [20, 30].map(segmentName);
  made.storage.stat = () => undefined;
  made.folder.segmentIds();
  assertEquals(count, 10);
  made.folder.segmentFrom(20);
  assertEquals(count, 20);
});

test("changing a returned list of segments does not affect later ones", () => {
  const made = new Made().put(0).put(10);
  made.folder.segmentIds().pop();
  assertEquals(made.folder.segmentIds(), [0, 10]);
});

test("an empty first segment that is not followed by the second is a ghost", () => {
  const of = (baseId: number, salt: number) => ({ baseId, salt });
  const cases: [what: string, made: Made, ids: number[]][] = [
    ["made again", new Made().put(0, { bytes: 0 }).put(10, { after: of(0, 99) }), [10]],
    ["of another id", new Made().put(0, { bytes: 0 }).put(10, { after: of(5, 0) }), [10]],
    ["the very one", new Made().put(0, { bytes: 0 }).put(10, { after: of(0, 1) }), [0, 10]],
    ["a salt that is not known", new Made().put(0, { bytes: 0 }).put(10, { after: of(0, 0) }), [0, 10]],
    ["not empty", new Made().put(0, { bytes: 1 }).put(10, { after: of(0, 99) }), [0, 10]],
    [
      "from the first event on",
      new Made().put(1, { bytes: 0 }).put(10, { after: of(1, 99) }),
      [10],
    ],
    ["alone", new Made().put(0, { bytes: 0 }), [0]],
  ];
  for (const [what, { folder }, ids] of cases) {
    assertEquals(folder.segmentIds(), ids, what);
    assertEquals(folder.segmentIds(), ids, what);
  }
});

test("an empty segment that was alone is a ghost as soon as one follows that does not name it", () => {
  const made = new Made().put(0, { bytes: 0 });
  assertEquals(made.folder.segmentIds(), [0]);
  made.put(10, { after: { baseId: 0, salt: 99 } });
  assertEquals(made.folder.segmentIds(), [10]);
});

test("a ghost says nothing about the segment after it, which is read", () => {
  for (const after of [{ baseId: 5, salt: 99 }, { baseId: 4, salt: 99 }]) {
    const { folder } = new Made().put(5, { bytes: 0 }).put(10, { after });
    assertEquals(folder.segmentIds(), [10]);
    assertEquals(folder.segment(10).isUnreadable, false);
  }
});

test("a first segment is checked once for being a ghost", () => {
  const made = new Made().put(0).put(10).put(20);
  let looks = 0;
  const stat = made.storage.stat.bind(made.storage);
  made.storage.stat = (path) => {
    const found = stat(path);
    // The last one is looked at after each listing.
    if (found !== undefined && path !== made.path(20)) looks++;
    return found;
  };
  made.folder.segmentIds();
  made.folder.segmentIds();
  assertEquals(looks, 1);
  made.storage.remove(made.path(0));
  assertEquals(made.folder.segmentIds(), [10, 20]);
  assertEquals(looks, 2);
  made.storage.remove(made.path(20));
  made.folder.segmentIds();
  assertEquals(looks, 2);
});

test("a segment removed while it is checked is not a ghost, and other errors are thrown", () => {
  const made = new Made().put(0, { bytes: 0 }).put(10, { after: { baseId: 0, salt: 99 } });
  made.folder.segmentIds();
  const failing = (errno: string) => {
    const folder = made.open();
    const open = made.storage.open;
    made.storage.open = () => {
      throw new StorageError(errno, "cannot open");
    };
    return { folder, again: () => made.storage.open = open };
  };
  const missing = failing("ENOENT");
  assertEquals(missing.folder.segmentIds(), [0, 10]);
  missing.again();
  const broken = failing("EIO");
  assertThrows(() => broken.folder.segmentIds(), StorageError, "cannot open");
  broken.again();
});

test("listing sets the end of open segments", () => {
  const made = new Made().put(0);
  const segment = made.folder.segment(0);
  made.folder.segmentIds();
  assertEquals(segment.endId, undefined);
  made.put(10).put(20);
  made.folder.segmentIds();
  assertEquals(segment.endId, 10);
  assertEquals(made.folder.segment(20).endId, undefined);
  assertEquals(made.folder.segment(10, 20).endId, 20);
  assertEquals(made.folder.segment(0).endId, 10);
});

test("a missing folder means a deleted topic, and other errors are thrown", () => {
  const made = new Made();
  made.storage.removeTree(DIRECTORY);
  assertThrows(() => made.folder.segmentIds(), TopicDeletedError);
  made.storage.list = () => {
    throw new StorageError("EIO", "cannot list");
  };
  assertThrows(() => made.folder.segmentIds(), StorageError, "cannot list");
});

test("a folder that is missing in a topic that is there is named", () => {
  const made = new Made();
  const directory = "/topic/partitions/3";
  for (const path of ["/topic", "/topic/partitions"]) made.storage.makeDirectory(path);
  const folder = made.open({ directory });
  assertThrows(() => folder.segmentIds(), TopicDeletedError);
  made.storage.publish("/topic/topic.json", new Uint8Array(1));
  const { errno } = assertThrows(
    () => folder.segmentIds(),
    StorageError,
    `its folder "${directory}" is missing`,
  );
  assertEquals(errno, "ENOTDIR");
});

test("the four segments used last stay open", () => {
  const made = new Made();
  for (let id = 0; id < 6; id++) made.put(id);
  const segments = [0, 1, 2, 3].map((id) => made.folder.segment(id));
  const open = () => segments.filter(({ isOpen }) => isOpen).map(({ baseId }) => baseId);
  assertEquals(open(), [0, 1, 2, 3]);
  assertEquals(made.folder.segment(0), segments[0]);
  segments.push(made.folder.segment(4));
  assertEquals(open(), [0, 2, 3, 4]);
  // One that is closed separately does not count.
  segments[2]!.close();
  segments.push(made.folder.segment(5));
  assertEquals(open(), [0, 3, 4, 5]);
  void segments[2]!.file;
  assertEquals(open(), [0, 2, 3, 4, 5]);
  made.folder.segment(1);
  assertEquals(open(), [0, 2, 4, 5]);
  made.folder.close();
  assertEquals(open(), []);
  assertEquals(made.folder.segment(0) === segments[0], false);
  made.folder.close();
});

test("looking up a missing event's segment says why it is missing", () => {
  const made = new Made().put(10).put(20).put(40);
  const { folder } = made;
  assertEquals(folder.segmentOf(20, 25).baseId, 20);
  const gone = assertThrows(() => folder.segmentOf(0, 5), EventGoneError);
  assertEquals([gone.partition, gone.id, gone.firstId], [3, 5, 10]);
  // The event exists, and its data was in a segment that was removed.
  const data = assertThrows(() => folder.segmentOf(0, 15), EventGoneError);
  assertEquals([data.partition, data.id, data.firstId], [3, 15, 16]);
  // The first event that exists.
  assertEquals(assertThrows(() => folder.segmentOf(0, 10), EventGoneError).firstId, 11);
  const { damage } = assertThrows(() => folder.segmentOf(30, 35), CorruptedLogError);
  assertEquals(damage, {
    ...{ topic: "t", partition: 3, firstId: 35, endId: 36 },
    ...{ file: made.path(30), offset: 0, reason: "the segment with its data is missing" },
  });
  assertThrows(() => folder.segmentOf(11, 12), CorruptedLogError);
  // The first one is listed, and cannot be opened.
  const folderAnew = made.open();
  made.storage.open = () => {
    throw new StorageError("ENOENT", "cannot find");
  };
  folderAnew.segmentIds = () => [10, 20, 40];
  assertThrows(() => folderAnew.segmentOf(10, 12), CorruptedLogError);
  made.storage.open = () => {
    throw new StorageError("EIO", "cannot open");
  };
  folder.close();
  assertThrows(() => folder.segmentOf(40, 41), StorageError, "cannot open");
});

test("a segment whose file was replaced is opened again", () => {
  const made = new Made().put(0).put(10);
  const before = made.folder.segmentOf(10, 10);
  before.close();
  made.storage.remove(made.path(10));
  assertThrows(() => made.folder.segmentOf(10, 10), CorruptedLogError);
  made.put(10, { salt: 77 });
  assertEquals(made.folder.segmentOf(10, 10).salt, 77);
});

test("a segment is dropped and closed by its name", () => {
  const made = new Made().put(0);
  const first = made.folder.segment(0);
  made.folder.segments.release(0);
  assertEquals(first.isOpen, false);
  const second = made.folder.segment(0);
  assertEquals(second === first, false);
  made.folder.segments.release(0);
  assertEquals(second.isOpen, false);
  assertEquals(made.folder.segment(0) === second, false);
  made.folder.segments.release(99);
  made.folder.close();
});

test("a segment is created only after the same last file", () => {
  const after = (baseId: number, salt: number) => ({ baseId, salt, sealOffset: 64 });
  const is = (made: Made, baseId: number) => made.storage.stat(made.path(baseId)) !== undefined;
  let made = new Made();
  made.folder.createSegment(0);
  assertEquals(is(made, 0), true);
  const { salt, partition, baseId, created, previous } = made.folder.segment(0);
  assertEquals([partition, baseId, created], [3, 0, made.storage.now()]);
  assertEquals(previous, { baseId: 0, salt: 0, sealOffset: 0 });
  made.folder.createSegment(10, after(0, salt + 1));
  assertEquals(is(made, 10), false);
  made.folder.createSegment(10, after(5, salt));
  assertEquals(is(made, 10), false);
  made.folder.createSegment(10);
  assertEquals(is(made, 10), false);
  made.folder.createSegment(10, after(0, salt));
  assertEquals(is(made, 10), true);
  assertEquals(made.folder.segment(10).previous, after(0, salt));
  made.folder.createSegment(20, after(0, salt));
  assertEquals(is(made, 20), false);
  made.folder.createSegment(20, after(10, made.folder.segment(10).salt));
  assertEquals(is(made, 20), true);
  made.storage.remove(made.path(20));
  // Another process has created it.
  made.folder.createSegment(10, after(0, salt));
  assertEquals(made.folder.segmentIds(), [0, 10]);

  made = new Made();
  made.folder.createSegment(10, after(0, 5));
  assertEquals(is(made, 10), false);
});

test("a last segment removed while it is read is ignored and closed, and other errors are thrown", () => {
  const made = new Made().put(0);
  const after = { baseId: 0, salt: 1, sealOffset: 64 };
  let failure: string | undefined;
  let open = 0;
  const openFile = made.storage.open.bind(made.storage);
  made.storage.open = (path, mode) => {
    if (failure !== undefined) throw new StorageError(failure, "cannot open");
    const file = openFile(path, mode);
    open++;
    file.close = () => void open--;
    return file;
  };
  failure = "ENOENT";
  made.folder.createSegment(10, after);
  assertEquals(made.folder.segmentIds(), [0]);
  failure = "EIO";
  assertThrows(() => made.folder.createSegment(10, after), StorageError, "cannot open");
  failure = undefined;
  made.folder.createSegment(10, after);
  assertEquals(made.folder.segmentIds(), [0, 10]);
  // Those that were opened are closed again.
  assertEquals(open, 0);
});

test("a segment is not created beyond the largest id", () => {
  const { folder } = new Made();
  assertThrows(() => folder.createSegment(2 ** 53), LimitExceededError, "no id for another event");
  assertEquals(folder.names(), []);
});

test("a segment is not created in a missing folder", () => {
  const made = new Made();
  made.storage.removeTree(DIRECTORY);
  assertThrows(() => made.folder.createSegment(0), TopicDeletedError);
  made.storage.publish = () => {
    throw new StorageError("ENOSPC", "cannot write");
  };
  assertThrows(() => made.folder.createSegment(0), StorageError, "cannot write");
  // The folder existed again by the time it was listed.
  const replaced = new Made();
  const { publish } = replaced.storage;
  let failures = 0;
  replaced.storage.publish = (...parameters) => {
    if (failures++ < 19) throw new StorageError("ENOENT", "cannot write");
    return publish.apply(replaced.storage, parameters);
  };
  assertEquals(replaced.folder.createSegment(0), true);
  const failing = new Made();
  failing.storage.publish = () => {
    throw new StorageError("ENOENT", "cannot write");
  };
  assertThrows(() => failing.folder.createSegment(0), StorageError, "cannot write");
});

test("reading is retried while segments are being removed, with a limit", () => {
  const { folder } = new Made();
  let looks = 0;
  const missingUntil = (count: number) => () => {
    if (++looks < count) throw new StorageError("ENOENT", "gone");
    return looks;
  };
  assertEquals(folder.look(missingUntil(1)), 1);
  looks = 0;
  assertEquals(folder.look(missingUntil(20)), 20);
  looks = 0;
  assertThrows(() => folder.look(missingUntil(21)), StorageError, "gone");
  assertEquals(looks, 20);
  looks = 0;
  assertThrows(() =>
    folder.look(() => {
      looks++;
      throw new StorageError("EIO", "broken");
    }), StorageError);
  assertEquals(looks, 1);
});

test("a folder knows the size of its segments, and keeps those that others need", () => {
  const made = new Made().put(0, { bytes: 36 }).put(10);
  assertEquals([made.folder.bytesOf(0), made.folder.bytesOf(99)], [100, 0]);
  made.folder.keepForSegment(10, 0);
  assertEquals([...made.folder.listing().needs], [[10, [0]]]);
});

test("a folder has the options it was opened with, and defaults", () => {
  const made = new Made();
  const { storage } = made;
  assertEquals(made.folder.indexIntervalBytes, INDEX_INTERVAL_BYTES);
  assertInstanceOf(made.folder.appendSignal, AppendSignal);
  const appendSignal = new AppendSignal(storage, "/other");
  const folder = made.open({ appendSignal, indexIntervalBytes: 7 });
  assertEquals(folder.appendSignal === appendSignal, true);
  const { topic, partition, directory, indexIntervalBytes } = folder;
  assertEquals([topic, partition, directory, indexIntervalBytes], ["t", 3, DIRECTORY, 7]);
  assertEquals(folder.storage === storage, true);
});

test("an append takes the lock if locking is enabled, and no lock otherwise", () => {
  const made = new Made();
  const locked = made.open({ useLocking: true });
  const isLocked = () => made.storage.stat(`${DIRECTORY}.lock`) !== undefined;
  assertEquals([made.folder.isLocking, locked.isLocking], [false, true]);
  assertEquals(made.folder.alone(isLocked), false);
  assertEquals(locked.alone(isLocked), true);
  assertEquals(isLocked(), false);
  assertThrows(
    () =>
      locked.alone(() => {
        throw new StorageError("ENOENT", "gone");
      }),
    StorageError,
    "gone",
  );
  made.storage.removeTree(DIRECTORY);
  assertThrows(() =>
    locked.alone(() => {
      throw new StorageError("ENOENT", "gone");
    }), TopicDeletedError);
  assertThrows(
    () =>
      locked.alone(() => {
        throw new StorageError("EIO", "broken");
      }),
    StorageError,
    "broken",
  );
});
