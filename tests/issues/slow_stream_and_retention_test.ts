// A slow upload: while a large data part came from a stream, other writers filled more segments than retention keeps, and
// it removed those with the first pieces of the part. The push was refused at its end, after minutes. (Five of 160 pushes,
// where four writers streamed parts of 3 to 20 MiB and 96 MiB were kept.)
import { assert, assertEquals } from "@std/assert";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Driver, type Topic } from "../../mod.ts";
import { FilesDriver } from "../../src/drivers/files/driver.ts";
import { nodeStorage } from "../../src/storage/node.ts";
import { test } from "../harness.ts";
import { memoryFolder } from "../memory_folder.ts";

const PIECES = 12;
const PIECE_BYTES = 5000;

/** Streams a data part; `meanwhile` is called after each piece of it, and fills segments. */
async function streamed(
  meanwhile: (fill: Topic, own: Topic, piece: number) => Promise<void>,
): Promise<
  { pushed: Promise<number>; data: Uint8Array; read(): Promise<Uint8Array>; remove(): Promise<void> }
> {
  const root = mkdtempSync(join(memoryFolder, "diaspora-slow-stream-"));
  const open = () => Driver.from(new FilesDriver({ root_path: root }, nodeStorage, { chunkBytes: 4096 }));
  const [own, other] = [open(), open()];
  await own.createTopic("t", { segment_bytes: 20_000, retention_bytes: 60_000 });
  const [topic, fill] = [await own.openTopic("t"), await other.openTopic("t")];
  const data = Uint8Array.from({ length: PIECES * PIECE_BYTES }, (_, at) => at >> 5);
  const stream = async function* () {
    for (let piece = 0; piece < PIECES; piece++) {
      yield data.subarray(piece * PIECE_BYTES, (piece + 1) * PIECE_BYTES);
      await meanwhile(fill, topic, piece);
    }
  };
  const producer = topic.producer();
  return {
    pushed: producer.push({ slow: true }, stream()),
    data,
    read: async () => {
      await using consumer = fill.consumer("reader");
      for await (const event of consumer.events({ until: "end" })) {
        if ("slow" in (event.metadata as object)) return event.loadData();
      }
      throw new Error("it is not there");
    },
    remove: async () => {
      await producer.close().catch(() => {});
      for (const each of [topic, fill]) await each.close();
      const names = readdirSync(`${root}/t/partitions/00000000`);
      rmSync(root, { recursive: true });
      assert(names.some((name) => name.includes(".first-")), `nothing was removed: ${names}`);
    },
  };
}

/** Pushes as much as retention keeps, and more. */
async function filled(topic: Topic): Promise<void> {
  await using producer = topic.producer();
  for (let n = 0; n < 8; n++) await producer.push({ n }, new Uint8Array(15_000));
}

const KINDS: [name: string, meanwhile: Parameters<typeof streamed>[0]][] = [
  ["another process", (other) => filled(other)],
  ["another producer of the same process", (_, own) => filled(own)],
  ["both in turn, some of the time", async (other, own, piece) => {
    if (piece % 4 === 0) await filled(piece % 8 === 0 ? other : own);
  }],
];

for (const [name, meanwhile] of KINDS) {
  test(`a data part from a slow stream is stored though retention removes its first pieces: ${name} fills segments`, async () => {
    const { pushed, data, read, remove } = await streamed(meanwhile);
    try {
      await pushed;
      assertEquals(await read(), data);
    } finally {
      await remove();
    }
  });
}
