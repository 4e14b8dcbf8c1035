// A full disk takes all but the last bytes of a frame; the writer appends it again, and of that the disk takes the first
// one to three bytes; the third time it takes all. The first frame then looked whole but for a damaged trailer: it had
// the bytes of the second write in place of its last ones, and the third one began where it should have ended. So its
// events were stored twice, under two ids.
import { assertEquals, assertNotEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { segmentName } from "../../src/log/segment/segment_file.ts";
import { test } from "../harness.ts";
import { PartitionReader } from "../../src/log/mod.ts";
import { PartitionFolder, readOn, single } from "../log/partition_folder.ts";
import { changedStorage } from "../log/port_wrapper.ts";

/** Storage whose appends to segments take so many bytes, in turn: those below 0 are missing at the end. */
function cutting(taken: number[]) {
  // The same nonces and times in each run.
  let drawn = 7;
  return changedStorage((file, path, mode) =>
    mode !== "append" || !path.endsWith(".log") ? {} : {
      append: (bytes) => {
        const part = taken.shift();
        return file.append(
          part === undefined ? bytes : bytes.subarray(0, part < 0 ? part + bytes.byteLength : part),
        );
      },
    }, { random32: () => ++drawn * 0x9e3779b1 >>> 0, now: () => 1_700_000_000_000 });
}

test("a frame that lacks its last bytes is not stored, also where a piece of the next write is in their place", async () => {
  for (const missing of [1, 2, 3]) {
    for (const count of [1, 2, 3]) {
      using folder = new PartitionFolder();
      const taken: number[] = [];
      const writer = folder.writer({}, cutting(taken));
      const texts = Array.from({ length: 12 }, (_, n) => `"${"x".repeat(n)}"`);
      for (const [n, text] of texts.entries()) {
        // Every third write is cut, and the one after it too.
        if (n % 3 === 1) taken.push(-missing, count);
        assertEquals(writer.append(single(text)), n, `${missing} missing, then ${count}`);
        assertEquals(folder.events().map(({ metadata }) => metadata), texts.slice(0, n + 1));
      }
      assertEquals(await folder.damage(), []);
      await writer.close();
    }
  }
});

test("a frame whose last byte has one bit that flipped is stored, whatever that byte has become", async () => {
  using folder = new PartitionFolder();
  const writer = folder.writer({}, cutting([]));
  // Enough frames that some of the flipped bytes are one of a header's.
  const texts = Array.from({ length: 60 }, (_, n) => `"${n}"`);
  for (const text of texts) writer.append(single(text));
  await writer.close();
  const path = join(folder.directory, segmentName(0));
  const whole = readFileSync(path);
  const partition = folder.open();
  const ends = texts.map((_, id) => id === 0 ? undefined : partition.positionOfId(id)!.offset).slice(
    1,
  ) as number[];
  for (let bit = 0; bit < 8; bit++) {
    const flipped = Buffer.from(whole);
    for (const end of ends) flipped[end - 1]! ^= 1 << bit;
    writeFileSync(path, flipped);
    assertEquals(folder.events().map(({ metadata }) => metadata), texts, `bit ${bit}`);
  }
});

test("a frame whose last byte was overwritten by one of a header's is damage, and shifts no later id", async () => {
  using folder = new PartitionFolder();
  const texts = Array.from({ length: 8 }, (_, n) => `"${n}"`);
  const writer = folder.writer({}, cutting([]));
  for (const text of texts) writer.append(single(text));
  await writer.close();
  const path = join(folder.directory, segmentName(0));
  const whole = readFileSync(path);
  const partition = folder.open();
  for (let id = 0; id < texts.length - 1; id++) {
    const damaged = Buffer.from(whole);
    damaged[partition.positionOfId(id + 1)!.offset - 1] = "D".charCodeAt(0);
    writeFileSync(path, damaged);
    const reader = new PartitionReader(folder.open(), { dataWanted: false, onCorruption: "skip" });
    reader.seek("earliest");
    const found = readOn(reader).map((event) => [event.id, event.metadata]);
    const others = found.filter(([each]) => each !== id);
    assertEquals(others, texts.map((text, id) => [id, text]).filter(([each]) => each !== id));
    // Where one bit differs, the event is there all the same.
    if (found.length === others.length) assertNotEquals(await folder.damage(), []);
  }
});
