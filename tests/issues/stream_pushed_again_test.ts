// A stream as data can be read once. A push that repeated a failed one with the same stream stored the rest of
// it, or nothing, as the whole data part, without a word; in memory two pushes of one ReadableStream failed,
// because the first one still held it, and in files the second one got an event without data.
import { assertEquals, assertRejects } from "@std/assert";
import { mkdtemp, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Driver, FullDataSelector, InvalidDataError, type Topic } from "../../mod.ts";
import { test } from "../harness.ts";

const PIECES = [new Uint8Array([1, 2]), new Uint8Array([3])];

async function* generated(): AsyncGenerator<Uint8Array> {
  yield* PIECES;
}

const READ_ONCE: Record<string, () => AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>> = {
  "a generator": generated,
  "a ReadableStream": () => new Blob(PIECES).stream(),
  "a stream of Node": () => Readable.from(PIECES, { objectMode: false }),
};

for (const kind of ["files", "memory"] as const) {
  for (const [name, stream] of Object.entries(READ_ONCE)) {
    test(`${kind}: ${name} that was read for one push is refused by the next`, () =>
      inTopic(kind, async (topic) => {
        await using producer = topic.producer();
        const data = stream();
        const [first, second] = [producer.push(1, data), producer.push(2, data)];
        assertEquals(await first, 0);
        await assertRejects(() => second, InvalidDataError);
        await assertRejects(() => producer.push(3, data), InvalidDataError);
        assertEquals(await producer.push(4, stream()), 1);
        assertEquals(await stored(topic), [[1, "1,2,3"], [4, "1,2,3"]]);
      }));
  }

  test(`${kind}: a push with a stream that has failed is not repeated with the rest of it`, () =>
    inTopic(kind, async (topic) => {
      await using producer = topic.producer();
      const pieces: unknown[] = [...PIECES, "no bytes", new Uint8Array([4])];
      const data = {
        next: () => Promise.resolve({ done: pieces.length === 0, value: pieces.shift() }),
        [Symbol.asyncIterator]: () => data,
      } as AsyncIterableIterator<Uint8Array>;
      for (let attempt = 0; attempt < 3; attempt++) {
        await assertRejects(() => producer.push({ attempt }, data), InvalidDataError);
      }
      assertEquals(await stored(topic), []);
    }));

  test(`${kind}: an iterable that begins anew each time may be pushed again`, () =>
    inTopic(kind, async (topic) => {
      await using producer = topic.producer();
      const data = { [Symbol.asyncIterator]: generated };
      await producer.push(1, data);
      await producer.push(2, data);
      assertEquals(await stored(topic), [[1, "1,2,3"], [2, "1,2,3"]]);
    }));
}

async function inTopic(kind: "files" | "memory", use: (topic: Topic) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "diaspora-stream-again-"));
  try {
    await using driver = kind === "files"
      ? await Driver.open("files", { root_path: folder })
      : await Driver.open("memory", {});
    await driver.createTopic("t");
    await using topic = await driver.openTopic("t");
    await use(topic);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function stored(topic: Topic): Promise<[unknown, string][]> {
  await using consumer = topic.consumer("c", { dataSelector: FullDataSelector });
  const events: [unknown, string][] = [];
  for await (const { metadata, data } of consumer.events({ until: "end" })) {
    events.push([metadata, `${data}`]);
  }
  return events;
}
