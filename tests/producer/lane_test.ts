import { assertEquals } from "@std/assert";
import type { OutgoingBatch } from "../../src/drivers/contract.ts";
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
