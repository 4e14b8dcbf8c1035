// Events that wait for asynchronous components: their order, what they are counted as, and their futures.
import { assertEquals } from "@std/assert";
import { normalizeData } from "../../src/data/view.ts";
import { limitsOf } from "../../src/producer/producer_options.ts";
import { PipelineQueue } from "../../src/producer/pipeline_queue.ts";
import { PushBatch } from "../../src/producer/push_batch.ts";
import { PushFuture } from "../../src/producer/push_future.ts";
import type { PreparedEvent } from "../../src/producer/push_pipeline.ts";
import { UnobservedFailures } from "../../src/producer/unobserved_failures.ts";
import { test } from "../harness.ts";

/** A queue whose target notes what it is given; a batch for each event. */
function queueOf(strict: boolean, limits: { maxPendingBytes?: number } = {}) {
  const owner = { failures: new UnobservedFailures(), submitSoon: () => {} };
  const batches: PushBatch[] = [];
  const accepted: string[] = [];
  const future = (): PushFuture => {
    const batch = new PushBatch(owner, { metadata: [] });
    batch.count = 1;
    batches.push(batch);
    return new PushFuture(batch, 0);
  };
  const queue = new PipelineQueue({
    accept: ({ partition, metadata }, data) => {
      accepted.push(`${partition} ${metadata} ${data?.size ?? "-"}`);
      return future();
    },
    refuse: (error) => {
      accepted.push(`refused ${(error as Error).message}`);
      const refused = future();
      batches.at(-1)!.fail(error);
      return refused;
    },
  }, limitsOf({ batchSize: 3, maxNumBatches: 1, ordering: strict ? "strict" : "loose", ...limits }));
  return { queue, accepted, batches };
}

/** An event whose components end when the test says so. */
function pending(text: string): { event: Promise<PreparedEvent>; end(): void; fail(): void } {
  let end = (): void => {};
  let fail = (): void => {};
  const event = new Promise<PreparedEvent>((resolve, reject) => {
    end = () => resolve({ partition: 0, metadata: text });
    fail = () => reject(new Error(text));
  });
  return { event, end: () => end(), fail: () => fail() };
}

test("an event that waits is counted with its metadata, its data and what it costs beside, until it is in a batch", async () => {
  for (
    const [maxPendingBytes, enough] of [[1033, [false, false]], [1034, [true, false]], [2578, [
      true,
      true,
    ]]] as const
  ) {
    const { queue } = queueOf(true, { maxPendingBytes });
    const [one, two] = [pending("one"), pending("two")];
    assertEquals([queue.size, queue.hasMemory, queue.isFull], [0, true, false]);
    queue.add(one.event, undefined, 10);
    assertEquals([queue.size, queue.hasMemory, queue.isFull], [1, enough[0], !enough[0]]);
    queue.add(two.event, normalizeData(new Uint8Array(500)), 20);
    assertEquals([queue.size, queue.hasMemory, queue.isFull], [2, enough[1], !enough[1]]);
    one.end();
    two.fail();
    await queue.drain();
    assertEquals([queue.size, queue.hasMemory, queue.isFull], [0, true, false]);
  }
});

test("it is full with as many events as may wait, though it has memory for more", async () => {
  const { queue } = queueOf(true);
  const events = ["a", "b", "c"].map(pending);
  for (const [index, { event }] of events.entries()) {
    assertEquals([queue.size, queue.isFull], [index, false]);
    queue.add(event, undefined, 1);
  }
  assertEquals([queue.hasMemory, queue.isFull], [true, true]);
  for (const { end } of events) end();
  await queue.drain();
});

test("with strict ordering an event that is ready waits for those before it; with loose it does not", async () => {
  for (const [strict, expected] of [[true, "0 a -, 0 b -"], [false, "0 b -, 0 a -"]] as const) {
    const { queue, accepted } = queueOf(strict);
    const [a, b] = [pending("a"), pending("b")];
    queue.add(a.event, undefined, 1);
    queue.add(b.event, undefined, 1);
    assertEquals(queue.mustQueue, strict);
    b.end();
    await b.event;
    a.end();
    await queue.drain();
    assertEquals([accepted.join(", "), queue.mustQueue], [expected, false]);
  }
});

test("one that fails is refused in its turn, and the later ones go on", async () => {
  const { queue, accepted } = queueOf(true);
  const [a, b] = [pending("a"), pending("b")];
  queue.add(a.event, undefined, 1);
  queue.add(b.event, undefined, 1);
  queue.add({ partition: 3, metadata: "c" }, normalizeData(new Uint8Array(2)), 1);
  b.fail();
  a.end();
  await queue.drain();
  assertEquals(accepted, ["0 a -", "refused b", "3 c 2"]);
});

test("the future of a waiting event shows that it is not complete, and then what its push shows", async () => {
  const { queue, batches } = queueOf(true);
  const one = pending("one");
  const future = queue.add(one.event, undefined, 1);
  assertEquals([future.completed, future.toJSON()], [false, { completed: false }]);
  one.end();
  await queue.drain();
  assertEquals([future.completed, future.toJSON()], [false, { completed: false }]);
  batches[0]!.succeed(7);
  assertEquals([future.completed, future.toJSON(), await future], [true, { completed: true, value: 7 }, 7]);
  const two = pending("two");
  const early = queue.add(two.event, undefined, 1).then((id) => id);
  two.end();
  await queue.drain();
  batches[1]!.succeed(8);
  assertEquals(await early, 8);
});
