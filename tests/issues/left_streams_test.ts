// A stream of events that was cancelled a moment after an event had been taken for it lost the event: the consumer,
// which stays open, went on with the next one. And aborting a producer's stream hid the failures of what had been
// written before: neither the next flush nor closing the producer reported them. An event that arrived when its reader had
// left, with a read pending, stayed in the stream, and was lost if that was cancelled; also if another reader had come that
// had not asked for anything yet.
import { assertEquals, assertRejects } from "@std/assert";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Consumer, Driver, type Event, FlushError, InvalidOptionError, type Topic } from "../../mod.ts";
import { test } from "../harness.ts";
import { memoryFolder } from "../memory_folder.ts";
import { turn } from "../waiting.ts";

async function withTopic(
  engine: string,
  body: (topic: Topic, driver: Driver) => Promise<void>,
): Promise<void> {
  const root = mkdtempSync(join(memoryFolder, "diaspora-left-"));
  try {
    await using driver = await Driver.open(engine, engine === "files" ? { root_path: root } : {});
    await driver.createTopic("topic", { num_partitions: 1 });
    const refusing = {
      validate: async () => {
        await turn();
        throw new Error("refused");
      },
      config: () => ({ type: "default" }),
    };
    await using topic = await driver.openTopic("topic", { validator: refusing });
    await body(topic, driver);
  } finally {
    rmSync(root, { recursive: true });
  }
}

async function push(driver: Driver, count: number): Promise<void> {
  await using plain = await driver.openTopic("topic");
  await using producer = plain.producer("p");
  for (let n = 0; n < count; n++) producer.push(n);
}

/** A stream whose first reader has left with a read pending, at once or after a turn of the event loop. */
async function leftStream(consumer: Consumer, isLate: boolean): Promise<ReturnType<Consumer["readable"]>> {
  const stream = consumer.readable();
  const reader = stream.getReader();
  const reading = assertRejects(() => reader.read(), TypeError);
  await consumer.ready();
  if (isLate) await turn();
  reader.releaseLock();
  await reading;
  return stream;
}

const readingBy = (reader: ReadableStreamDefaultReader<Event>) => ({
  read: async () => (await reader.read()).value,
  cancel: () => reader.cancel(),
});

const iteratingBy = (iterator: AsyncIterator<Event>) => ({
  read: async () => (await iterator.next()).value as Event,
  cancel: () => iterator.return!(),
});

for (const engine of ["files", "memory"]) {
  test(`a stream that is cancelled loses no event of its consumer in the ${engine} driver`, () =>
    withTopic(engine, async (topic, driver) => {
      await push(driver, 40);
      await using consumer = topic.consumer("c");
      const delivered: number[] = [];
      for (let turns = 0; turns < 10; turns++) {
        const reader = consumer.readable().getReader();
        delivered.push((await reader.read()).value!.id);
        // The stream is ready to take the next event at once.
        await turn();
        const reading = reader.read();
        for (let turn = 0; turn < turns; turn++) await Promise.resolve();
        await reader.cancel();
        const { value } = await reading;
        if (value !== undefined) delivered.push(value.id);
      }
      while (delivered.length < 40) delivered.push((await consumer.pull().wait(5_000))?.id ?? NaN);
      assertEquals(delivered, Array.from({ length: 40 }, (_, id) => id));
    }));

  test(`a stream that is cancelled as an event arrives does not lose it in the ${engine} driver`, () =>
    withTopic(engine, async (topic, driver) => {
      await using consumer = topic.consumer("c");
      const delivered: number[] = [];
      for (let turns = 0; turns < 10; turns++) {
        const reader = consumer.readable().getReader();
        const reading = reader.read();
        await consumer.ready();
        await turn();
        const pushing = push(driver, 1);
        for (let turn = 0; turn < turns * 4; turn++) await Promise.resolve();
        if (turns >= 7) await pushing;
        await reader.cancel();
        const { value } = await reading;
        await pushing;
        delivered.push(value?.id ?? (await consumer.pull().wait(5_000))?.id ?? NaN);
      }
      assertEquals(delivered, Array.from({ length: 10 }, (_, id) => id));
    }));

  test(`a stream whose reader leaves while it waits keeps no event in the ${engine} driver`, () =>
    withTopic(engine, async (topic, driver) => {
      await using consumer = topic.consumer("c");
      const delivered: number[] = [];
      for (let round = 0; round < 6; round++) {
        const stream = await leftStream(consumer, round % 2 === 0);
        await push(driver, 1);
        await turn();
        await turn();
        // The next reader gets it, of this stream or of the consumer.
        if (round % 3 === 2) delivered.push((await stream.getReader().read()).value!.id);
        else {
          await stream.cancel();
          delivered.push((await consumer.pull().wait(5_000))?.id ?? NaN);
        }
      }
      assertEquals(delivered, [0, 1, 2, 3, 4, 5]);
    }));

  test(`a stream keeps no event for a reader that has not asked for it in the ${engine} driver`, () =>
    withTopic(engine, async (topic, driver) => {
      await using consumer = topic.consumer("c");
      const delivered: number[] = [];
      for (let round = 0; round < 8; round++) {
        const stream = await leftStream(consumer, true);
        // Each way to lock the stream without reading from it at once.
        const next = round % 2 === 0
          ? readingBy(stream.getReader())
          : iteratingBy(stream[Symbol.asyncIterator]());
        const asksBefore = round % 4 > 1 && round < 6;
        const asked = asksBefore ? next.read() : undefined;
        await push(driver, 1);
        await turn();
        await turn();
        if (asked !== undefined || round >= 6) delivered.push((await (asked ?? next.read()))!.id);
        await next.cancel();
        if (delivered.length === round) delivered.push((await consumer.pull().wait(5_000))?.id ?? NaN);
      }
      assertEquals(delivered, [0, 1, 2, 3, 4, 5, 6, 7]);
    }));

  test(`failures before a stream was aborted are reported by the next flush in the ${engine} driver`, () =>
    withTopic(engine, async (topic) => {
      const producer = topic.producer("p");
      const writer = producer.writable().getWriter();
      await writer.write(1);
      await writer.abort(new Error("enough"));
      await assertRejects(() => producer.close(), FlushError, "1 push failed, the first one: refused");
    }));
}

test("what is not a signal is refused by every way to iterate, not by the runtime", async () => {
  await withTopic("memory", async (topic) => {
    await using consumer = topic.consumer("c");
    const options = { signal: 5 as unknown as AbortSignal };
    await assertRejects(() => consumer.process(() => {}, options), InvalidOptionError, '"signal"');
    await assertRejects(async () => await consumer.readable(options), InvalidOptionError, '"signal"');
    const none = null as never;
    await assertRejects(async () => await consumer.readable(none), InvalidOptionError, "events options");
  });
});
