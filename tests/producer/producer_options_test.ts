import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { BatchSize, InvalidOptionError, type ProducerOptions } from "../../mod.ts";
import { limitsOf } from "../../src/producer/producer_options.ts";
import { test } from "../harness.ts";
import { ScriptedTopic } from "./scripted_topic.ts";

test("a producer without options makes large batches and keeps their order", () => {
  const limits = limitsOf({});
  assertEquals(limits, limitsOf({ batchSize: BatchSize.Adaptive, maxNumBatches: 16, ordering: "strict" }));
  assertEquals([limits.eventsMax, limits.queuedMax], [4096, 32_768]);
  assertEquals(limitsOf({ batchSize: 10, maxNumBatches: 3 }).queuedMax, 30);
});

test("invalid options are named, with what is expected", () => {
  const cases: [Record<string, unknown>, string][] = [
    [{ batchSize: 0 }, '"batchSize": expected a whole number above 0 or BatchSize.Adaptive'],
    [{ batchSize: "big" }, 'Cannot use "big" as producer option "batchSize"'],
    [{ batchSize: 1.5 }, '"batchSize"'],
    [
      { maxNumBatches: -1 },
      'Cannot use -1 as producer option "maxNumBatches": expected a whole number above 0',
    ],
    [{ ordering: "none" }, 'Cannot use "none" as producer option "ordering": expected "strict" or "loose"'],
    [{ batch_size: 3 }, 'producer option "batch_size"'],
    [{ batch_size: 3 }, 'did you mean "batchSize"?'],
  ];
  for (const [options, message] of cases) {
    assertThrows(() => limitsOf(options as never), InvalidOptionError, message);
  }
  for (const option of ["maxPendingBytes", "maxNumBatches"]) {
    const { message } = assertThrows(() => limitsOf({ [option]: 0 }), InvalidOptionError);
    assertEquals(message, `Cannot use 0 as producer option "${option}": expected a whole number above 0`);
  }
});

test("a producer shows its options, and the defaults", async () => {
  const topic = new ScriptedTopic();
  const shown = async (options?: ProducerOptions): Promise<unknown[]> => {
    await using producer = topic.producer(options);
    return [producer.batchSize, producer.maxNumBatches, producer.ordering];
  };
  assertEquals(await shown(), [BatchSize.Adaptive, 16, "strict"]);
  assertEquals(await shown({ batchSize: 7, maxNumBatches: 3, ordering: "loose" }), [7, 3, "loose"]);
});

test("a producer shows itself with its name and topic", async () => {
  await using producer = new ScriptedTopic().producer({ batchSize: 7 });
  const shown = { name: "p", topic: "scripted", batchSize: 7, maxNumBatches: 16, ordering: "strict" };
  assertEquals([producer.toJSON(), producer.name], [shown, "p"]);
});

test("misspelled options of a push fail it, and null is not data", async () => {
  const topic = new ScriptedTopic(2);
  await using producer = topic.producer();
  for (const options of [{ partitio: 1 }, { partition: undefined, key: 1 }, { partition: 1, key: 1 }]) {
    await assertRejects(
      async () => await producer.push(1, undefined, options as never),
      InvalidOptionError,
      "push option",
    );
  }
  for (const wrong of [null, [], 5, "1"]) {
    await assertRejects(() => producer.push(1, undefined, wrong as never).wait(), InvalidOptionError);
  }
  await assertRejects(
    async () => await producer.push(1, undefined, { partitio: 1 } as never),
    InvalidOptionError,
    'did you mean "partition"?',
  );
  await producer.push(1, undefined, { partition: 1 });
  await producer.push(2, null as never, { partition: undefined });
  assertEquals(topic.handed.map(({ partition }) => partition), [1, 0]);
});
