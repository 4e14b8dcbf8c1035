// After a failed sync, the system may have dropped the pages it covered, and reports that once: the next sync
// succeeds. Pushes that waited for the next one were confirmed, and eleven of twelve were gone after a remount.
// A failed blocking sync was ignored altogether, and writes to the same file continued.
import { assert, assertEquals, assertInstanceOf, assertNotEquals } from "@std/assert";
import { StorageError } from "../../mod.ts";
import { Partition } from "../../src/log/partition.ts";
import { type FlushBehavior, PartitionWriter } from "../../src/log/write/writer.ts";
import { nodeStorage } from "../../src/storage/node.ts";
import type { Storage } from "../../src/storage/port.ts";
import { test } from "../harness.ts";
import { streamOf } from "../log/stream_of.ts";
import { PartitionFolder, single } from "../log/partition_folder.ts";
import { folderSyncs } from "../log/port_wrapper.ts";
import { watchedStorage } from "../log/watched_storage.ts";

/** A disk on which every sync waits until the test says how it ends. */
class Disk {
  readonly storage: Storage;
  /** Syncs in progress, oldest first: without an error they succeed. */
  readonly waiting: ((errno?: string) => void)[] = [];
  /** How the next blocking syncs end, in turn; afterwards they succeed. */
  readonly blocking: (string | undefined)[] = [];
  /** How the next syncs of the folder end. */
  readonly folder: (string | undefined)[] = [];
  blockingSyncs = 0;

  constructor() {
    this.storage = watchedStorage(() => ({
      sync: () =>
        new Promise((resolve, reject) => {
          this.waiting.push((errno) => errno === undefined ? resolve() : reject(failed(errno)));
        }),
      syncNow: () => {
        this.blockingSyncs++;
        throwFailed(this.blocking.shift());
      },
    }), {
      ...folderSyncs((path) => {
        throwFailed(this.folder.shift());
        nodeStorage.syncDirectory(path);
      }),
    });
  }

  /** Ends the oldest sync in progress. */
  async end(errno?: string): Promise<void> {
    for (let turns = 0; turns < 100 && this.waiting.length === 0; turns++) await Promise.resolve();
    assertNotEquals(this.waiting.length, 0, "no sync is under way");
    this.waiting.shift()!(errno);
  }
}

function failed(errno: string): StorageError {
  return new StorageError(errno, `Cannot sync: simulated (${errno})`);
}

function throwFailed(errno: string | undefined): void {
  if (errno !== undefined) throw failed(errno);
}

/** The outcome of a push: its id, or its error. */
async function outcome(stored: number | Promise<number> | undefined): Promise<unknown> {
  try {
    return await stored;
  } catch (error) {
    return error;
  }
}

function assertInDoubt(error: unknown): void {
  assertInstanceOf(error, StorageError);
  assertEquals([error.errno, error.mayBeStored, error.canRetry], ["EIO", true, false]);
}

async function withWriter(
  flushBehavior: FlushBehavior,
  body: (writer: PartitionWriter, disk: Disk, folder: PartitionFolder) => Promise<void>,
): Promise<void> {
  using folder = new PartitionFolder();
  const disk = new Disk();
  const writer = folder.writer({ flushBehavior }, disk.storage);
  await body(writer, disk, folder);
  await writer.close().catch(() => {});
}

test("immediate: everything appended since the last good sync is rejected when one fails, and the file is abandoned", () =>
  withWriter("immediate", async (writer, disk, folder) => {
    const good = outcome(writer.append(single('"good"')));
    await disk.end();
    assertEquals(await good, 0);
    const covered = outcome(writer.append(single('"covered"')));
    // Its own sync is the one after that in progress, and would succeed.
    const waiting = outcome(writer.append(single('"waiting"')));
    await disk.end("EIO");
    assertInDoubt(await covered);
    assertInDoubt(await waiting);
    assertEquals(disk.waiting.length, 0);
    const after = outcome(writer.append(single('"after"')));
    await disk.end();
    assertEquals(await after, 3);
    assertEquals(folder.open().segmentIds(), [0, 3]);
  }));

test("immediate: a push refused while its sync failed says that it may be stored, and is not stored twice", () =>
  withWriter("immediate", async (writer, disk, folder) => {
    const refused = outcome(writer.append(single('"in doubt"')));
    await disk.end("EIO");
    const error = await refused;
    assertInDoubt(error);
    assert((error as Error).message.includes("check whether the events are there"), String(error));
    assertEquals(folder.events().map(({ metadata }) => metadata), ['"in doubt"']);
  }));

test("immediate: a failed blocking sync rejects its push and waiting ones, and the file is abandoned", () =>
  withWriter("immediate", async (writer, disk, folder) => {
    const waiting = outcome(writer.append(single('"waiting"')));
    disk.blocking.push("EIO");
    let error: unknown;
    try {
      writer.appendSync(single('"blocking"'));
    } catch (thrown) {
      error = thrown;
    }
    assertInDoubt(error);
    // The one in progress succeeds: the system has already reported the failure.
    await disk.end();
    assertInDoubt(await waiting);
    assertEquals(writer.appendSync(single('"after"')), 2);
    assertEquals(folder.open().segmentIds(), [0, 2]);
    assertEquals(disk.blockingSyncs, 2);
  }));

test("immediate: a sync that fails after a successful blocking one revokes nothing, and confirms nothing more", () =>
  withWriter("immediate", async (writer, disk) => {
    const waiting = outcome(writer.append(single('"waiting"')));
    assertEquals(writer.appendSync(single('"blocking"')), 1);
    await disk.end("EIO");
    assertInDoubt(await waiting);
    assertEquals(writer.appendSync(single('"after"')), 2);
  }));

test("immediate: the folder's sync counts as the file's, since the folder has the file's name", () =>
  withWriter("immediate", async (writer, disk) => {
    disk.folder.push("EIO");
    assertInDoubt(await outcome(writer.append(single('"nameless"'))));
    const after = outcome(writer.append(single('"after"')));
    await disk.end();
    assertEquals(await after, 1);
  }));

test("immediate: a folder that cannot be opened for lack of descriptors is retried, and no file is abandoned", () =>
  withWriter("immediate", async (writer, disk, folder) => {
    disk.folder.push("EMFILE");
    const error = await outcome(writer.append(single('"stored, not synced"')));
    assertInstanceOf(error, StorageError);
    assertEquals([error.errno, error.mayBeStored], ["EMFILE", true]);
    const after = outcome(writer.append(single('"after"')));
    await disk.end();
    assertEquals(await after, 1);
    assertEquals(folder.open().segmentIds(), [0]);
  }));

test("on_flush: a flush that finds no descriptor for the folder fails, and the next one covers all", () =>
  withWriter("on_flush", async (writer, disk, folder) => {
    writer.append(single('"stored, not synced"'));
    disk.folder.push("EMFILE");
    const error = await outcome(writer.flush().then(() => 0));
    assertInstanceOf(error, StorageError);
    assertEquals([error.errno, error.mayBeStored], ["EMFILE", true]);
    writer.append(single('"after"'));
    const next = outcome(writer.flush().then(() => 0));
    await disk.end();
    assertEquals(await next, 0);
    assertEquals(folder.open().segmentIds(), [0]);
  }));

test("on_flush: after a failed sync, no flush of that producer confirms earlier events", () =>
  withWriter("on_flush", async (writer, disk) => {
    writer.append(single('"covered"'));
    const first = outcome(writer.flush().then(() => 0));
    writer.append(single('"meanwhile"'));
    const second = outcome(writer.flush().then(() => 0));
    await disk.end("EIO");
    assertInDoubt(await first);
    assertInDoubt(await second);
    writer.append(single('"after"'));
    const third = outcome(writer.flush().then(() => 0));
    await disk.end();
    assertInDoubt(await third);
  }));

test("the pieces of a large data part are covered by the syncs of all their files", () =>
  withWriter("immediate", async (_, disk, folder) => {
    const writer = folder.writer(
      { flushBehavior: "immediate", segmentBytesMax: 4096, chunkBytes: 3000 },
      disk.storage,
    );
    const first = outcome(writer.append(single('"small"', 2500)));
    await disk.end();
    assertEquals(await first, 0);
    // A stream of unknown size, which begins in the segment that is there.
    const large = outcome(writer.append({ ...single('"large"'), stream: streamOf(new Uint8Array(9000)) }));
    // The folder is synced before the file of the new segment.
    for (let turns = 0; turns < 100 && disk.waiting.length < 2; turns++) await Promise.resolve();
    assertEquals(disk.waiting.length, 2);
    await disk.end("EIO");
    await disk.end();
    assertInDoubt(await large);
    await writer.close().catch(() => {});
  }));

test("with locking, an append whose sync fails under the lock is in doubt, and the file is abandoned", async () => {
  using folder = new PartitionFolder();
  const disk = new Disk();
  const { directory } = folder;
  const partition = new Partition({
    storage: disk.storage,
    directory,
    topic: "topic",
    partition: 0,
    useLocking: true,
  });
  const writer = new PartitionWriter(partition, { flushBehavior: "buffered", segmentBytesMax: 1 << 20 });
  assertEquals(writer.append(single('"good"')), 0);
  disk.blocking.push("EIO");
  assertInDoubt(await outcome(Promise.resolve().then(() => writer.append(single('"in doubt"')))));
  assertEquals(writer.append(single('"after"')), 2);
  assertEquals(folder.open().segmentIds(), [0, 2]);
  await writer.close();
  partition.close();
});

test("another producer of the process does not confirm into a file whose name a failed sync of the folder left in doubt", async () => {
  using folder = new PartitionFolder();
  const disk = new Disk();
  const [one, other] = [
    folder.writer({ flushBehavior: "immediate" }, disk.storage),
    folder.writer({ flushBehavior: "immediate" }, disk.storage),
  ];
  disk.folder.push("EIO");
  assertInDoubt(await outcome(one.append(single('"nameless"'))));
  // The system has reported the failure, so it would report success now.
  const after = outcome(other.append(single('"in another file"')));
  await disk.end();
  assertEquals(await after, 1);
  assertEquals(folder.open().segmentIds(), [0, 1]);
  await one.close().catch(() => {});
  await other.close().catch(() => {});
});
