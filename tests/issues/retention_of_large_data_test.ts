// Detector images of 2 MiB: the pieces of an image filled a segment, and its event came into the next one, at every
// boundary, since sizes and limits are powers of two. Each segment then had to stay for the next one, so that retention
// and trim never removed anything, and the disk became full.
import { assert, assertEquals } from "@std/assert";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type DataPart, Driver } from "../../mod.ts";
import { test } from "../harness.ts";
import { memoryFolder } from "../memory_folder.ts";
import { turn } from "../waiting.ts";

const MIB = 1024 * 1024;
const EVENTS = 12;

const whole = (bytes: Uint8Array<ArrayBuffer>): DataPart => bytes;
const KINDS: [name: string, bytes: number, part: typeof whole, between?: number][] = [
  ["of half a segment", 2 * MIB, whole],
  ["of a segment", 4 * MIB, whole],
  ["of more than a segment", 5 * MIB, whole],
  // A part with its checksums is larger than its segment: it went into the rest of one and the beginning of the next.
  ["of a segment and small events between them", 4 * MIB, whole, 1],
  // Each began in the segment in which the one before had ended.
  ["of little more than a segment and small events between them", 4_300_000, whole, 1],
  ["of odd sizes", 1_500_001, (bytes) => [bytes]],
  ["from streams", 2 * MIB, (bytes) => new Blob([bytes]).stream()],
];

for (const [name, bytes, part, between = 0] of KINDS) {
  test(`retention and trim remove segments with data parts ${name}`, async () => {
    const folder = mkdtempSync(join(memoryFolder, "diaspora-large-retention-"));
    try {
      await using driver = await Driver.open("files", { root_path: folder });
      await driver.createTopic("kept", { segment_bytes: 4 * MIB, retention_bytes: 8 * MIB });
      await driver.createTopic("trimmed", { segment_bytes: 4 * MIB });
      for (const topicName of ["kept", "trimmed"]) {
        await using topic = await driver.openTopic(topicName);
        await using producer = topic.producer();
        for (let n = 0; n < EVENTS; n++) {
          for (let small = 0; small < between; small++) await producer.push({ n });
          await producer.push({ n }, part(new Uint8Array(bytes).fill(n)));
        }
        const endId = EVENTS * (1 + between);
        if (topicName === "trimmed") await topic.trim({ beforeId: endId - 2 * (1 + between) });
        const [{ firstId }] = await topic.describe();
        assert(firstId >= endId / 2, `${topicName}: ${firstId}`);
        const seen: number[] = [];
        for await (const event of topic.consumer("reader").events({ until: "end" })) {
          const { n } = event.metadata as { n: number };
          const data = await event.loadData();
          const isLarge = event.id % (1 + between) === between;
          assertEquals(
            [data.byteLength, data[0], data.at(-1)],
            isLarge ? [bytes, n, n] : [0, undefined, undefined],
          );
          seen.push(event.id);
        }
        assertEquals(seen, Array.from({ length: endId - firstId }, (_, index) => firstId + index));
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

// Several writers of large parts: there was always one that had begun its part in the segment that another one ended, so
// that each segment had to stay for the next one.
for (const pieces of [3, 5]) {
  test(`retention removes segments of several writers whose parts of ${pieces} MiB overlap`, async () => {
    const folder = mkdtempSync(join(memoryFolder, "diaspora-large-retention-"));
    try {
      await using driver = await Driver.open("files", { root_path: folder });
      await driver.createTopic("kept", { segment_bytes: 4 * MIB, retention_bytes: 40 * MIB });
      await using topic = await driver.openTopic("kept");
      let bytesMax = 0;
      const write = async (n: number): Promise<void> => {
        await using producer = topic.producer();
        for (let event = 0; event < EVENTS; event++) {
          await producer.push({ n, event }, streamOf(pieces + n, n));
          const [{ bytes }] = await topic.describe();
          bytesMax = Math.max(bytesMax, bytes);
        }
      };
      await Promise.all([0, 1, 2].map(write));
      // Besides them, a few segments with the parts that are being written.
      assert(bytesMax <= 110 * MIB, `${bytesMax}`);
      let last = -1;
      for await (const event of topic.consumer("reader").events({ until: "end" })) {
        const { n } = event.metadata as { n: number };
        const data = await event.loadData();
        assertEquals([data.byteLength, data[0], data.at(-1)], [(pieces + n) * MIB, n, n]);
        assert(last === -1 || event.id === last + 1);
        last = event.id;
      }
      assertEquals(last, 3 * EVENTS - 1);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

async function* streamOf(pieces: number, byte: number): AsyncGenerator<Uint8Array> {
  for (let piece = 0; piece < pieces; piece++) {
    yield new Uint8Array(MIB).fill(byte);
    await turn();
  }
}
