// A data part is pushed as a stream. Its first piece is in a segment whose sync, for which another push waits,
// fails: the system may also have dropped the pages of that piece. The rest is written to the next segment, and
// the file of the first one is closed. The sync before the event was confirmed no longer included that file, so
// it covered only the second segment, and after a power cut the event's data was gone.
import { assertEquals, assertInstanceOf } from "@std/assert";
import { StorageError } from "../../mod.ts";
import { test } from "../harness.ts";
import { PartitionFolder, single } from "../log/partition_folder.ts";
import { watchedStorage } from "../log/watched_storage.ts";
import { until } from "../waiting.ts";

const CHUNK_BYTES = 4096;

test("an event is not confirmed when the sync of a segment failed that has the beginning of its data", async () => {
  using folder = new PartitionFolder();
  // How the syncs in progress end: the first one when the test says so, and the others at once.
  let failFirst: (() => void) | undefined;
  const storage = watchedStorage((file) => ({
    sync: () =>
      failFirst !== undefined
        ? file.sync()
        : new Promise((_, reject) =>
          failFirst = () => reject(new StorageError("EIO", "Cannot sync: simulated (EIO)"))
        ),
  }));
  const writer = folder.writer({ flushBehavior: "immediate", chunkBytes: CHUNK_BYTES }, storage);
  const pushed = Promise.resolve(writer.append(single('"pushed"')));
  let goOn = () => {};
  const mayGoOn = new Promise<void>((resolve) => goOn = resolve);
  let pieces = 0;
  const stream = (async function* () {
    pieces++;
    yield new Uint8Array(CHUNK_BYTES);
    pieces++;
    await mayGoOn;
    yield new Uint8Array(CHUNK_BYTES);
  })();
  const streamed = Promise.resolve(writer.append({ ...single('"streamed"'), stream }));
  await until("the first piece is stored, and the sync runs", () => pieces === 2 && failFirst !== undefined);
  failFirst!();
  const results = [await pushed.catch((error) => error)];
  goOn();
  results.push(await streamed.catch((error) => error));
  assertEquals(folder.open().segmentIds(), [0, 1]);
  for (const error of results) {
    assertInstanceOf(error, StorageError);
    assertEquals([error.errno, error.mayBeStored], ["EIO", true]);
  }
  // What is only in the new segment is confirmed.
  assertEquals(await writer.append(single('"after"')), 2);
  await writer.close();
});
