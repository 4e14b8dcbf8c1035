// events(), batches(), process() and readable().
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  ClosedError,
  type Event,
  EventGoneError,
  InvalidOptionError,
  StopEventProcessor,
} from "../../mod.ts";
import { mostFollowed } from "../followed_promises.ts";
import { test } from "../harness.ts";
import { PATIENCE_MS, turn, until } from "../waiting.ts";
import { ScriptedSource } from "./scripted_consumer.ts";

async function ids(events: AsyncIterable<Event<unknown>>): Promise<number[]> {
  const seen: number[] = [];
  for await (const event of events) seen.push(event.id);
  return seen;
}

function range(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}

for (const readMs of [undefined, 1]) {
  const how = readMs === undefined ? "at once" : "later";

  test(`until "end" returns the events that existed at the start, from a driver that reads ${how}`, async () => {
    const source = new ScriptedSource(2);
    source.readMs = readMs;
    source.store(10, 0);
    source.store(3, 1);
    await using consumer = source.consumer({ batchSize: 4 });
    const seen: string[] = [];
    for await (const event of consumer.events({ until: "end" })) {
      if (seen.length === 0) source.store(5, 1);
      seen.push(`${event.partition}:${event.id}`);
    }
    assertEquals(seen.length, 13);
    assertEquals(seen.filter((one) => one.startsWith("1:")), ["1:0", "1:1", "1:2"]);
    assertEquals(await ids(consumer.events({ until: "end" })), [3, 4, 5, 6, 7]);
    assertEquals(await ids(consumer.events({ until: "end" })), []);
  });

  test(`events read beyond the end of an iteration go to the next one, from a driver that reads ${how}`, async () => {
    const source = new ScriptedSource(2);
    source.readMs = readMs;
    source.store(20, 0);
    source.store(20, 1);
    await using consumer = source.consumer({ batchSize: 16 });
    assertEquals((await consumer.pull()).id, 0);
    const limited = await ids(consumer.events({ until: { id: 5 } }));
    assertEquals(limited.sort((one, other) => one - other), [0, 1, 1, 2, 2, 3, 3, 4, 4]);
    assertEquals(consumer.position(0), 5);
    const rest = await ids(consumer.events({ until: "end" }));
    assertEquals(rest.sort((one, other) => one - other), range(5, 15).flatMap((id) => [id, id]));
  });

  test(`batches() returns every event once, from a driver that reads ${how}`, async () => {
    const source = new ScriptedSource(2);
    source.readMs = readMs;
    source.store(25, 0);
    source.store(7, 1);
    await using consumer = source.consumer({ batchSize: 10 });
    const sizes: number[] = [];
    for await (const batch of consumer.batches({ until: "end" })) sizes.push(batch.length);
    assertEquals(sizes, [10, 7, 10, 5]);
  });
}

test("leaving an iteration loses nothing", async () => {
  const source = new ScriptedSource();
  source.store(10);
  await using consumer = source.consumer();
  for await (const event of consumer.events()) if (event.id === 3) break;
  assertEquals((await consumer.pull()).id, 4);
  for await (const event of consumer.events()) if (event.id === 7) break;
  assertEquals(await ids(consumer.events({ until: "end" })), [8, 9]);
});

test("return() ends a pending call of next(), of events() as of batches(), and loses no event", async () => {
  const source = new ScriptedSource();
  await using consumer = source.consumer();
  for (const events of [consumer.events(), consumer.batches()]) {
    const pending = events.next();
    await turn();
    await events.return?.();
    assertEquals(await pending, { done: true, value: undefined });
    assertEquals(await events.next(), { done: true, value: undefined });
  }
  source.store(1);
  assertEquals((await consumer.pull()).id, 0);
});

test("an iteration that was left, or that has ended, stays so when more events come", async () => {
  const end = { done: true, value: undefined } as const;
  const source = new ScriptedSource();
  source.store(2);
  await using consumer = source.consumer();
  for (const events of [consumer.events(), consumer.batches()]) {
    assertEquals((await events.next()).done, false);
    source.store(2);
    assertEquals(await events.return?.(), end);
    assertEquals([await events.next(), await events.next()], [end, end]);
  }
  const events = consumer.events({ until: "end" });
  while ((await events.next()).done !== true);
  source.store(1);
  assertEquals([await events.next(), await events.next()], [end, end]);
  assertEquals((await consumer.pull()).id, source.partitions[0].length - 1);
});

test("an iteration waits for events, and ends when none come in time", async () => {
  const source = new ScriptedSource();
  await using consumer = source.consumer();
  const storing = setInterval(() => source.partitions[0].length < 3 && source.store(1), 2);
  assertEquals(await ids(consumer.events({ timeoutMs: 40 })), [0, 1, 2]);
  clearInterval(storing);
  assertEquals(source.waiting, 0);
});

test("a signal ends an iteration with its reason", async () => {
  const source = new ScriptedSource();
  source.store(2);
  await using consumer = source.consumer();
  const controller = new AbortController();
  const seen: number[] = [];
  await assertRejects(
    async () => {
      for await (const event of consumer.events({ signal: controller.signal })) {
        seen.push(event.id);
        if (event.id === 1) setTimeout(() => controller.abort(new Error("enough")), 2);
      }
    },
    Error,
    "enough",
  );
  assertEquals(seen, [0, 1]);
  await assertRejects(
    () => ids(consumer.events({ signal: AbortSignal.abort(new Error("before")) })),
    Error,
    "before",
  );
  assertEquals(source.waiting, 0);
});

test("an iteration over many events does not block timers", async () => {
  const source = new ScriptedSource();
  source.store(50_000);
  await using consumer = source.consumer();
  let fired = 0;
  const timer = setInterval(() => fired++, 0);
  assertEquals((await ids(consumer.events({ until: "end" }))).length, 50_000);
  await consumer.seek("earliest");
  const before = fired;
  for await (const _ of consumer.batches({ until: "end" }));
  clearInterval(timer);
  assert(before > 0 && fired > before, `${before}, ${fired}`);
});

test("two iterations share the events", async () => {
  const source = new ScriptedSource();
  source.readMs = 1;
  source.store(50);
  await using consumer = source.consumer({ batchSize: 7 });
  const [one, other] = await Promise.all([
    ids(consumer.events({ until: "end" })),
    ids(consumer.events({ until: "end" })),
  ]);
  assertEquals([...one, ...other].sort((a, b) => a - b), range(0, 50));
});

test("an iteration until now ends while others wait for events", async () => {
  const source = new ScriptedSource();
  await using consumer = source.consumer();
  const waiting = consumer.pull().wait(PATIENCE_MS);
  await turn();
  assertEquals(await ids(consumer.events({ until: "end" })), []);
  assertEquals(await consumer.pull().wait(0), undefined);
  source.store(1);
  assertEquals((await waiting)?.id, 0);
});

test("a driver that falsely reports new events is polled again without blocking the event loop", async () => {
  const source = new ScriptedSource();
  await using consumer = source.consumer();
  const waiting = consumer.pull().wait(20);
  for (let wakes = 0; wakes < 5; wakes++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    source.store(0);
  }
  assertEquals(await waiting, undefined);
  assertEquals(source.waiting, 0);
});

test("an iteration whose consumer is closed ends with an error", async () => {
  const source = new ScriptedSource();
  const consumer = source.consumer();
  const iterating = ids(consumer.events());
  await turn();
  await Promise.all([assertRejects(() => iterating, ClosedError), consumer.close()]);
});

test("process() calls back one event at a time and returns the number", async () => {
  const source = new ScriptedSource();
  source.store(10);
  await using consumer = source.consumer();
  const seen: number[] = [];
  let running = 0;
  const count = await consumer.process(async (event) => {
    assertEquals(++running, 1);
    await Promise.resolve();
    seen.push(event.id);
    running--;
  }, { maxEvents: 4 });
  assertEquals([count, seen], [4, [0, 1, 2, 3]]);
  assertEquals(await consumer.process(() => {}, { timeoutMs: 5 }), 6);
  assertEquals(await consumer.process(() => {}, { timeoutMs: 0 }), 0);
  assertEquals(await consumer.process(() => {}, { maxEvents: 0 }), 0);
  source.store(3);
  assertEquals(await consumer.process(() => {}, { until: "end" }), 3);
});

test("StopEventProcessor ends process() before the next event", async () => {
  const source = new ScriptedSource();
  source.store(10);
  await using consumer = source.consumer();
  const count = await consumer.process((event) => {
    if (event.id === 2) throw new StopEventProcessor();
  });
  assertEquals(count, 3);
  assertEquals((await consumer.pull()).id, 3);
});

test("process() with concurrency runs that many calls at once, and waits for all of them", async () => {
  const source = new ScriptedSource();
  source.store(20);
  await using consumer = source.consumer();
  let running = 0;
  let most = 0;
  let done = 0;
  const count = await consumer.process(async (event) => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, event.id % 3));
    running--;
    done++;
  }, { until: "end", concurrency: 4 });
  assertEquals([count, most, running, done], [20, 4, 0, 20]);
});

test("a call can stop process() with concurrency while it waits for the next event", async () => {
  const source = new ScriptedSource();
  source.store(2);
  await using consumer = source.consumer();
  let finished = 0;
  const count = await consumer.process(async (event) => {
    await new Promise((resolve) => setTimeout(resolve, event.id === 0 ? 5 : 15));
    finished++;
    if (event.id === 0) throw new StopEventProcessor();
  }, { concurrency: 4 });
  assertEquals([count, finished], [2, 2]);
  assertEquals(source.waiting, 0);
});

test("a call that stops process() as removed events are reported does not hide them", async () => {
  const source = new ScriptedSource();
  source.store(3);
  let stop = () => {};
  const stopped = new Promise<void>((_, reject) => stop = () => reject(new StopEventProcessor()));
  source.faults.get = (place) => {
    if (place !== "0:1") return undefined;
    stop();
    return new EventGoneError(0, 1, 2);
  };
  await using consumer = source.consumer({ batchSize: 1 });
  await assertRejects(() => consumer.process(() => stopped, { concurrency: 2 }), EventGoneError);
});

test("events that pass a call of process() that runs for long leave nothing with it", async () => {
  const source = new ScriptedSource();
  source.store(100);
  await using consumer = source.consumer();
  let end = () => {};
  const long = new Promise<void>((resolve) => end = resolve);
  const followed = await mostFollowed(() =>
    consumer.process(async ({ id }) => {
      if (id === 0) await long;
      else if (id === 99) end();
    }, { concurrency: 2, until: "end" })
  );
  assert(followed < 10, `${followed}`);
});

test("an error in the callback ends process() once the running calls are done", async () => {
  const source = new ScriptedSource();
  source.store(5);
  await using consumer = source.consumer();
  let finished = 0;
  await assertRejects(
    () =>
      consumer.process(async (event) => {
        await new Promise((resolve) => setTimeout(resolve, event.id === 0 ? 1 : 8));
        if (event.id === 0) throw new Error("broken");
        finished++;
      }, { concurrency: 2 }),
    Error,
    "broken",
  );
  assertEquals(finished, 1);
  const reason = new Error("enough");
  const controller = new AbortController();
  setTimeout(() => controller.abort(reason), 3);
  await assertRejects(() => consumer.process(() => {}, { signal: controller.signal }), Error, "enough");
});

test("a readable stream takes no event before it is read, and closes at the end", async () => {
  const source = new ScriptedSource();
  source.store(5);
  await using consumer = source.consumer();
  const reader = consumer.readable({ until: "end" }).getReader();
  await turn();
  assertEquals(consumer.position(0), 0);
  assertEquals((await reader.read()).value?.id, 0);
  assertEquals(consumer.position(0), 1);
  reader.releaseLock();
  const seen: number[] = [];
  for await (const event of consumer.readable({ until: "end" })) seen.push(event.id);
  assertEquals(seen, [1, 2, 3, 4]);
});

test("cancelling a readable stream ends its wait and keeps the consumer open", async () => {
  const source = new ScriptedSource();
  await using consumer = source.consumer();
  const reader = consumer.readable().getReader();
  const reading = reader.read();
  await until("the read waits", () => source.waiting === 1);
  await reader.cancel();
  assertEquals((await reading).done, true);
  await until("nothing waits", () => source.waiting === 0);
  source.store(1);
  assertEquals((await consumer.pull()).id, 0);
});

test("a signal errors a readable stream with its reason", async () => {
  const source = new ScriptedSource();
  await using consumer = source.consumer();
  const controller = new AbortController();
  const reader = consumer.readable({ signal: controller.signal }).getReader();
  const reading = reader.read();
  controller.abort(new Error("enough"));
  await assertRejects(() => reading, Error, "enough");
});

test("invalid options of iterations are named", async () => {
  const source = new ScriptedSource();
  await using consumer = source.consumer();
  for (
    const [call, message] of [
      [() => consumer.events({ until: "now" as never }), '"until": expected "end" or { id }'],
      [() => consumer.events({ until: { id: -1 } }), 'events option "until"'],
      [() => consumer.events({ unitl: "end" } as never), 'did you mean "until"?'],
      [() => consumer.events({ unitl: "end" } as never), 'events option "unitl"'],
      [() => consumer.readable({ timeoutMs: NaN }), "Cannot wait NaN ms"],
      [
        () => consumer.process(() => {}, { concurrency: 0 }),
        '"concurrency": expected a whole number above 0',
      ],
      [() => consumer.process(() => {}, { maxEvents: 1.5 }), '"maxEvents"'],
    ] as const
  ) {
    await assertRejects(async () => await (call() as unknown), InvalidOptionError, message);
  }
});

test("partitions that a consumer keeps keep their read-ahead events when other partitions move", async () => {
  const source = new ScriptedSource(3);
  for (const partition of [0, 1, 2]) source.store(8, partition);
  await using consumer = source.consumer({ batchSize: 8 });
  const seen: string[] = [];
  const pull = async (): Promise<void> => {
    const { partition, id } = await consumer.pull();
    seen.push(`${partition}:${id}`);
  };
  await pull();
  await pull();
  // The batch of partition 0 was read completely, and the consumer may still deliver the rest of it.
  source.assign([0, 1]);
  for (let count = 0; count < 8; count++) await pull();
  assertEquals(seen, ["0:0", "0:1", "0:2", "0:3", "0:4", "0:5", "0:6", "0:7", "1:0", "1:1"]);
  // Partition 1 is taken away half-way through its batch: another consumer delivers the rest.
  source.assign([0, 2]);
  seen.length = 0;
  for (let count = 0; count < 3; count++) await pull();
  assertEquals(seen, ["2:0", "2:1", "2:2"]);
});
