// The parts of the memory driver separately: topics, drafts, claims, partitions and batches.
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { OutgoingBatch, OutgoingData, TopicDefinition } from "../../../src/contract.ts";
import { MemoryBatch, MemoryTextBatch } from "../../../src/drivers/memory/batch.ts";
import { MemoryDriver } from "../../../src/drivers/memory/driver.ts";
import { MemoryPartition } from "../../../src/drivers/memory/partition.ts";
import {
  InvalidOptionError,
  InvalidTopicNameError,
  TopicExistsError,
  TopicNotFoundError,
  TransferInProgressError,
} from "../../../src/errors.ts";
import { test } from "../../harness.ts";

const components = { validator: { type: "default" }, partitionSelector: { type: "default" } };

function definition(options: Record<string, unknown> = {}): TopicDefinition {
  return { ...components, serializer: { type: "default" }, options } as unknown as TopicDefinition;
}

function batchOf(metadata: string[] | Uint8Array[], data?: OutgoingData[]): OutgoingBatch {
  const dataBytes = (data ?? []).flat().reduce((sum, piece) => sum + (piece?.byteLength ?? 0), 0);
  return { count: metadata.length, metadata, data, dataBytes } as OutgoingBatch;
}

test("topics in memory are listed by name, with what they were created with", async () => {
  const driver = new MemoryDriver({});
  const given = definition({ num_partitions: 2, flush_behavior: "on_flush" });
  await driver.createTopic("b", given);
  (given.options as Record<string, unknown>).num_partitions = 5;
  await driver.createTopic("a", definition({ flush_behavior: "immediate" }));
  const listed = [...await driver.listTopics()];
  assertEquals(
    listed.map(([name, { numPartitions, options }]) => [name, numPartitions, options.flush_behavior]),
    [
      ["a", 1, "immediate"],
      ["b", 2, "on_flush"],
    ],
  );
  listed[1]![1].options.num_partitions = 9;
  const topic = await driver.openTopic("b");
  assertEquals([topic.name, topic.partitions, topic.definition.options.num_partitions], [
    "b",
    [{ partition_id: 0 }, { partition_id: 1 }],
    2,
  ]);
  await driver.close();
});

test("a topic in memory is not created twice, nor under a name that files cannot have", async () => {
  const driver = new MemoryDriver({});
  await driver.createTopic("a", definition());
  for (const make of ["createTopic", "draftTopic"] as const) {
    const error = await assertRejects(() => driver[make]("a", definition()), TopicExistsError);
    assertEquals(error.message.includes("memory"), true);
    await assertRejects(() => driver[make]("A", definition()));
    await assertRejects(() => driver[make]("a/b", definition()), InvalidTopicNameError);
    await assertRejects(
      () => driver[make]("c", definition({ num_partitions: 0 })),
      InvalidOptionError,
      "topic",
    );
  }
  assertEquals([...await driver.listTopics()].map(([name]) => name), ["a"]);
});

test("a driver in memory takes no more partitions than its options say, for drafts too", async () => {
  const driver = new MemoryDriver({ max_partitions: 3 });
  for (const make of ["createTopic", "draftTopic"] as const) {
    await driver[make](make, definition({ num_partitions: 3 }));
    await assertRejects(
      () => driver[make](`more ${make}`, definition({ num_partitions: 4 })),
      InvalidOptionError,
    );
  }
});

test("a draft in memory becomes a topic when it is published, once, and takes nothing after it is discarded", async () => {
  const driver = new MemoryDriver({});
  const draft = await driver.draftTopic("a", definition());
  assertEquals([await driver.topicExists("a"), [...await driver.listTopics()].length], [false, 0]);
  assertEquals(draft.topic.producer("p").append(0, batchOf(["1", "2"])), 0);
  const rival = await driver.draftTopic("a", definition());
  await draft.publish();
  await assertRejects(() => rival.publish(), TopicExistsError);
  await rival.discard();
  assertThrows(() => rival.topic.producer("p").append(0, batchOf(["1"])));
  assertEquals((await (await driver.openTopic("a")).describe())[0]!.nextId, 2);
});

test("a name in memory is claimed by one transfer at a time, in every driver of its store", async () => {
  const store = `claims ${Math.random()}`;
  const [one, other, apart] = [
    new MemoryDriver({ store }),
    new MemoryDriver({ store }),
    new MemoryDriver({}),
  ];
  const claim = await one.claimTopic("a");
  await assertRejects(() => one.claimTopic("a"), TransferInProgressError);
  await assertRejects(() => other.claimTopic("a"), TransferInProgressError);
  for (const free of [await other.claimTopic("b"), await apart.claimTopic("a")]) {
    await free[Symbol.asyncDispose]();
  }
  await claim[Symbol.asyncDispose]();
  await (await other.claimTopic("a"))[Symbol.asyncDispose]();
});

test("a topic in memory that is not there is named with its store, by each call in its words", async () => {
  const driver = new MemoryDriver({ store: "errors of memory" });
  const open = await assertRejects(() => driver.openTopic("nope"), TopicNotFoundError);
  const remove = await assertRejects(() => driver.deleteTopic("nope"), TopicNotFoundError);
  assertEquals([open.message.includes("open"), remove.message.includes("delete")], [true, true]);
  assertEquals([open, remove].map(({ message }) => message.includes("memory:errors of memory")), [
    true,
    true,
  ]);
});

test("a partition in memory says what it has, and where positions are", () => {
  const partition = new MemoryPartition(4);
  assertEquals(partition.describe(), {
    ...{ partition: 4, firstId: 0, nextId: 0, bytes: 0, segments: 0 },
    ...{ oldestTime: undefined, newestTime: undefined },
  });
  assertEquals([partition.find(0), partition.resolve("latest"), partition.resolve({ time: 0 })], [
    undefined,
    0,
    0,
  ]);
  for (const metadata of [["1", "22"], ["333"], ["4", "5", "6"]]) partition.append(batchOf(metadata));
  assertEquals([0, 1, 2, 3, 5, 6].map((id) => partition.find(id)?.baseId), [0, 0, 2, 3, 3, undefined]);
  assertEquals([0, 1, 2, 3, 5, 6].map((id) => partition.bytesFrom(id)), [9, 9, 6, 3, 3, 0]);
  const [first, last] = [partition.find(0)!.timestamp, partition.find(5)!.timestamp];
  const found = partition.describe();
  assertEquals([found.oldestTime, found.newestTime, found.bytes, found.nextId], [first, last, 9, 6]);
  const positions = ["earliest", "latest", { id: 4 }, { id: 9 }, { time: first }, {
    time: last + 1,
  }] as const;
  assertEquals(positions.map((position) => partition.resolve(position)), [0, 6, 4, 6, 0, 6]);
});

test("trimming in memory removes whole batches up to what is asked for, and says their bytes", () => {
  const filled = () => {
    const partition = new MemoryPartition(0);
    for (const metadata of [["1", "22"], ["333"], ["4", "5", "6"]]) partition.append(batchOf(metadata));
    return partition;
  };
  const time = Date.now();
  const cases: [Parameters<MemoryPartition["trim"]>[0], number, number, number][] = [
    [{}, 0, 0, 0],
    [{ beforeId: 1 }, 0, 0, 0],
    [{ beforeId: 2 }, 0, 2, 3],
    [{ beforeId: 3 }, 0, 3, 6],
    [{ beforeId: 99 }, 0, 6, 9],
    [{}, 3, 3, 6],
    [{ beforeId: 2 }, 3, 3, 6],
    [{ maxBytes: 9 }, 0, 0, 0],
    [{ maxBytes: 8 }, 0, 2, 3],
    [{ maxBytes: 5 }, 0, 3, 6],
    [{ maxBytes: 0 }, 0, 6, 9],
    [{ beforeTime: time - 10_000 }, 0, 0, 0],
    [{ beforeTime: new Date(time + 10_000) }, 0, 6, 9],
  ];
  for (const [request, acknowledgedId, firstId, bytes] of cases) {
    const partition = filled();
    assertEquals(partition.trim({ ...request, dryRun: true }, acknowledgedId), { firstId, bytes });
    assertEquals(partition.firstId, 0);
    assertEquals(partition.trim(request, acknowledgedId), { firstId, bytes });
    assertEquals([partition.firstId, partition.nextId], [firstId, 6]);
  }
  const partition = filled();
  // An event with exactly that time is kept.
  assertEquals(partition.trim({ beforeTime: partition.find(0)!.timestamp }, 0).firstId, 0);
  partition.trim({ beforeId: 3 }, 0);
  assertEquals([partition.resolve("earliest"), partition.resolve({ id: 1 }), partition.find(1)?.baseId], [
    3,
    1,
    3,
  ]);
});

test("a batch in memory gives its events' texts, bytes and data, from where it begins", () => {
  const partition = new MemoryPartition(0);
  const data = [Uint8Array.of(1), undefined, [Uint8Array.of(2, 3), Uint8Array.of(4)]];
  partition.append(batchOf(['"a"', '"ä"', '"c"'], data));
  partition.append(batchOf([Uint8Array.of(7), Uint8Array.of(8, 9)]));
  const texts = new MemoryTextBatch(0, partition.find(0)!, 1, 2);
  assertEquals([texts.baseId, texts.count, texts.joinedText(), texts.metadataText(1)], [
    1,
    2,
    '"ä","c"',
    '"c"',
  ]);
  assertEquals([...texts.metadataBytes(0)], [34, 195, 164, 34]);
  assertEquals([0, 1].map((index) => texts.dataSize(index)), [0, 3]);
  const into = [new Uint8Array(1), new Uint8Array(1)];
  texts.readData(1, [{ offset: 2, size: 1 }, { offset: 0, size: 1 }], into);
  assertEquals(into.map(([byte]) => byte), [4, 2]);
  const bytes = new MemoryBatch(0, partition.find(3)!, 0, 2);
  assertEquals([bytes.metadataText, bytes.joinedText, bytes.dataSize(1)], [undefined, undefined, 0]);
  bytes.metadataBytes(1).fill(0);
  assertEquals([...bytes.metadataBytes(1)], [8, 9]);
});
