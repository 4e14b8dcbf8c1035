import { assertEquals, assertThrows } from "@std/assert";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CorruptedLogError, EventGoneError, StorageError } from "../../../mod.ts";
import { Partition } from "../../../src/log/partition.ts";
import { PartitionReader } from "../../../src/log/read/reader.ts";
import { readWindow } from "../../../src/log/segment/window.ts";
import { removeBefore } from "../../../src/log/segment/removal.ts";
import { PartitionWriter } from "../../../src/log/write/writer.ts";
import { nodeStorage } from "../../../src/storage/node.ts";
import type { Storage } from "../../../src/storage/port.ts";
import { test } from "../../harness.ts";
import { PartitionFolder } from "../partition_folder.ts";

const READER = { dataWanted: false, onCorruption: "throw" } as const;

/** Runs a body with a partition of three segments, of two events each, which it reads through `storage`. */
async function withSegments(
  storageOf: (directory: string) => Storage,
  body: (partition: Partition, directory: string) => void,
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "diaspora-reader-"));
  try {
    const written = new Partition({ storage: nodeStorage, directory, topic: "topic", partition: 0 });
    const writer = new PartitionWriter(written, { flushBehavior: "buffered", segmentBytesMax: 1 });
    for (let batch = 0; batch < 3; batch++) {
      writer.append({ count: 2, metadata: ["1", "2"], dataBytes: 0 });
    }
    await writer.close();
    written.close();
    const partition = new Partition({
      storage: storageOf(directory),
      directory,
      topic: "topic",
      partition: 0,
    });
    try {
      body(partition, directory);
    } finally {
      partition.close();
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** The file system, on which a segment is removed just before it is opened. */
function removing(baseId: number): (directory: string) => Storage {
  const name = `${String(baseId).padStart(20, "0")}.log`;
  return () => ({
    ...nodeStorage,
    open(path, mode) {
      if (path.endsWith(name)) rmSync(path, { force: true });
      return nodeStorage.open(path, mode);
    },
  });
}

test("seek() finds the first event although its segment is removed meanwhile", () =>
  withSegments(removing(0), (partition) => {
    const reader = new PartitionReader(partition, READER);
    reader.seek("earliest");
    assertEquals([reader.position, reader.read(10)?.baseId], [2, 2]);
  }));

test("seek() to an event whose segment is removed meanwhile reports it as gone", () =>
  withSegments(removing(0), (partition) => {
    const reader = new PartitionReader(partition, READER);
    const error = assertThrows(() => reader.seek({ id: 1 }), EventGoneError);
    assertEquals([error.id, error.firstId], [1, 2]);
  }));

test("a seek that fails leaves the reader where it was, also in the middle of a frame", () => {
  let isFailing = false;
  const failing: Storage = {
    ...nodeStorage,
    open(path, mode) {
      if (isFailing) throw new StorageError("EIO", "Cannot open: simulated");
      return nodeStorage.open(path, mode);
    },
  };
  return withSegments(() => failing, (partition) => {
    const reader = new PartitionReader(partition, READER);
    assertEquals(reader.read(1)?.baseId, 0);
    isFailing = true;
    for (const to of ["latest", { id: 4 }] as const) {
      assertThrows(() => reader.seek(to), StorageError, "Cannot open");
    }
    isFailing = false;
    assertEquals([reader.position, reader.read(9)?.baseId], [1, 1]);
  });
});

test("read() reports an event as gone if its segment is removed meanwhile", () =>
  withSegments(removing(2), (partition, directory) => {
    const reader = new PartitionReader(partition, READER);
    reader.seek("earliest");
    assertEquals(reader.read(10)?.count, 2);
    rmSync(join(directory, readdirSync(directory).filter((name) => name.endsWith(".log")).sort()[0]));
    const error = assertThrows(() => reader.read(10), EventGoneError);
    assertEquals([error.id, error.firstId], [2, 4]);
    reader.seek("earliest");
    assertEquals(reader.read(10)?.baseId, 4);
  }));

test("read() names the file if a later segment cannot be opened", () =>
  withSegments(removing(2), (partition) => {
    const reader = new PartitionReader(partition, READER);
    reader.seek("earliest");
    reader.read(10);
    const error = assertThrows(() => reader.read(10), StorageError);
    assertEquals(error.errno, "ENOENT");
  }));

test("the rest of a frame is checked again if other reads came between, and is as it was stored", () => {
  for (const isDamaged of [false, true]) {
    using folder = new PartitionFolder();
    using other = new PartitionFolder();
    const texts = ['"one"', '"two"', '"three"', '"four"'];
    folder.writer().append({ count: 4, metadata: texts, dataBytes: 0 });
    other.writer().append({ count: 1, metadata: ["1"], dataBytes: 0 });
    const [reader, another] = [folder, other].map((each) => new PartitionReader(each.open(), READER));
    assertEquals(reader!.read(2)?.joinedText?.(), '"one","two"');
    assertEquals(another!.read(1)?.count, 1);
    if (isDamaged) {
      const path = join(folder.directory, "00000000000000000000.log");
      const bytes = readFileSync(path);
      bytes.write("T", bytes.indexOf("three"));
      writeFileSync(path, bytes);
      assertThrows(() => reader!.read(2)?.joinedText?.(), CorruptedLogError);
    } else {
      assertEquals(reader!.read(1)?.joinedText?.(), '"three"');
      assertEquals(another!.read(1), undefined);
      assertEquals(reader!.read(5)?.metadataText?.(0), '"four"');
    }
  }
});

test("the rest of a frame that was damaged meanwhile is passed over, and reported from its next event on", () => {
  using folder = new PartitionFolder();
  using other = new PartitionFolder();
  const texts = ['"one"', '"two"', '"three"', '"four"'];
  folder.writer().append({ count: 4, metadata: texts, dataBytes: 0 });
  folder.writer().append({ count: 1, metadata: ['"five"'], dataBytes: 0 });
  other.writer().append({ count: 1, metadata: ["1"], dataBytes: 0 });
  const lost: number[][] = [];
  const reader = new PartitionReader(folder.open(), {
    ...{ dataWanted: false, onCorruption: "skip" },
    onDamage: ({ damage: { firstId, endId, offset } }) => lost.push([firstId, endId, offset]),
  });
  const another = new PartitionReader(other.open(), READER);
  assertEquals(reader.read(1)?.count, 1);
  another.read(1);
  const path = join(folder.directory, "00000000000000000000.log");
  const bytes = readFileSync(path);
  bytes.write("T", bytes.indexOf("three"));
  writeFileSync(path, bytes);
  const { baseId, count } = reader.read(2)!;
  assertEquals([baseId, count, lost, reader.position], [4, 1, [[1, 4, 64]], 5]);
  assertEquals([reader.read(9), lost.length], [undefined, 1]);
});

test("a reader moves back to where it was, in the middle of a frame or between two", () =>
  withSegments(() => nodeStorage, (partition) => {
    for (const before of [1, 2]) {
      for (const beyond of [0, 1, 2]) {
        const reader = new PartitionReader(partition, READER);
        reader.seek("earliest");
        assertEquals(reader.read(before)!.count, before);
        const moveBack = reader.remember();
        reader.seek({ id: 4 });
        if (beyond > 0) assertEquals(reader.read(beyond)!.count, beyond);
        moveBack();
        assertEquals(reader.position, before);
        for (let id = before; id < 6; id++) assertEquals(reader.read(1)!.baseId, id);
      }
    }
  }));

test("a reader that begins before the first event left says so, and goes on from there", () =>
  withSegments((directory) => {
    rmSync(join(directory, `${"0".repeat(20)}.log`));
    return nodeStorage;
  }, (partition) => {
    const reader = new PartitionReader(partition, READER);
    for (let attempt = 0; attempt < 2; attempt++) {
      assertEquals(assertThrows(() => reader.read(9), EventGoneError).firstId, 2);
    }
    reader.seek("earliest");
    assertEquals(reader.read(9)!.baseId, 2);
  }));

for (const isClosed of [false, true]) {
  const how = isClosed ? "closed for want of descriptors" : "open";
  test(`a reader goes on after a segment that was removed once it had read it, while its file is ${how}`, () =>
    withSegments(() => nodeStorage, (partition, directory) => {
      const other = new Partition({ storage: nodeStorage, directory, topic: "topic", partition: 0 });
      const reader = new PartitionReader(partition, READER);
      reader.seek("earliest");
      const ids: number[] = [];
      for (const firstId of [2, 4]) {
        const batch = reader.read(2)!;
        ids.push(batch.baseId, batch.baseId + 1);
        if (isClosed) assertEquals(partition.segments.closeIdle(), true);
        // Other readers have used the window.
        readWindow.clear();
        // All of it was delivered: nothing is gone for this reader.
        assertEquals(removeBefore(other, firstId, 0), true);
        assertEquals(reader.position, firstId);
        assertEquals(reader.hasNews(), true);
      }
      assertEquals([reader.read(2)?.baseId, reader.read(2)], [4, undefined]);
      assertEquals(ids, [0, 1, 2, 3]);
      other.close();
    }));
}

test("a reader at the end goes on after its segment, which was closed for want of descriptors, sealed and removed", () => {
  using folder = new PartitionFolder();
  const [writer, partition, other] = [folder.writer(), folder.open(), folder.open()];
  writer.append({ count: 2, metadata: ["1", "2"], dataBytes: 0 });
  const reader = new PartitionReader(partition, READER);
  reader.seek("earliest");
  assertEquals([reader.read(2)?.count, reader.read(2)], [2, undefined]);
  assertEquals(partition.segments.closeIdle(), true);
  readWindow.clear();
  folder.seal();
  writer.append({ count: 1, metadata: ["3"], dataBytes: 0 });
  assertEquals(removeBefore(other, 2, 0), true);
  // All before it was delivered: nothing is gone for this reader.
  assertEquals([reader.hasNews(), reader.read(2)?.baseId], [true, 2]);
});
