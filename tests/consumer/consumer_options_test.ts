import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { CorruptedLogError, InvalidOptionError, NoSuchPartitionError } from "../../mod.ts";
import { eventsMaxOf, requestOf } from "../../src/consumer/consumer_options.ts";
import { test } from "../harness.ts";
import { reportDamage, ScriptedSource } from "./scripted_consumer.ts";

test("a consumer without options reads everything from the beginning and throws at damage", () => {
  assertEquals(requestOf({}, 3), {
    from: "earliest",
    partitions: undefined,
    onCorruption: "throw",
    onDamage: undefined,
    dataWanted: false,
    batchesMax: 2,
    group: undefined,
    groupTimeoutMs: undefined,
  });
});

test("a group is assigned its partitions, and has its own timeout", () => {
  assertEquals(requestOf({ group: true, groupTimeoutMs: 500 }, 3).groupTimeoutMs, 500);
  assertThrows(
    () => requestOf({ group: true, partitions: [1] }, 3),
    InvalidOptionError,
    'Cannot use consumer option "partitions" ([1]) with "group"',
  );
  assertThrows(() => requestOf({ groupTimeoutMs: 500 }, 3), InvalidOptionError, 'without "group"');
  for (const groupTimeoutMs of [0, -1, 99, NaN, Infinity]) {
    assertThrows(() => requestOf({ group: true, groupTimeoutMs }, 3), InvalidOptionError, "at least 100");
  }
  assertThrows(
    () => requestOf({ group: true, groupTimeoutMs: 1 }, 3),
    InvalidOptionError,
    'consumer option "groupTimeoutMs"',
  );
  assertThrows(
    () => requestOf({ group: "yes" as unknown as boolean }, 3),
    InvalidOptionError,
    "true or false",
  );
});

test("partitions are sorted, without duplicates", () => {
  assertEquals(requestOf({ partitions: [2, 0, 2] }, 3).partitions, [0, 2]);
  assertThrows(() => requestOf({ partitions: [3] }, 3), NoSuchPartitionError, "the topic has 3");
  assertThrows(() => requestOf({ partitions: [0.5] }, 3), NoSuchPartitionError);
  assertThrows(() => requestOf({ partitions: [] }, 3), InvalidOptionError, "at least one");
});

test("every form of the option from is accepted", () => {
  const date = new Date(5);
  for (const from of ["earliest", "latest", { id: 0 }, { id: 7 }, { time: 1.5 }, { time: date }] as const) {
    assertEquals(requestOf({ from }, 1).from, from);
  }
  for (
    const wrong of [
      "first",
      {},
      { id: -1 },
      { id: "3" },
      { time: NaN },
      { time: new Date(NaN) },
      { id: 1, time: 2 },
      null,
      5,
    ]
  ) {
    assertThrows(
      () => requestOf({ from: wrong as never }, 1),
      InvalidOptionError,
      '"earliest", "latest", { id }',
    );
  }
});

test("invalid options are named, with what is expected", () => {
  const cases: [Record<string, unknown>, string][] = [
    [{ onCorruption: "ignore" }, 'option "onCorruption": expected "throw" or "skip"'],
    [{ dataSelector: "all" }, 'option "dataSelector": expected a function'],
    // `new FullDataSelector()`, as in C++ a class would be used.
    [{ dataSelector: {} }, "expected a function, e.g. FullDataSelector itself"],
    [{ dataAllocator: {} }, 'option "dataAllocator": expected a function'],
    [{ onDamage: 1 }, 'option "onDamage": expected a function'],
    [{ maxNumBatches: 0 }, 'option "maxNumBatches"'],
    [{ data_selector: () => null }, 'did you mean "dataSelector"?'],
  ];
  for (const [options, message] of cases) {
    assertThrows(() => requestOf(options as never, 1), InvalidOptionError, message);
  }
  assertThrows(() => eventsMaxOf(0, 1), InvalidOptionError, '"batchSize"');
  assertEquals(eventsMaxOf(5, 1), 5);
  for (const adaptive of ["adaptive", undefined] as const) {
    assertEquals([1, 2, 100].map((numPartitions) => eventsMaxOf(adaptive, numPartitions)), [1024, 256, 256]);
  }
});

test("skipped damage is reported to the callback", async () => {
  const source = new ScriptedSource();
  const reported: unknown[] = [];
  await using consumer = source.consumer({ onCorruption: "skip", onDamage: (error) => reported.push(error) });
  const error = new CorruptedLogError({
    partition: 0,
    firstId: 3,
    endId: 5,
    file: "f",
    offset: 9,
    reason: "torn",
  });
  reportDamage(source, error);
  assertEquals(reported, [error]);
  assertEquals(source.request?.onCorruption, "skip");
  assertEquals(consumer.name, "c");
});

test("invalid options of process() are named, with what is expected", async () => {
  const source = new ScriptedSource();
  source.store(1);
  await using consumer = source.consumer();
  const cases: [Record<string, unknown>, string][] = [
    [{ maxEvents: -1 }, '"maxEvents"'],
    [{ maxEvents: 1.5 }, '"maxEvents"'],
    [{ concurrency: 0 }, '"concurrency"'],
    [{ concurrency: 1.5 }, '"concurrency"'],
    [{ max_events: 3 }, 'did you mean "maxEvents"?'],
  ];
  for (const [options, message] of cases) {
    await assertRejects(() => consumer.process(() => {}, options as never), InvalidOptionError, message);
  }
  assertEquals(await consumer.process(() => {}, { maxEvents: 0 }), 0);
  assertEquals(await consumer.process(() => {}, { maxEvents: 1, concurrency: 2 }), 1);
});

test("invalid partitions and positions are reported as the consumer's", () => {
  assertThrows(() => requestOf({ partitions: [] }, 1), InvalidOptionError, 'consumer option "partitions"');
  assertThrows(
    () => requestOf({ partitions: 1 as never }, 1),
    InvalidOptionError,
    'consumer option "partitions"',
  );
  assertThrows(() => requestOf({ from: {} as never }, 1), InvalidOptionError, 'consumer option "from"');
});

test("a consumer shows its options, and the defaults", async () => {
  const source = new ScriptedSource(2);
  await using plain = source.consumer();
  assertEquals(plain.toJSON(), {
    name: "c",
    topic: "scripted",
    partitions: [0, 1],
    batchSize: "adaptive",
    maxNumBatches: 2,
  });
  assertEquals([plain.dataSelector, plain.dataAllocator], [undefined, undefined]);
  const dataSelector = () => null;
  const dataAllocator = () => [];
  await using other = source.consumer({ batchSize: 7, maxNumBatches: 3, dataSelector, dataAllocator });
  assertEquals([other.batchSize, other.maxNumBatches], [7, 3]);
  assertEquals([other.dataSelector, other.dataAllocator], [dataSelector, dataAllocator]);
});
