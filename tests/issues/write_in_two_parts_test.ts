// Node and Deno complete a short write: what a full disk cut off is written by a second `write`, and another
// process's append may come between the two parts. The producer checked only the header, found its own, and
// confirmed an event that was not stored; the next event got the same id.
import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { StorageError } from "../../mod.ts";
import type { PartitionWriter } from "../../src/log/write/writer.ts";
import type { Storage } from "../../src/storage/port.ts";
import { test } from "../harness.ts";
import { PartitionFolder, single } from "../log/partition_folder.ts";
import { watchedStorage } from "../log/watched_storage.ts";

/** Where the next append is cut, counted from its end if negative; undefined: it is written in one piece. */
interface Cut {
  at?: number;
  /** What others do between the two parts. */
  between?: () => void;
  /** Whether the second part is cut as well, as on a disk that stays full. */
  isSecondCut?: boolean;
  times: number;
}

/** Appends in two parts and reports that everything was written, as Node and Deno do. */
function inTwoParts(cut: Cut): Storage {
  return watchedStorage((file) => ({
    append(bytes) {
      if (!file.path.endsWith(".log") || cut.at === undefined || cut.times === 0) return file.append(bytes);
      cut.times--;
      const at = cut.at < 0 ? bytes.byteLength + cut.at : cut.at;
      const [first, second] = [bytes.slice(0, at), bytes.slice(at)];
      file.append(first);
      cut.between?.();
      file.append(cut.isSecondCut ? second.subarray(0, second.byteLength >> 1) : second);
      return bytes.byteLength;
    },
  }));
}

const CUTS = [1, 20, 63, 64, 65, 100, -1, -20, -63, -64, -65, -100];

/** Every event is stored once, under the id that its producer got, and nothing is reported as damage. */
async function check(folder: PartitionFolder, given: Map<string, number>): Promise<void> {
  const events = folder.events();
  assertEquals(events.map(({ id }) => id), events.map((_, index) => index));
  assertEquals(new Map(events.map(({ metadata, id }) => [metadata, id])), given);
  assertEquals(await folder.damage(), []);
}

test("an event whose frame was written in two parts, with another between, is stored once under its id", async () => {
  for (const at of CUTS) {
    for (const size of [0, 300, 9000]) {
      using folder = new PartitionFolder();
      const given = new Map<string, number>();
      const push = (writer: PartitionWriter, name: string, bytes = 0) =>
        given.set(`"${name}"`, writer.append(single(`"${name}"`, bytes)) as number);
      const other = folder.writer();
      const cut: Cut = { times: 1 };
      const writer = folder.writer({}, inTwoParts(cut));
      push(writer, "before");
      cut.between = () => push(other, "between");
      cut.at = at;
      push(writer, "cut", size);
      push(other, "after");
      push(writer, "later");
      assertEquals(given.size, 5);
      await check(folder, given);
      await writer.close();
      await other.close();
    }
  }
});

test("frames written in two parts twice in a row, with several frames between, are read correctly meanwhile", async () => {
  for (const at of [20, 90, -64, -10]) {
    using folder = new PartitionFolder();
    const given = new Map<string, number>();
    const other = folder.writer();
    const cut: Cut = { times: 2, at };
    const writer = folder.writer({}, inTwoParts(cut));
    let seen = folder.events();
    let others = 0;
    cut.between = () => {
      for (let count = 0; count < 3; count++) {
        const name = `"other ${others++}"`;
        given.set(name, other.append(single(name, 200)) as number);
      }
      const now = folder.events();
      assertEquals(now.slice(0, seen.length), seen);
      seen = now;
    };
    for (const name of ['"one"', '"two"', '"three"']) {
      given.set(name, writer.append(single(name, 500)) as number);
    }
    assertEquals(given.size, 9);
    assertEquals(folder.events().slice(0, seen.length), seen);
    await check(folder, given);
    await writer.close();
    await other.close();
  }
});

test("a chunk of a large data part and a seal are written whole, or again", async () => {
  for (const at of CUTS) {
    for (const cutAppend of [0, 1, 2, 3]) {
      using folder = new PartitionFolder();
      const given = new Map<string, number>();
      const other = folder.writer({ segmentBytesMax: 1 << 20 });
      let appends = 0;
      const cut: Cut = { times: 1 };
      const base = inTwoParts(cut);
      const storage: Storage = {
        ...base,
        open(path, mode) {
          const file = base.open(path, mode);
          const append = file.append.bind(file);
          file.append = (bytes) => {
            if (path.endsWith(".log") && appends++ === cutAppend) cut.at = at;
            return append(bytes);
          };
          return file;
        },
      };
      const writer = folder.writer({ segmentBytesMax: 4096, chunkBytes: 3000 }, storage);
      const push = (target: PartitionWriter, name: string, bytes: number) =>
        given.set(name, target.append(single(name, bytes)) as number);
      cut.between = () => push(other, '"between"', 10);
      push(writer, '"large"', 5000);
      folder.seal(storage);
      push(writer, '"after"', 0);
      const expected = folder.events().map(({ dataBytes, metadata }) => [metadata, dataBytes]);
      assertEquals(Object.fromEntries(expected)['"large"'], 5000);
      await check(folder, given);
      await writer.close();
      await other.close();
    }
  }
});

test("while the disk is full the push fails and can be retried, and nothing is delivered twice", async () => {
  for (const at of CUTS) {
    using folder = new PartitionFolder();
    const given = new Map<string, number>();
    const other = folder.writer();
    const cut: Cut = { times: Infinity, isSecondCut: true };
    const writer = folder.writer({}, inTwoParts(cut));
    const push = (target: PartitionWriter, name: string) =>
      given.set(name, target.append(single(name, 400)) as number);
    push(writer, '"before"');
    let others = 0;
    cut.between = () => push(other, `"other ${others++}"`);
    cut.at = at;
    const refused = await assertRejects(async () => {
      await writer.append(single('"refused"', 400));
    }, StorageError);
    assertInstanceOf(refused, StorageError);
    assertEquals([refused.errno, refused.canRetry, refused.mayBeStored], ["ENOSPC", true, false]);
    cut.at = undefined;
    push(writer, '"after"');
    push(other, '"last"');
    await check(folder, given);
    await writer.close();
    await other.close();
  }
});
