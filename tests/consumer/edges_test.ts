// Iterations, data, acknowledgements and options at their edges.
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { setImmediate } from "node:timers/promises";
import {
  CorruptedLogError,
  type Event,
  EventGoneError,
  InvalidOptionError,
  NoSuchPartitionError,
  type Serializer,
  StopEventProcessor,
  StorageError,
} from "../../mod.ts";
import { requestOf } from "../../src/consumer/consumer_options.ts";
import { PartitionTurns } from "../../src/consumer/partition_turns.ts";
import { Repeatable } from "../../src/consumer/repeatable.ts";
import { test } from "../harness.ts";
import { PATIENCE_MS, turn, until } from "../waiting.ts";
import { type Scripted, ScriptedSource } from "./scripted_consumer.ts";

const end = { done: true, value: undefined } as const;
const withData = (id: number): Scripted => ({ text: String(id), data: new Uint8Array([id]) });
const damage = (id: number): CorruptedLogError =>
  new CorruptedLogError({ partition: 0, firstId: id, endId: id + 1, file: "f", offset: 0, reason: "torn" });

async function ids(events: AsyncIterable<Event<unknown>>): Promise<number[]> {
  const seen: number[] = [];
  for await (const { id } of events) seen.push(id);
  return seen;
}

test("an iteration that is left before its first event takes none", async () => {
  const source = new ScriptedSource();
  source.store(1);
  await using consumer = source.consumer();
  const events = consumer.events();
  const pending = events.next();
  await events.return?.();
  assertEquals(await pending, end);
  assertEquals((await consumer.pull()).id, 0);
});

test("an iteration that ended because nothing came stays ended", async () => {
  const source = new ScriptedSource();
  await using consumer = source.consumer();
  const events = consumer.events({ timeoutMs: 2 });
  assertEquals(await events.next(), end);
  source.store(1);
  assertEquals(await events.next(), end);
});

test("an aborted iteration takes no event that is at hand", async () => {
  const source = new ScriptedSource();
  source.store(3);
  await using consumer = source.consumer();
  const controller = new AbortController();
  const events = consumer.events({ signal: controller.signal });
  assertEquals((await events.next()).value?.id, 0);
  controller.abort(new Error("enough"));
  await assertRejects(() => events.next(), Error, "enough");
  assertEquals((await consumer.pull()).id, 1);
});

test("an iteration over many events lets the event loop turn every few thousand", async () => {
  const source = new ScriptedSource();
  source.store(20_000);
  await using consumer = source.consumer();
  let turns = 0;
  let isDone = false;
  const counting = (async () => {
    for (; !isDone; turns++) await setImmediate();
  })();
  await ids(consumer.events({ until: "end" }));
  isDone = true;
  await counting;
  assert(turns >= 4, String(turns));
});

test("batches end where their iteration does, also within what was read before it began", async () => {
  const source = new ScriptedSource();
  source.store(32);
  await using consumer = source.consumer({ batchSize: 16 });
  for (let id = 0; id <= 16; id++) assertEquals((await consumer.pull()).id, id);
  const batches = consumer.batches({ until: { id: 20 } });
  assertEquals((await batches.next()).value?.map((event: Event<unknown>) => event.id), [17, 18, 19]);
  assertEquals(await batches.next(), end);
  assertEquals((await consumer.pull()).id, 20);
});

for (const later of [false, true]) {
  const how = later ? "later" : "at once";
  const failing = (wrong: Error) => ({
    dataSelector: <D>(id: unknown, descriptor: D): D | Promise<D> => {
      if (id !== 1) return descriptor;
      if (!later) throw wrong;
      return Promise.reject(wrong);
    },
  });

  test(`damage of data that shows ${how} is skipped, or thrown, as the consumer wants`, async () => {
    for (const onCorruption of ["skip", "throw"] as const) {
      const source = new ScriptedSource();
      source.store(3, 0, withData);
      const reported: unknown[] = [];
      const wrong = damage(1);
      await using consumer = source.consumer({
        ...failing(wrong),
        onCorruption,
        onDamage: (error) => reported.push(error),
      });
      if (onCorruption === "skip") {
        assertEquals(await ids(consumer.events({ until: "end" })), [0, 2]);
        assertEquals(reported, [wrong]);
      } else {
        await assertRejects(() => ids(consumer.events({ until: "end" })), CorruptedLogError);
        assertEquals(reported, []);
      }
    }
  });

  test(`removed data that shows ${how} is reported once, even at the end of an iteration`, async () => {
    const source = new ScriptedSource();
    source.store(2, 0, withData);
    await using consumer = source.consumer(failing(new EventGoneError(0, 1, 2, "data")));
    assertEquals((await consumer.pull()).id, 0);
    await assertRejects(() => ids(consumer.events({ until: "end" })), EventGoneError);
    assertEquals(await ids(consumer.events({ until: "end" })), []);
  });

  test(`an error of a selector that shows ${how} rejects the wait`, async () => {
    const source = new ScriptedSource();
    source.store(2, 0, withData);
    await using consumer = source.consumer(failing(new Error("not mine")));
    assertEquals((await consumer.pull()).id, 0);
    await assertRejects(() => consumer.pull().wait(PATIENCE_MS), Error, "not mine");
  });
}

test("a batch whose last event is damaged has the events before it", async () => {
  const source = new ScriptedSource();
  source.store(2, 0, withData);
  await using consumer = source.consumer({
    dataSelector: (id, descriptor) => {
      if (id === 1) throw damage(1);
      return descriptor;
    },
    onCorruption: "skip",
  });
  const sizes: number[] = [];
  for await (const batch of consumer.batches({ until: "end" })) sizes.push(...batch.map(({ id }) => id));
  assertEquals(sizes, [0]);
});

test("a seek forgets the error of a selector", async () => {
  const source = new ScriptedSource();
  source.store(3, 0, withData);
  await using consumer = source.consumer({
    dataSelector: (id, descriptor) => {
      if (id === 1) throw new Error("not mine");
      return descriptor;
    },
  });
  assertEquals((await consumer.batches().next()).value?.length, 1);
  await consumer.seek({ id: 2 });
  assertEquals((await consumer.pull()).id, 2);
});

test("the position is that of the next event, also while metadata is being deserialized", async () => {
  const source = new ScriptedSource();
  source.store(3);
  let go = (): void => {};
  const gate = new Promise<void>((resolve) => go = resolve);
  const serializer: Serializer = {
    serialize: () => new Uint8Array(0),
    deserialize: (bytes) => gate.then(() => bytes.byteLength),
    config: () => ({ type: "later" }),
  };
  await using consumer = source.consumer({}, serializer);
  const waiting = consumer.pull().wait(PATIENCE_MS);
  await turn();
  assertEquals(consumer.position(0), 0);
  go();
  assertEquals((await waiting)?.id, 0);
  assertEquals(consumer.position(0), 1);
  assertEquals((await consumer.pull()).id, 1);
  assertEquals((await consumer.pull()).id, 2);
  assertEquals(consumer.position(0), 3);
});

test("process() without concurrency stores acknowledgements within the callback, and reports none of before", async () => {
  const source = new ScriptedSource();
  source.store(3);
  source.acknowledgeError = new StorageError("ENOSPC", "full");
  const consumer = source.consumer();
  const failed = (await consumer.pull()).acknowledge();
  await until("it failed", () => failed.completed);
  source.acknowledgeError = undefined;
  assertEquals(await consumer.process(() => {}, { maxEvents: 1 }), 1);
  await assertRejects(
    () =>
      consumer.process(async (event) => {
        await event.acknowledge();
        assertEquals(source.acknowledged, ["0:3"]);
        throw new Error("broken");
      }),
    Error,
    "broken",
  );
  assertEquals(source.acknowledged, ["0:3"]);
  await assertRejects(() => consumer.close(), StorageError);
});

test("an acknowledgement that must wait for the first event stores nothing", async () => {
  const source = new ScriptedSource();
  source.store(2);
  await using consumer = source.consumer();
  let early: string[] = [];
  await consumer.process(async (event) => {
    if (event.id === 1) return void event.acknowledge();
    for (let turns = 0; turns < 3; turns++) await turn();
    early = [...source.acknowledged];
    event.acknowledge();
  }, { concurrency: 2, until: "end" });
  assertEquals([early, source.acknowledged.at(-1)], [[], "0:2"]);
});

test("process() keeps as many calls running to the end", async () => {
  const source = new ScriptedSource();
  source.store(40);
  await using consumer = source.consumer();
  let running = 0;
  let late = 0;
  await consumer.process(async ({ id }) => {
    running++;
    if (id >= 20) late = Math.max(late, running);
    await new Promise((resolve) => setTimeout(resolve, id % 3));
    running--;
  }, { until: "end", concurrency: 4 });
  assertEquals(late, 4);
});

test("an acknowledgement that a driver stores later may fail", async () => {
  const source = new ScriptedSource();
  source.store(1);
  const consumer = source.consumer();
  const event = await consumer.pull();
  source.acknowledging = () => Promise.reject(new StorageError("EIO", "lost"));
  await assertRejects(async () => await event.acknowledge(), StorageError, "lost");
  event.acknowledge();
  await turn();
  await assertRejects(() => consumer.close(), StorageError, "lost");
});

test("wrong options are refused by the name of what they were given to", async () => {
  const source = new ScriptedSource();
  source.store(1);
  await using consumer = source.consumer();
  for (
    const [options, owner] of [
      [{ onCorruption: "ignore" }, 'consumer option "onCorruption"'],
      [{ data_selector: 1 }, 'consumer option "data_selector"'],
      [{ group: 1 }, 'consumer option "group"'],
      [{ dataSelector: 1 }, 'consumer option "dataSelector"'],
      [{ maxNumBatches: 1.5 }, 'consumer option "maxNumBatches"'],
      [{ from: { id: 1.5 } }, 'consumer option "from"'],
    ] as const
  ) assertThrows(() => requestOf(options as never, 1), InvalidOptionError, owner);
  assertThrows(() => requestOf({ partitions: [-1] }, 1), NoSuchPartitionError);
  assertEquals(requestOf({ group: true, groupTimeoutMs: 100 }, 1).groupTimeoutMs, 100);
  for (const options of [{ until: { id: 1.5 } }, { until: { id: -1 } }, { signal: 5 }]) {
    assertThrows(() => consumer.events(options as never), InvalidOptionError);
  }
  for (
    const [callback, options, owner] of [
      [undefined, {}, 'process option "callback"'],
      [() => {}, { maxEvents: -1 }, 'process option "maxEvents"'],
      [() => {}, { concurrency: 0 }, 'process option "concurrency"'],
      [() => {}, { max: 0 }, "process"],
    ] as const
  ) {
    await assertRejects(
      () => consumer.process(callback as never, options as never),
      InvalidOptionError,
      owner,
    );
  }
  assertEquals(await consumer.process(() => {}, { maxEvents: Infinity, until: "end" }), 1);
  assertEquals(new StopEventProcessor().name, "StopEventProcessor");
});

test("a turn ends with its last event, even if the engine has more at hand", () => {
  const turns = new PartitionTurns(4);
  const read = (count: number): number | undefined => {
    const partition = turns.next([7, 8]);
    turns.noteRead({ count, hasMore: true } as never);
    return partition;
  };
  assertEquals([read(3), read(1), read(4), read(4), read(3), read(1), read(1)], [7, 7, 8, 7, 8, 8, 7]);
});

test("work that failed is begun again once, however many callers waited for it", async () => {
  let begun = 0;
  const work = new Repeatable(() => {
    begun++;
    return begun === 1
      ? Promise.reject(Object.assign(new Error("busy"), { canRetry: true }))
      : Promise.resolve(begun);
  });
  const again = work.result().catch(() => work.result());
  const failed = work.result().catch(() => {});
  assertEquals(await again, 2);
  await failed;
  assertEquals([await work.result(), begun], [2, 2]);
});

test("a selector may select nothing in every way", async () => {
  for (const nothing of [null, undefined]) {
    const source = new ScriptedSource();
    source.store(1, 0, withData);
    await using consumer = source.consumer({ dataSelector: () => nothing });
    assertEquals((await consumer.pull()).data, undefined);
  }
});

test("no one has to await ready(), even of a consumer that cannot be opened", async () => {
  const source = new ScriptedSource();
  source.openError = new Error("no such group");
  await using consumer = source.consumer();
  consumer.ready();
  await turn();
});
