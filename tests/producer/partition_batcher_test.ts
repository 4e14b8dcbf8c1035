import { assertEquals, assertStrictEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { BackpressureError } from "../../mod.ts";
import type { OutgoingBatch } from "../../src/contract.ts";
import { UnobservedFailures } from "../../src/producer/unobserved_failures.ts";
import type { BatchLimits } from "../../src/producer/producer_options.ts";
import { type BatcherOwner, NOTHING_HELD_BACK } from "../../src/producer/batcher_owner.ts";
import { PartitionBatcher } from "../../src/producer/partition_batcher.ts";
import { test } from "../harness.ts";
import { turn } from "../waiting.ts";

/** The size of an event in addition to its metadata and data. */
const EVENT_BYTES = 64;

/** The owner of some batchers with a driver that stores synchronously, and the batches it was given. */
function makeOwner(
  limits: Partial<BatchLimits> = {},
  append: (batch: OutgoingBatch) => number | Promise<number> = () => 0,
): { owner: BatcherOwner; handed: number[]; relieved: () => number } {
  const handed: number[] = [];
  let relieved = 0;
  const owner: BatcherOwner = {
    topic: "topic",
    name: "producer",
    driver: {
      append: (_, batch) => {
        handed.push(batch.count);
        return append(batch);
      },
      flush: () => Promise.resolve(),
      close: () => Promise.resolve(),
    },
    limits: {
      eventsMax: 1000,
      bytesMax: 1 << 20,
      batchesMax: 4,
      openBytesMax: 1 << 20,
      pendingBytesMax: 1 << 20,
      ...limits,
    },
    failures: new UnobservedFailures(),
    inFlight: new Set(),
    openBytes: 0,
    queuedBytes: 0,
    heldBack: () => NOTHING_HELD_BACK,
    submitAll: () => relieved++,
    expectsMore: () => false,
    onSettled: (batch) => void owner.inFlight.delete(batch),
  };
  return { owner, handed, relieved: () => relieved };
}

test("bytes of filling batches are counted, and released when they are sent", () => {
  const { owner, handed } = makeOwner();
  const batchers = [new PartitionBatcher(0, owner), new PartitionBatcher(1, owner)];
  batchers[0].add("12345");
  batchers[0].add("1", new Uint8Array(100));
  batchers[1].add("12");
  assertEquals(owner.openBytes, 5 + 1 + 100 + 2 + 3 * EVENT_BYTES);
  batchers[0].submit();
  assertEquals(owner.openBytes, 2 + EVENT_BYTES);
  batchers[1].submit();
  assertEquals([owner.openBytes, handed], [0, [2, 1]]);
});

test("a stream and a failed batch release their bytes, too", async () => {
  const { owner } = makeOwner({}, () => {
    throw new Error("no");
  });
  const batcher = new PartitionBatcher(0, owner);
  batcher.add("12345");
  batcher.submit();
  assertEquals(owner.openBytes, 0);
  const stream = (async function* () {
    yield new Uint8Array(1);
  })();
  await batcher.add("1", stream).catch(() => {});
  assertEquals([owner.openBytes, owner.failures.count], [0, 1]);
});

test("batchers that hold too much together are flushed, except those within their share", () => {
  const { owner, relieved } = makeOwner({ openBytesMax: 10 * (EVENT_BYTES + 4) });
  const batcher = new PartitionBatcher(0, owner);
  for (let count = 0; count < 10; count++) batcher.add("1234");
  assertEquals(relieved(), 0);
  batcher.add("1234");
  assertEquals(relieved(), 1);
  batcher.submit();
});

test("a batch is sent when it is full, by events or bytes", () => {
  const byCount = makeOwner({ eventsMax: 3 });
  const byBytes = makeOwner({ bytesMax: 10 });
  const batchers = [new PartitionBatcher(0, byCount.owner), new PartitionBatcher(0, byBytes.owner)];
  for (let count = 0; count < 7; count++) batchers[0].add("1");
  assertEquals(byCount.handed, [3, 3]);
  for (const text of ["1234567", "1234", "123456", "1234567890", "12345678901", "1"]) batchers[1].add(text);
  // If an event would make it too large, a new batch begins; an event that is too large by itself is sent
  // alone.
  assertEquals(byBytes.handed, [1, 2, 1, 1]);
  for (const batcher of batchers) batcher.submit();
});

test("while a batch is being stored the next one waits for it, or until it is full", async () => {
  const stored: ((id: number) => void)[] = [];
  const { owner, handed } = makeOwner({ eventsMax: 3 }, () => new Promise((resolve) => stored.push(resolve)));
  const batcher = new PartitionBatcher(0, owner);
  batcher.add("1");
  batcher.submit();
  const second = batcher.add("2");
  batcher.submitSoon(batchOf(second));
  await turn();
  assertEquals(handed, [1]);
  batcher.add("3");
  batcher.add("4");
  assertEquals(handed, [1, 3]);
  const last = batcher.add("5");
  await turn();
  assertEquals(handed, [1, 3]);
  stored[0](0);
  await turn();
  batcher.retry();
  // One of its batches is still in flight.
  assertEquals(handed, [1, 3]);
  stored[1](1);
  await turn();
  batcher.retry();
  assertEquals(handed, [1, 3, 1]);
  stored[2](4);
  assertEquals([await second, await last], [1, 4]);
});

function batchOf(future: unknown): Parameters<PartitionBatcher["submitSoon"]>[0] {
  return (future as { batch: Parameters<PartitionBatcher["submitSoon"]>[0] }).batch;
}

/** Like `makeOwner`, for an engine that counts every byte; it answers when the test says so. */
function makeCountingOwner(limits: Partial<BatchLimits> = {}): ReturnType<typeof makeOwner> & {
  batches: { metadata: unknown[]; data: unknown; dataBytes: number }[];
  store: (() => void)[];
} {
  const batches: { metadata: unknown[]; data: unknown; dataBytes: number }[] = [];
  const store: (() => void)[] = [];
  const made = makeOwner(limits, (batch) => {
    const { metadata, count, data, dataBytes } = batch;
    batches.push({ metadata: metadata.slice(0, count), data: data?.slice(0, count), dataBytes });
    return new Promise((resolve) => store.push(() => resolve(0)));
  });
  Object.assign(made.owner.driver, { batchLimit: { bytesMax: 100, bytesPerEvent: 10 } });
  return { ...made, batches, store };
}

test("an engine's own limit counts bytes of UTF-8 and the overhead per event", () => {
  const { owner, batches, store } = makeCountingOwner();
  const batcher = new PartitionBatcher(0, owner);
  // 3 bytes per character: 30 and 10 are 40 each, and a third would make it 120.
  for (let count = 0; count < 3; count++) batcher.add("☃".repeat(10));
  assertEquals(batches.map(({ metadata }) => metadata.length), [2]);
  batcher.add(new Uint8Array(50));
  // 40 and 60 are full.
  assertEquals(batches.map(({ metadata }) => metadata.length), [2, 2]);
  store.forEach((end) => end());
});

test("an engine's limit above the producer's changes nothing", () => {
  const { owner, batches, store } = makeCountingOwner({ bytesMax: 30 });
  const batcher = new PartitionBatcher(0, owner);
  batcher.add("1234");
  batcher.add("1234");
  assertEquals(batches.length, 0);
  batcher.add("1234");
  assertEquals(batches.map(({ metadata }) => metadata.length), [2]);
  batcher.submit();
  store.forEach((end) => end());
});

test("a batch for an engine with slow round trips grows beyond its size while no other may be sent", async () => {
  const { owner, batches, store } = makeCountingOwner({ eventsMax: 2, batchesMax: 1 });
  const batcher = new PartitionBatcher(0, owner);
  for (const text of ["1", "2", "3", "4", "5"]) batcher.add(text);
  assertEquals(batches.map(({ metadata }) => metadata), [["1", "2"]]);
  store[0]();
  await turn();
  batcher.retry();
  assertEquals(batches[1].metadata, ["3", "4", "5"]);
  store[1]();
  await turn();
});

test("other engines refuse a push when the limit is reached and no batch may be sent", async () => {
  const stored: (() => void)[] = [];
  const { owner, handed } = makeOwner(
    { eventsMax: 2, batchesMax: 1, pendingBytesMax: 2 * (EVENT_BYTES + 1) - 1 },
    () => new Promise((resolve) => stored.push(() => resolve(0))),
  );
  const batcher = new PartitionBatcher(0, owner);
  for (const text of ["1", "2", "3", "4"]) batcher.add(text);
  const error = assertThrows(() => batcher.add("5"), BackpressureError);
  assertStringIncludes(error.message, "partition 0: 130 bytes wait to be stored");
  const stream = (async function* () {})();
  assertThrows(() => batcher.add("6", stream), BackpressureError);
  assertEquals(handed, [2]);
  stored[0]();
  await turn();
  batcher.retry();
  assertEquals(handed, [2, 2]);
  stored[1]();
  await turn();
});

test("a stream is sent alone and at once, after what was pushed before it", async () => {
  const { owner, handed } = makeOwner();
  const batcher = new PartitionBatcher(0, owner);
  batcher.add("1");
  batcher.add("2", (async function* () {})());
  assertEquals(handed, [1, 1]);
  assertEquals(batcher.submit(), true);
  assertEquals(handed, [1, 1]);
  await turn();
});

test("a batch of events with empty data parts has no data", () => {
  const { owner, batches, store } = makeCountingOwner();
  const batcher = new PartitionBatcher(0, owner);
  batcher.add("1", new Uint8Array(0));
  batcher.add("2", null);
  batcher.add("3", []);
  batcher.submit();
  assertEquals([batches[0].data, batches[0].dataBytes], [undefined, 0]);
  batcher.add("4");
  batcher.add("5", new Uint8Array([1, 2]));
  batcher.add("6", [new Uint8Array([3]), new Uint8Array([4, 5])]);
  batcher.submit();
  assertEquals(batches[1].dataBytes, 5);
  assertEquals((batches[1].data as unknown[])[0], undefined);
  assertEquals((batches[1].data as unknown[])[1], new Uint8Array([1, 2]));
  store.forEach((end) => end());
});

test("a partial batch is sent at the next turn of the event loop, and an empty batcher sends none", async () => {
  const { owner, handed } = makeOwner();
  const batcher = new PartitionBatcher(0, owner);
  assertEquals(batcher.submit(), true);
  batcher.add("1");
  batcher.add("2");
  assertEquals(handed, []);
  await turn();
  assertEquals(handed, [2]);
  // What was handed over before leaves nothing to do.
  batcher.add("3");
  batcher.submit();
  await turn();
  assertEquals(handed, [2, 1]);
});

test("an awaited batch is sent after the running code, unless more events are being prepared", async () => {
  for (const more of [false, true]) {
    const { owner, handed } = makeOwner();
    owner.expectsMore = () => more;
    const batcher = new PartitionBatcher(0, owner);
    const future = batcher.add("1");
    batcher.submitSoon(batchOf(future));
    batcher.submitSoon(batchOf(future));
    batcher.add("2");
    assertEquals(handed, []);
    await Promise.resolve();
    assertEquals(handed, more ? [] : [2]);
    batcher.submit();
    // It is no longer in the batcher.
    batcher.submitSoon(batchOf(future));
    batcher.add("3");
    await Promise.resolve();
    assertEquals(handed, [2]);
    batcher.submit();
  }
});

/** An owner whose batches are stored when the test says so, and what they were given: their metadata. */
function makeWaiting(limits: Partial<BatchLimits>) {
  const batches: string[] = [];
  const store: (() => void)[] = [];
  const { owner } = makeOwner(limits, (batch) => {
    batches.push(batch.metadata.slice(0, batch.count).join());
    return new Promise((resolve) => store.push(() => resolve(0)));
  });
  return { owner, batches, store };
}

test("what is queued goes first, and each batch in its turn", async () => {
  const { owner, batches, store } = makeWaiting({ eventsMax: 2, batchesMax: 1 });
  const batcher = new PartitionBatcher(0, owner);
  assertEquals([batcher.pendingBytes, batcher.maySplit], [0, false]);
  for (let n = 1; n <= 7; n++) batcher.add(String(n));
  assertEquals([batches, batcher.queuedBytes], [["1,2"], 4 * (EVENT_BYTES + 1)]);
  assertEquals(batcher.pendingBytes, 5 * (EVENT_BYTES + 1));
  store[0]!();
  await turn();
  // Only one may be in flight.
  assertEquals([batcher.submit(), batches], [false, ["1,2", "3,4"]]);
  store[1]!();
  await turn();
  assertEquals([batcher.submit(), batches], [false, ["1,2", "3,4", "5,6"]]);
  assertEquals([batcher.queuedBytes, batcher.pendingBytes], [0, EVENT_BYTES + 1]);
  store[2]!();
  await turn();
  assertEquals([batcher.submit(), batches.at(-1), batcher.pendingBytes], [true, "7", 0]);
  store[3]!();
  await turn();
});

test("once there is room, queued batches and a full one are sent though others are in flight", async () => {
  const full: Partial<BatchLimits>[] = [{ eventsMax: 2 }, { bytesMax: 2 }];
  for (const limits of full) {
    const { owner, batches, store } = makeWaiting({ ...limits, batchesMax: 2 });
    const batcher = new PartitionBatcher(0, owner);
    for (let n = 1; n <= 6; n++) batcher.add(String(n));
    assertEquals(batches, ["1,2", "3,4"]);
    store[0]!();
    await turn();
    // The open batch is full.
    batcher.retry();
    assertEquals(batches, ["1,2", "3,4", "5,6"]);
    for (let n = 1; n <= 3; n++) batcher.add(String(n));
    store[1]!();
    await turn();
    // A queued one and one that is not full.
    batcher.retry();
    assertEquals(batches, ["1,2", "3,4", "5,6", "1,2"]);
    store[2]!();
    await turn();
    batcher.retry();
    assertEquals(batches.length, 4);
    store[3]!();
    await turn();
    batcher.retry();
    assertEquals(batches.at(-1), "3");
    store[4]!();
    await turn();
  }
});

test("a stream waits for its turn, since only an append that does not block can store it", async () => {
  const { owner, batches, store } = makeWaiting({ eventsMax: 1, batchesMax: 1 });
  const blocked: string[] = [];
  owner.driver.appendSync = (_, batch) => {
    // As the engines do while they store a stream.
    if (batches.length > 1) return undefined;
    blocked.push(batch.metadata.slice(0, batch.count).join());
    return 0;
  };
  const batcher = new PartitionBatcher(0, owner);
  batcher.add("1");
  batcher.add("2");
  const stream = () => (async function* () {})();
  const first = batcher.add("3", stream());
  assertEquals([batches, blocked, batcher.queuedBytes], [["1"], ["2"], EVENT_BYTES + 1]);
  batcher.add("4", stream());
  // A batch of its own, since that of a stream holds one event.
  batcher.add("5");
  assertEquals([batches, blocked, batcher.queuedBytes], [["1"], ["2"], 2 * (EVENT_BYTES + 1)]);
  for (let sent = 0; sent < 3; sent++) {
    store[sent]!();
    await turn();
    batcher.retry();
  }
  assertEquals([batches, blocked, batcher.queuedBytes], [["1", "3", "4", "5"], ["2"], 0]);
  assertEquals([batchOf(first).stream, batchOf(first).metadata], [undefined, []]);
  store[3]!();
  await turn();
});

test("the list of a stored batch is used again by one batch alone", async () => {
  const store: (() => void)[] = [];
  const batches: string[] = [];
  const { owner } = makeOwner({ eventsMax: 1, batchesMax: 1 }, (batch) => {
    batches.push(batch.metadata.slice(0, batch.count).join());
    return batches.length === 1 ? 0 : new Promise((resolve) => store.push(() => resolve(0)));
  });
  const batcher = new PartitionBatcher(0, owner);
  for (const text of ["1", "2", "3", "4", "5"]) batcher.add(text);
  for (let sent = 0; sent < 3; sent++) {
    store[sent]!();
    await turn();
    batcher.retry();
  }
  assertEquals(batches, ["1", "2", "3", "4", "5"]);
  store[3]!();
  await turn();
});

test("the lists of data parts are used again without the parts of the batch before", () => {
  const lists: unknown[] = [];
  const batches: string[] = [];
  const { owner } = makeOwner({ eventsMax: 3 }, ({ count, data }) => {
    lists.push(data);
    batches.push(Array.from({ length: count }, (_, index) => (data?.[index] as Uint8Array)?.length).join());
    return 0;
  });
  const batcher = new PartitionBatcher(0, owner);
  for (const size of [8, 0, 7, 0, 6, 0, 0, 0, 0]) {
    batcher.add("1", size === 0 ? undefined : new Uint8Array(size));
  }
  assertEquals(batches, ["8,,7", ",6,", ",,"]);
  assertStrictEquals(lists[0], lists[1]);
  // What it holds would keep the memory of the caller.
  assertEquals(lists[1], [undefined, undefined, undefined]);
});

test("a batch for an engine that counts bytes does not grow beyond those while no other may be sent", async () => {
  const { owner, batches, store } = makeCountingOwner({ eventsMax: 2, batchesMax: 1 });
  const batcher = new PartitionBatcher(0, owner);
  assertEquals(batcher.maySplit, true);
  for (const bytes of [1, 1, 50, 40, 39, 1]) batcher.add("x".repeat(bytes));
  const sizesOf = (batch: { metadata: unknown[] }) => batch.metadata.map((text) => String(text).length);
  assertEquals(batches.map(sizesOf), [[1, 1]]);
  for (let sent = 0; sent < 3; sent++) {
    store[sent]!();
    await turn();
    batcher.retry();
  }
  // With 10 more for each event: 60, then 50 and 49, then 11.
  assertEquals(batches.map(sizesOf), [[1, 1], [50], [40, 39], [1]]);
  store[3]!();
  await turn();
});
