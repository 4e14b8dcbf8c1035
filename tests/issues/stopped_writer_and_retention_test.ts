// A writer was stopped just before it gave the next segment its name. Others created that segment and filled
// it, and retention removed it; the writer resumed and created it again, empty, so removed events were reported
// as damage. Retention also removed other writers' drafts, and an idle producer whose segment had been removed
// got a TypeError, or ENOENT with many writers and frequent retention, instead of appending to the current
// segment.
import { assertEquals, assertGreater } from "@std/assert";
import { existsSync, mkdirSync, readdirSync, renameSync, utimesSync, writeFileSync } from "node:fs";
import { Driver, TopicDeletedError } from "../../mod.ts";
import { encodeSegmentHeader } from "../../src/log/format/segment_header.ts";
import { nodeStorage } from "../../src/storage/node.ts";
import type { Storage } from "../../src/storage/port.ts";
import { removeBefore } from "../../src/log/mod.ts";
import { test } from "../harness.ts";
import { PartitionFolder, single } from "../log/partition_folder.ts";
import { changedStorage } from "../log/port_wrapper.ts";
import { watchedStorage } from "../log/watched_storage.ts";

const MOMENTS = ["before the draft", "before the question", "after the question"] as const;

/** A storage in which something happens once, at a chosen moment while the second segment is published. */
function interrupted(when: typeof MOMENTS[number], happen: () => void): Storage {
  let segments = 0;
  const reach = (moment: typeof when) => {
    if (moment === when && segments === 2) happen();
  };
  return {
    ...nodeStorage,
    publish(path, content, options = {}) {
      if (!path.endsWith(".log")) return nodeStorage.publish(path, content, options);
      segments++;
      reach("before the draft");
      return nodeStorage.publish(path, content, {
        ...options,
        confirm: () => {
          reach("before the question");
          const isWanted = options.confirm?.() !== false;
          reach("after the question");
          return isWanted;
        },
      });
    },
  };
}

/** Fills segments and removes all but the last, as other processes do. */
function rollAndTrim(folder: PartitionFolder): number {
  const other = folder.writer();
  for (let round = 0; round < 3; round++) {
    other.append(single('"other"', 100));
    folder.seal();
  }
  const id = other.append(single('"last"', 100)) as number;
  const partition = folder.open();
  removeBefore(partition, partition.segmentIds().at(-1)!, 0);
  void other.close();
  return id;
}

for (const moment of MOMENTS) {
  test(`a writer that was stopped ${moment} does not recreate a segment that was filled and removed`, async () => {
    using folder = new PartitionFolder();
    let last = -1;
    const storage = interrupted(moment, () => last = rollAndTrim(folder));
    const writer = folder.writer({}, storage);
    for (const name of ['"one"', '"two"']) writer.append(single(name, 50));
    folder.seal(storage);
    assertGreater(last, 2);
    assertEquals(writer.append(single('"after"')), last + 1);
    assertEquals(folder.open().firstId(), last);
    assertEquals(folder.events().map(({ id, metadata }) => [id, metadata]), [[last, '"last"'], [
      last + 1,
      '"after"',
    ]]);
    assertEquals(await folder.damage(), []);
    // The next removal also deletes the empty one, if there is one.
    const other = folder.writer();
    folder.seal();
    other.append(single('"next"'));
    removeBefore(folder.open(), folder.open().segmentIds().at(-1)!, 0);
    assertEquals(readdirSync(folder.directory).filter((name) => name.endsWith(".log")).length, 1);
    await other.close();
    await writer.close();
  });
}

// The write of a frame was cut in two by another append, so that the frame was not found; before the writer asked for
// the size of the file, the segment was sealed and removed, and the push was refused with ENOENT.
test("a push whose write was cut in two is stored, whenever its segment is sealed and removed", () => {
  let removals = 0;
  for (let moment = 0, isLast = false; !isLast; moment++) {
    using folder = new PartitionFolder();
    const other = folder.writer();
    let isCutting = false;
    let calls: number | undefined;
    const call = () => {
      if (calls === undefined || calls++ !== moment) return;
      calls = undefined;
      removals++;
      rollAndTrim(folder);
    };
    const storage = changedStorage((file, path, mode) =>
      mode !== "append" || !path.endsWith(".log") ? {} : {
        append: (bytes) => {
          if (!isCutting) return file.append(bytes);
          isCutting = false;
          file.append(bytes.subarray(0, 40));
          other.append(single('"between"'));
          file.append(bytes.subarray(40));
          calls = 0;
          return bytes.byteLength;
        },
        readAt: (into, offset) => {
          call();
          return file.readAt(into, offset);
        },
        size: () => {
          call();
          return file.size();
        },
      }
    );
    const writer = folder.writer({}, storage);
    writer.append(single('"first"'));
    isCutting = true;
    const id = writer.append(single('"second"'));
    isLast = calls !== undefined;
    const isRemoved = (id as number) < folder.open().firstId();
    const stored = folder.events().filter((event) => event.metadata === '"second"').map((event) => event.id);
    assertEquals(stored, isRemoved ? [] : [id], `call ${moment}`);
    void other.close();
    void writer.close();
  }
  assertGreater(removals, 3);
});

test("a segment truncated to its header is damage, and is not skipped silently", async () => {
  using folder = new PartitionFolder();
  const writer = folder.writer();
  writer.append(single('"lost"'));
  folder.seal();
  writer.append(single('"there"'));
  const path = `${folder.directory}/00000000000000000000.log`;
  const header = nodeStorage.readWhole(path)!.slice(0, 64);
  await new Promise((resolve) => setTimeout(resolve, 5));
  writeFileSync(path, header);
  assertEquals(await folder.damage(), ["the end of the segment is missing at 64"]);
  await writer.close();
});

test("a writer that was stopped adds no segment of a deleted topic to a new topic of the same name", async () => {
  for (const moment of MOMENTS) {
    using folder = new PartitionFolder();
    const storage = interrupted(moment, () => {
      renameSync(folder.directory, `${folder.directory}-deleted`);
      mkdirSync(folder.directory);
      const other = folder.writer();
      other.append(single('"new topic"'));
      void other.close();
    });
    const writer = folder.writer({}, storage);
    writer.append(single('"old topic"'));
    try {
      folder.seal(storage);
    } catch (error) {
      if (!(error instanceof TopicDeletedError)) throw error;
    }
    assertEquals(readdirSync(folder.directory).filter((name) => name.endsWith(".log")), [
      "00000000000000000000.log",
    ], moment);
    assertEquals(folder.events().map(({ metadata }) => metadata), ['"new topic"']);
    await writer.close();
    nodeStorage.removeTree(`${folder.directory}-deleted`);
  }
});

test("retention keeps the drafts of live writers, and removes those of killed ones", () => {
  using folder = new PartitionFolder();
  const { directory } = folder;
  const content = encodeSegmentHeader({ partition: 0, salt: 1, baseId: 0, created: 1 });
  const drafts = ["new", "old"].map((name) => `${directory}/00000000000000000000.log.${name}.draft`);
  const partition = folder.open();
  partition.createSegment(0);
  partition.createSegment(1, { baseId: 0, sealOffset: 64, salt: partition.segment(0).salt });
  for (const draft of drafts) writeFileSync(draft, content);
  const long = Date.now() / 1000 - 7200;
  utimesSync(drafts[1], long, long);
  removeBefore(partition, 1, 0);
  assertEquals(drafts.map((draft) => existsSync(draft)), [true, false]);
});

test("an idle producer whose segment was rolled and removed pushes into the current one", async () => {
  for (const flushBehavior of ["buffered", "on_flush", "immediate"] as const) {
    using folder = new PartitionFolder();
    await using driver = await Driver.open("files", { root_path: folder.directory });
    await driver.createTopic("t", { segment_bytes: 4096, flush_behavior: flushBehavior });
    await using topic = await driver.openTopic("t");
    await using idle = topic.producer("idle");
    await using busy = topic.producer("busy");
    assertEquals(await idle.push({ from: "idle" }), 0);
    for (let count = 0; count < 40; count++) await busy.push({ count }, new Uint8Array(1000));
    await topic.trim({ maxBytes: 1 });
    const [{ firstId, nextId }] = await topic.describe();
    assertGreater(firstId, 30);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assertEquals(await idle.push({ from: "idle", again: true }), nextId);
    assertEquals(await busy.push({}), nextId + 1);
  }
});

test("the last segment may be removed between its listing and its opening, repeatedly", async () => {
  using folder = new PartitionFolder();
  const other = folder.writer();
  other.append(single('"first"'));
  let left = 20;
  const storage = watchedStorage(() => ({}), {});
  const writer = folder.writer({}, {
    ...storage,
    open(path, mode) {
      if (mode === "append" && path.endsWith(".log") && left-- > 0) {
        folder.seal();
        other.append(single('"other"'));
        const partition = folder.open();
        removeBefore(partition, partition.segmentIds().at(-1)!, 0);
      }
      return storage.open(path, mode);
    },
  });
  assertEquals(writer.append(single('"mine"')), 21);
  await writer.close();
  await other.close();
});

test("a listing that misses a segment created meanwhile loses no event", async () => {
  using folder = new PartitionFolder();
  const writer = folder.writer();
  for (const name of ['"a"', '"b"', '"c"']) {
    writer.append(single(name));
    folder.seal();
  }
  const all = nodeStorage.list(folder.directory);
  for (const missed of all) {
    let listings = 0;
    const storage: Storage = {
      ...nodeStorage,
      list: (path) => nodeStorage.list(path).filter((name) => name !== missed || listings++ > 0),
    };
    assertEquals(folder.events(storage).map(({ id }) => id), [0, 1, 2], `missed: ${missed}`);
  }
  await writer.close();
});
