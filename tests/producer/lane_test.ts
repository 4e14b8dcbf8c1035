import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { BackpressureError } from "../../mod.ts";
import type { OutgoingBatch } from "../../src/contract.ts";
import { FailureLedger } from "../../src/producer/failure_ledger.ts";
import { type BatchLimits, Lane, type LaneOwner } from "../../src/producer/lane.ts";
import { test } from "../harness.ts";

/** What an event counts beside its metadata and data. */
const EVENT_BYTES = 64;

/** The owner of some lanes over a driver that stores at once, and what was handed over. */
function makeOwner(
  limits: Partial<BatchLimits> = {},
  append: (batch: OutgoingBatch) => number | Promise<number> = () => 0,
): { owner: LaneOwner; handed: number[]; relieved: () => number } {
  const handed: number[] = [];
  let relieved = 0;
  const owner: LaneOwner = {
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
    limits: { eventsMax: 1000, bytesMax: 1 << 20, batchesMax: 4, openBytesMax: 1 << 20, ...limits },
    failures: new FailureLedger(),
    inFlight: new Set(),
    openBytes: 0,
    relieve: () => relieved++,
    expectsMore: () => false,
    onSettled: (batch) => void owner.inFlight.delete(batch),
  };
  return { owner, handed, relieved: () => relieved };
}

test("what batches hold while they fill is counted, and taken off when they are handed over", () => {
  const { owner, handed } = makeOwner();
  const lanes = [new Lane(0, owner), new Lane(1, owner)];
  lanes[0].add("12345");
  lanes[0].add("1", new Uint8Array(100));
  lanes[1].add("12");
  assertEquals(owner.openBytes, 5 + 1 + 100 + 2 + 3 * EVENT_BYTES);
  lanes[0].handOver();
  assertEquals(owner.openBytes, 2 + EVENT_BYTES);
  lanes[1].handOver();
  assertEquals([owner.openBytes, handed], [0, [2, 1]]);
});

test("a stream and a batch that fails are taken off too", async () => {
  const { owner } = makeOwner({}, () => {
    throw new Error("no");
  });
  const lane = new Lane(0, owner);
  lane.add("12345");
  lane.handOver();
  assertEquals(owner.openBytes, 0);
  const stream = (async function* () {
    yield new Uint8Array(1);
  })();
  await lane.add("1", stream).catch(() => {});
  assertEquals([owner.openBytes, owner.failures.count], [0, 1]);
});

test("lanes that hold too much together are relieved, one that is within its share is not", () => {
  const { owner, relieved } = makeOwner({ openBytesMax: 10 * (EVENT_BYTES + 4) });
  const lane = new Lane(0, owner);
  for (let count = 0; count < 10; count++) lane.add("1234");
  assertEquals(relieved(), 0);
  lane.add("1234");
  assertEquals(relieved(), 1);
  lane.handOver();
});

test("a batch is handed over when it has as many events or bytes as it may", () => {
  const byCount = makeOwner({ eventsMax: 3 });
  const byBytes = makeOwner({ bytesMax: 10 });
  const lanes = [new Lane(0, byCount.owner), new Lane(0, byBytes.owner)];
  for (let count = 0; count < 7; count++) lanes[0].add("1");
  assertEquals(byCount.handed, [3, 3]);
  for (const text of ["1234567", "1234", "123456", "1234567890", "12345678901", "1"]) lanes[1].add(text);
  // What would make it too large begins the next one; an event that is too large by itself goes alone.
  assertEquals(byBytes.handed, [1, 2, 1, 1]);
  for (const lane of lanes) lane.handOver();
});

test("while a batch of a lane is being stored the next one waits for it or for being full", async () => {
  const stored: ((id: number) => void)[] = [];
  const { owner, handed } = makeOwner({ eventsMax: 3 }, () => new Promise((resolve) => stored.push(resolve)));
  const lane = new Lane(0, owner);
  lane.add("1");
  lane.handOver();
  const second = lane.add("2");
  lane.hurry(batchOf(second));
  await new Promise((resolve) => setTimeout(resolve, 5));
  assertEquals(handed, [1]);
  lane.add("3");
  lane.add("4");
  assertEquals(handed, [1, 3]);
  const last = lane.add("5");
  await new Promise((resolve) => setTimeout(resolve, 5));
  assertEquals(handed, [1, 3]);
  stored[0](0);
  await new Promise((resolve) => setTimeout(resolve, 0));
  lane.retry();
  // One of its batches is still on its way.
  assertEquals(handed, [1, 3]);
  stored[1](1);
  await new Promise((resolve) => setTimeout(resolve, 0));
  lane.retry();
  assertEquals(handed, [1, 3, 1]);
  stored[2](4);
  assertEquals([await second, await last], [1, 4]);
});

function batchOf(future: unknown): Parameters<Lane["hurry"]>[0] {
  return (future as { batch: Parameters<Lane["hurry"]>[0] }).batch;
}

/** As `makeOwner`, over an engine that counts every byte; its answers come when the test says so. */
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

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2));

test("an engine's own limit counts bytes of UTF-8, and what every event takes beside", () => {
  const { owner, batches, store } = makeCountingOwner();
  const lane = new Lane(0, owner);
  // 3 bytes a character: 30 and 10 are 40 each, and a third would make it 120.
  for (let count = 0; count < 3; count++) lane.add("☃".repeat(10));
  assertEquals(batches.map(({ metadata }) => metadata.length), [2]);
  lane.add(new Uint8Array(50));
  // 40 and 60 are full.
  assertEquals(batches.map(({ metadata }) => metadata.length), [2, 2]);
  store.forEach((end) => end());
});

test("an engine's limit above the producer's changes nothing", () => {
  const { owner, batches, store } = makeCountingOwner({ bytesMax: 30 });
  const lane = new Lane(0, owner);
  lane.add("1234");
  lane.add("1234");
  assertEquals(batches.length, 0);
  lane.add("1234");
  assertEquals(batches.map(({ metadata }) => metadata.length), [2]);
  lane.handOver();
  store.forEach((end) => end());
});

test("a batch for an engine of many round trips grows beyond its events while no other may be on its way", async () => {
  const { owner, batches, store } = makeCountingOwner({ eventsMax: 2, batchesMax: 1 });
  const lane = new Lane(0, owner);
  for (const text of ["1", "2", "3", "4", "5"]) lane.add(text);
  assertEquals(batches.map(({ metadata }) => metadata), [["1", "2"]]);
  store[0]();
  await turn();
  lane.retry();
  assertEquals(batches[1].metadata, ["3", "4", "5"]);
  store[1]();
  await turn();
});

test("other engines have a push refused when the next batch is full and none may be on its way", async () => {
  const stored: (() => void)[] = [];
  const { owner, handed } = makeOwner(
    { eventsMax: 2, batchesMax: 1 },
    () => new Promise((resolve) => stored.push(() => resolve(0))),
  );
  const lane = new Lane(0, owner);
  for (const text of ["1", "2", "3", "4"]) lane.add(text);
  const error = assertThrows(() => lane.add("5"), BackpressureError);
  assertStringIncludes(error.message, "partition 0: 1 batches are being stored");
  const stream = (async function* () {})();
  assertThrows(() => lane.add("6", stream), BackpressureError);
  assertEquals(handed, [2]);
  stored[0]();
  await turn();
  lane.retry();
  assertEquals(handed, [2, 2]);
  stored[1]();
  await turn();
});

test("a stream goes by itself and at once, after what was pushed before it", async () => {
  const { owner, handed } = makeOwner();
  const lane = new Lane(0, owner);
  lane.add("1");
  lane.add("2", (async function* () {})());
  assertEquals(handed, [1, 1]);
  assertEquals(lane.handOver(), true);
  assertEquals(handed, [1, 1]);
  await turn();
});

test("a batch without data has none, also where empty parts were pushed", () => {
  const { owner, batches, store } = makeCountingOwner();
  const lane = new Lane(0, owner);
  lane.add("1", new Uint8Array(0));
  lane.add("2", null);
  lane.add("3", []);
  lane.handOver();
  assertEquals([batches[0].data, batches[0].dataBytes], [undefined, 0]);
  lane.add("4");
  lane.add("5", new Uint8Array([1, 2]));
  lane.add("6", [new Uint8Array([3]), new Uint8Array([4, 5])]);
  lane.handOver();
  assertEquals(batches[1].dataBytes, 5);
  assertEquals((batches[1].data as unknown[])[0], undefined);
  assertEquals((batches[1].data as unknown[])[1], new Uint8Array([1, 2]));
  store.forEach((end) => end());
});

test("a batch that nobody hands over goes in the next turn of the event loop, and an empty lane has none", async () => {
  const { owner, handed } = makeOwner();
  const lane = new Lane(0, owner);
  assertEquals(lane.handOver(), true);
  lane.add("1");
  lane.add("2");
  assertEquals(handed, []);
  await turn();
  assertEquals(handed, [2]);
  // What was handed over before leaves nothing to do.
  lane.add("3");
  lane.handOver();
  await turn();
  assertEquals(handed, [2, 1]);
});

test("a batch that somebody waits for goes after the running code, unless more is on its way to it", async () => {
  for (const more of [false, true]) {
    const { owner, handed } = makeOwner();
    owner.expectsMore = () => more;
    const lane = new Lane(0, owner);
    const future = lane.add("1");
    lane.hurry(batchOf(future));
    lane.hurry(batchOf(future));
    lane.add("2");
    assertEquals(handed, []);
    await Promise.resolve();
    assertEquals(handed, more ? [] : [2]);
    lane.handOver();
    // It is not in the lane any more.
    lane.hurry(batchOf(future));
    lane.add("3");
    await Promise.resolve();
    assertEquals(handed, [2]);
    lane.handOver();
  }
});
