// A reader saw a header without its trailer and looked for what follows; meanwhile the frame became complete
// and another one was appended. The reader found the latter, mistook the first for an interrupted write,
// skipped it, and returned ids too low by its events from then on. Two steady writers, a producer reopened for
// each push, and three readers were enough: a third of the events under wrong ids, ids used twice, and wrong
// anchors stored for good.
import { assertEquals, assertGreater } from "@std/assert";
import { readFileSync, writeFileSync } from "node:fs";
import { PartitionReader } from "../../src/log/read/reader.ts";
import type { Storage } from "../../src/storage/port.ts";
import { randomFrom } from "../processes/content.ts";
import { test } from "../harness.ts";
import { PartitionFolder, type ReadEvent, readOn, single } from "../log/partition_folder.ts";
import { watchedStorage } from "../log/watched_storage.ts";

const SEGMENT = "00000000000000000000.log";

/** A segment that shows only its first bytes: how many is decided before each call. */
function growing(visible: () => number): Storage {
  return watchedStorage((file) =>
    !file.path.endsWith(SEGMENT) ? {} : {
      size: () => Math.min(file.size(), visible()),
      readAt(into, offset) {
        const bytes = Math.max(0, Math.min(into.byteLength, visible() - offset));
        return bytes === 0 ? 0 : file.readAt(into.subarray(0, bytes), offset);
      },
    }
  );
}

/** Four frames of several writers, and the boundaries between them. */
async function withFrames(
  body: (folder: PartitionFolder, ends: number[], events: ReadEvent[]) => void | Promise<void>,
): Promise<void> {
  using folder = new PartitionFolder();
  const [one, other] = [folder.writer(), folder.writer()];
  const ends = [64];
  const path = `${folder.directory}/${SEGMENT}`;
  // The second and the fourth are anchored before the preceding frame.
  for (const [writer, size] of [[one, 300], [other, 0], [one, 5000], [other, 40]] as const) {
    writer.append(single(`"event ${ends.length}"`, size));
    ends.push(readFileSync(path).byteLength);
  }
  const events = folder.events();
  assertEquals(events.map(({ id }) => id), [0, 1, 2, 3]);
  await body(folder, ends, events);
  await one.close();
  await other.close();
}

/** Offsets in a frame up to which its append may have progressed. */
function cutsOf(start: number, end: number): number[] {
  return [start + 1, start + 40, start + 64, start + 65, (start + end) >> 1, end - 64, end - 63, end - 1];
}

test("whenever a half-written frame becomes complete during a read, every event has its id", () =>
  withFrames((folder, ends, events) => {
    const end = ends[4];
    for (const [index, start] of ends.slice(0, 4).entries()) {
      for (const cut of cutsOf(start, ends[index + 1])) {
        for (let grownAt = 1; grownAt <= 14; grownAt++) {
          let calls = 0;
          const storage = growing(() => ++calls >= grownAt ? end : cut);
          const reader = new PartitionReader(folder.open(storage), {
            dataWanted: true,
            onCorruption: "throw",
          });
          reader.seek("earliest");
          const seen: ReadEvent[] = [];
          for (let reads = 0; reads < 20 && seen.length < 4; reads++) seen.push(...readOn(reader));
          assertEquals(seen, events, `frame ${index} cut at byte ${cut - start}, whole at call ${grownAt}`);
        }
      }
    }
  }));

test("at random moments, readers that open, seek and count get the right ids", () =>
  withFrames((folder, ends, events) => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const random = randomFrom(seed);
    for (let round = 0; round < 1500; round++) {
      let visible = 64 + Math.floor(random() * (ends[4] - 64));
      const storage = growing(() => {
        if (random() < 0.15) visible += Math.ceil(random() * random() * (ends[4] - visible));
        return visible;
      });
      const partition = folder.open(storage);
      const reader = new PartitionReader(partition, { dataWanted: random() < 0.5, onCorruption: "throw" });
      const from = Math.floor(random() * 4);
      reader.seek(random() < 0.3 ? "latest" : { id: from });
      const begin = reader.position;
      const counted = partition.end()!;
      assertEquals(ends[counted.id], counted.offset, `seed ${seed}, round ${round}`);
      const seen: ReadEvent[] = [];
      for (let reads = 0; reads < 500 && seen.length < events.length - begin; reads++) {
        seen.push(...readOn(reader));
      }
      assertEquals(seen, events.slice(begin), `seed ${seed}, round ${round}`);
      partition.close();
    }
  }));

test("a producer that opens while a frame becomes complete assigns the next id with a correct anchor", () =>
  withFrames(async (folder, ends) => {
    for (let grownAt = 1; grownAt <= 14; grownAt++) {
      using copy = new PartitionFolder();
      const path = `${copy.directory}/${SEGMENT}`;
      const bytes = readFileSync(`${folder.directory}/${SEGMENT}`);
      writeFileSync(path, bytes);
      let calls = 0;
      const writer = copy.writer({}, growing(() => ++calls >= grownAt ? Infinity : ends[2] - 10));
      assertEquals(writer.append(single('"next"')), 4);
      assertEquals(writer.append(single('"one more"')), 5);
      assertEquals(copy.events().length, 6);
      assertEquals(await copy.damage(), []);
      assertGreater(calls, 0);
      await writer.close();
    }
  }));
