// Which data is read, and into which memory.
import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import {
  AllocationError,
  DataDescriptor,
  DataRangeError,
  FullDataSelector,
  InvalidOptionError,
  reusingAllocator,
  Uint8ArrayAllocator,
} from "../../mod.ts";
import { foreignPromise } from "../foreign_promise.ts";
import { test } from "../harness.ts";
import { turn, until } from "../waiting.ts";
import { ScriptedSource } from "./scripted_consumer.ts";

function sourceWith(count: number, size = 10): ScriptedSource {
  const source = new ScriptedSource();
  source.store(count, 0, (id) => ({
    text: `{"n":${id}}`,
    data: Uint8Array.from({ length: size }, (_, index) => id * 100 + index),
  }));
  return source;
}

test("without a selector no data is read", async () => {
  const source = sourceWith(3);
  await using consumer = source.consumer();
  for await (const event of consumer.events({ until: "end" })) {
    assertEquals([event.data, event.dataBuffers, event.dataDescriptor.size], [undefined, [], 10]);
  }
  assertEquals(source.dataReads, []);
  assertEquals(source.request?.dataWanted, false);
});

test("only what is selected is read", async () => {
  const source = sourceWith(4);
  await using consumer = source.consumer<{ n: number }>({
    dataSelector: ({ n }, descriptor) =>
      n === 1 ? descriptor : n === 2 ? descriptor.makeStridedView(1, 2, 2, 3) : null,
  });
  const data = [];
  for await (const event of consumer.events({ until: "end" })) data.push(event.data && [...event.data]);
  assertEquals(data, [
    undefined,
    [100, 101, 102, 103, 104, 105, 106, 107, 108, 109],
    [201, 202, 206, 207],
    undefined,
  ]);
  assertEquals(source.dataReads, ["1:0+10", "2:1+2", "2:6+2"]);
  assertEquals(source.request?.dataWanted, true);
});

test("a selector and an allocator may be asynchronous, also by promises of another library", async () => {
  for (const later of [foreignPromise, async <V>(value: V) => await foreignPromise(value)]) {
    await using consumer = sourceWith(3).consumer<{ n: number }>({
      dataSelector: ({ n }, descriptor) => later(n === 0 ? null : descriptor.makeSubView(n, 2)),
      dataAllocator: (_, { size }) => later(new Uint8Array(size)),
    });
    const data = [];
    for await (const event of consumer.events({ until: "end" })) data.push(event.data && [...event.data]);
    assertEquals(data, [undefined, [101, 102], [202, 203]]);
  }
});

test("views of the engine's memory are used if available", async () => {
  const source = sourceWith(2);
  source.views = true;
  await using consumer = source.consumer({ dataSelector: FullDataSelector });
  const event = await consumer.pull();
  assertStrictEquals(event.data?.buffer, source.partitions[0][0].data?.buffer);
  const second = await consumer.pull();
  assertEquals([...(await second.loadData(second.dataDescriptor.makeSubView(9, 1)))], [109]);
  const twoRanges = second.dataDescriptor.makeStridedView(0, 2, 1, 1);
  assertEquals([...(await second.loadData(twoRanges))], [100, 102]);
});

test("the allocator's buffers are filled in order, whatever their type of view", async () => {
  const source = sourceWith(1);
  source.views = true;
  const memory = new ArrayBuffer(32);
  const buffers = [new Uint8Array(memory, 0, 3), new Uint16Array(memory, 16, 2), new DataView(memory, 28, 3)];
  await using consumer = source.consumer({ dataSelector: FullDataSelector, dataAllocator: () => buffers });
  const event = await consumer.pull();
  assertStrictEquals(event.dataBuffers[0], buffers[0]);
  assertEquals(event.dataBuffers.map(({ byteLength }) => byteLength), [3, 4, 3]);
  assertEquals([
    ...new Uint8Array(memory, 0, 3),
    ...new Uint8Array(memory, 16, 4),
    ...new Uint8Array(memory, 28, 3),
  ], [
    0,
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    9,
  ]);
  assertEquals([...event.data!], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assertEquals(Uint8ArrayAllocator(null, new DataDescriptor(5)).byteLength, 5);
});

test("a reusing allocator cycles through its buffers, and grows them where more is selected", async () => {
  const source = sourceWith(4);
  await using consumer = source.consumer({ dataAllocator: reusingAllocator() });
  const seen: (readonly [ArrayBufferLike, number[]])[] = [];
  for await (const { data } of consumer.events({ until: "end" })) seen.push([data!.buffer, [...data!]]);
  assertEquals(new Set(seen.map(([buffer]) => buffer)).size, 1);
  for (const [id, [, bytes]] of seen.entries()) {
    assertEquals(bytes, Array.from({ length: 10 }, (_, index) => id * 100 % 256 + index));
  }

  const allocate = reusingAllocator(2);
  const given = [10, 10, 5, 20, 8, 20].map((size) => allocate(null, new DataDescriptor(size)));
  assertEquals(given.map(({ byteLength }) => byteLength), [10, 10, 5, 20, 8, 20]);
  const [first, second, third, larger, fifth, last] = given.map(({ buffer }) => buffer);
  assertStrictEquals(third, first);
  assertStrictEquals(fifth, first);
  assertStrictEquals(last, larger);
  assert(first !== second && second !== larger && larger !== first);
});

test("a reusing allocator without buffers is refused", () => {
  for (const buffers of [0, -1, 1.5, NaN, Infinity, "2" as unknown as number]) {
    const error = assertThrows(() => reusingAllocator(buffers), InvalidOptionError, `of ${buffers} buffers`);
    assertStrictEquals(error.option, "buffers");
  }
});

test("an allocator may return buffers instead of views", async () => {
  const source = sourceWith(2);
  const answers = [new ArrayBuffer(10), [new ArrayBuffer(4), new SharedArrayBuffer(6)]];
  const bytesOf = (buffer: ArrayBuffer | SharedArrayBuffer) => [...new Uint8Array(buffer)];
  await using consumer = source.consumer({ dataAllocator: () => answers.shift()! });
  for (const given of [...answers]) {
    const { data } = await consumer.pull();
    assertEquals([...data!], [given].flat().flatMap(bytesOf));
    assertEquals([data!.length, data!.at(-1)! % 100], [10, 9]);
  }
});

test("an error in a selector or allocator rejects the wait, and the event is not lost", async () => {
  const source = sourceWith(1);
  const answers: unknown[] = [];
  await using consumer = source.consumer({
    dataSelector: (_, descriptor) => {
      const answer = answers.shift();
      if (answer instanceof Error) throw answer;
      return (answer ?? descriptor) as DataDescriptor;
    },
    dataAllocator: (_, { size }) => (answers.shift() ?? new Uint8Array(size)) as Uint8Array,
  });
  const detached = new Uint8Array(1);
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  const lying = Object.defineProperty(new Uint8Array(1), "byteLength", { value: 10 });
  const cases: [unknown[], Parameters<typeof assertRejects>[1], string][] = [
    [[new Error("selector broke")], Error, "selector broke"],
    [[new DataDescriptor(99)], DataRangeError, "a data part of 99 bytes, this one has 10"],
    [[3], DataRangeError, "expected a DataDescriptor or null, found number"],
    [
      [undefined, new Uint8Array(9)],
      AllocationError,
      "10 bytes of event scripted/0/0 are selected, the data allocator gave 9",
    ],
    [[undefined, [new Uint8Array(9), new Uint8Array(2)]], AllocationError, "gave 11"],
    [[undefined, "buffer"], AllocationError, "gave string"],
    // deno-lint-ignore no-sparse-arrays
    [[undefined, [new Uint8Array(10), , new Uint8Array(0)]], AllocationError, "gave undefined"],
    // These two have the right total size, and were an error of the runtime when the data was copied.
    [[undefined, [new Uint8Array(10), detached]], AllocationError, "a buffer that is not detached"],
    [[undefined, lying], AllocationError, "gave Uint8Array"],
  ];
  for (const [given, kind, message] of cases) {
    answers.push(...given);
    await assertRejects(async () => await consumer.pull(), kind, message);
    answers.length = 0;
  }
  assertEquals((await consumer.pull()).id, 0);
});

// Of a million events one may have no data: the error said that 3 bytes exceed 0 bytes, and not where.
test("a view that a selector cannot make says of which event", async () => {
  const source = sourceWith(1);
  await using consumer = source.consumer({
    dataSelector: (_, image) => image.makeSubView(0, 8).makeSubView(7, 2),
  });
  const exceeds = "Cannot make a view of 8 bytes of event scripted/0/0: 2 bytes at offset 7 end at 9";
  await assertRejects(async () => await consumer.pull(), DataRangeError, exceeds);
  await using strided = source.consumer({ dataSelector: (_, image) => image.makeStridedView(0, 3, 4, 1) });
  await assertRejects(
    async () => await strided.pull(),
    DataRangeError,
    "view of 10 bytes of event scripted/0/0: its 3",
  );
});

test("an event whose data was loaded for a wait that gave up is not taken for one of another partition", async () => {
  const source = new ScriptedSource(2);
  for (const partition of [0, 1]) {
    source.store(2, partition, () => ({ text: String(partition), data: new Uint8Array(1) }));
  }
  let loads = 0;
  await using consumer = source.consumer({
    dataSelector: async (_, descriptor) => {
      await turn();
      loads++;
      return descriptor;
    },
  });
  assertEquals((await consumer.pull()).id, 0);
  await consumer.pull().wait(0);
  await until("the data of both is loaded", () => loads === 2);
  await turn();
  const ids = async (id: number) => {
    const seen: string[] = [];
    for await (const event of consumer.events({ until: { id } })) seen.push(`${event.metadata}:${event.id}`);
    return seen.sort();
  };
  assertEquals([await ids(1), await ids(2)], [["1:0"], ["0:1", "1:1"]]);
});

test("batches() returns the events before one whose data cannot be loaded, then the error", async () => {
  const source = sourceWith(5);
  let isBroken = true;
  await using consumer = source.consumer<{ n: number }>({
    dataSelector: ({ n }, descriptor) => {
      if (n === 3 && isBroken) throw new Error("selector broke");
      return descriptor;
    },
  });
  const seen: number[] = [];
  await assertRejects(
    async () => {
      for await (const batch of consumer.batches({ until: "end" })) seen.push(...batch.map(({ id }) => id));
    },
    Error,
    "selector broke",
  );
  assertEquals(seen, [0, 1, 2]);
  isBroken = false;
  for await (const batch of consumer.batches({ until: "end" })) seen.push(...batch.map(({ id }) => id));
  assertEquals(seen, [0, 1, 2, 3, 4]);
});

test("selecting data of an event without data gives an empty part", async () => {
  const source = new ScriptedSource();
  source.store(1);
  await using consumer = source.consumer({
    dataSelector: FullDataSelector,
    dataAllocator: () => {
      throw new Error("there is nothing to allocate");
    },
  });
  const event = await consumer.pull();
  assertEquals(event.data?.byteLength, 0);
  assertEquals((await event.loadData()).byteLength, 0);
  assert(source.dataReads.length === 0);
});
