// wait(new Date()), wait("-5"), wait([-1]) and wait(-5n) waited for ever: the values were compared before their
// types were checked. Everything that accepts a time, a number or options now refuses unusable values at once,
// and unknown options are never ignored.
import { assertEquals, assertRejects } from "@std/assert";
import { CborSerializer, Driver, InvalidMetadataError, InvalidOptionError, type Topic } from "../../mod.ts";
import { test } from "../harness.ts";

async function withTopic(use: (topic: Topic) => Promise<void>): Promise<void> {
  await using driver = await Driver.open("memory", {});
  await driver.createTopic("readings", { num_partitions: 1 });
  await using topic = await driver.openTopic("readings");
  await use(topic);
}

const NO_DURATIONS = [new Date(), "-5", "", [-1], [], -5n, null, NaN, true, {}] as unknown as number[];

test("every future's wait() refuses a value that is not a number, at once", { limitMs: 10_000 }, async () => {
  await withTopic(async (topic) => {
    const producer = topic.producer();
    const consumer = topic.consumer("reader");
    await producer.push({ x: 1 });
    const event = await consumer.pull();
    const futures = [
      producer.push({ x: 2 }),
      producer.flush(),
      topic.consumer("c2").pull(),
      event.acknowledge(),
    ];
    for (const future of futures) {
      for (const duration of NO_DURATIONS) {
        const error = await assertRejects(() => future.wait(duration), InvalidOptionError);
        assertEquals(error.code, "ERR_INVALID_OPTION");
      }
      await assertRejects(() => future.wait(1, { signal: 5 } as never), InvalidOptionError, "an AbortSignal");
      await assertRejects(() => future.wait(1, { sginal: null } as never), InvalidOptionError, '"signal"');
    }
    // The refused wait did not consume the event: a later wait gets it.
    for (const future of futures) await future.wait(-1);
  });
});

test(
  "times and counts of iterations, seeks and trims must be numbers, too",
  { limitMs: 10_000 },
  async () => {
    await withTopic(async (topic) => {
      const consumer = topic.consumer("reader");
      const refused: (() => Promise<unknown>)[] = NO_DURATIONS.flatMap((value) => [
        () => consumer.process(() => {}, { timeoutMs: value }),
        () => consumer.process(() => {}, { maxEvents: value, timeoutMs: 1 }),
        () => consumer.process(() => {}, { concurrency: value, timeoutMs: 1 }),
        () => consumer.events({ timeoutMs: value }).next(),
        () => consumer.batches({ until: { id: value } }).next(),
        () => topic.trim({ beforeId: value }),
        () => topic.trim({ maxBytes: value }),
        () => consumer.seek({ id: value }),
        () => topic.seekConsumer("reader", { id: value }),
      ]);
      for (const time of ["5", [], true, null, -5n, new Date(NaN), {}] as unknown as number[]) {
        refused.push(
          () => topic.trim({ beforeTime: time }),
          () => consumer.seek({ time }),
          () => topic.seekConsumer("reader", { time }),
        );
      }
      refused.push(
        () => consumer.events({ signal: "soon" as never }).next(),
        () => consumer.seek("latest", { partition: [0] } as never),
        () => consumer.seek("latest", { store: "yes" as never }),
        () => topic.seekConsumer("reader", "latest", { partition: [0] } as never),
        () => topic.producer().push({}, undefined, { partiton: 1 } as never).wait(),
      );
      for (const call of refused) {
        await assertRejects(async () => await call(), InvalidOptionError, undefined, String(call));
      }
    });
  },
);

test("trim accepts its limit by the new name and by the old one", async () => {
  await withTopic(async (topic) => {
    const limits = [{ maxBytes: 1e9 }, { bytesMax: 1e9 }];
    for (const limit of limits) assertEquals((await topic.trim(limit))[0].firstId, 0);
    await assertRejects(() => topic.trim({ maxBytes: 1, bytesMax: 2 }), InvalidOptionError, "maxBytes");
  });
});

test("half a surrogate pair is refused or kept, depending on the topic's serializer", async () => {
  const halves = ["\ud83d", "a\ude00b", `${"x".repeat(100)}\ud800`, "\ude00\ud83d"];
  const serializer = await CborSerializer.load();
  await using driver = await Driver.open("memory", {});
  await driver.createTopic("cbor", {}, { serializer });
  await driver.createTopic("json", {});
  const cbor = (await driver.openTopic("cbor")).producer();
  const topic = await driver.openTopic("json");
  const json = topic.producer();
  for (const half of halves) {
    for (const metadata of [{ text: half }, { [half]: 1 }, [[half]]]) {
      await assertRejects(() => cbor.push(metadata).wait(), InvalidMetadataError, "half a surrogate pair");
      await json.push(metadata);
    }
  }
  await cbor.push({ text: "\u{1f600}", long: "\u{1f600}".repeat(100) });
  const read: unknown[] = [];
  for await (const event of topic.consumer("c").events({ until: "end" })) read.push(event.metadata);
  assertEquals(read, halves.flatMap((half) => [{ text: half }, { [half]: 1 }, [[half]]]));
});
