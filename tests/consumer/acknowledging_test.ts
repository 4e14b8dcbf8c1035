import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type AcknowledgeMessage,
  ClosedError,
  diagnostics,
  type Event,
  StopEventProcessor,
  StorageError,
} from "../../mod.ts";
import { test } from "../harness.ts";
import { turn, until } from "../waiting.ts";
import { ScriptedSource } from "./scripted_consumer.ts";

const full = new StorageError("ENOSPC", "Cannot write: no space left");

test("acknowledgements within one turn of the event loop are stored once per partition", async () => {
  // If a turn takes long on a busy machine, this does not hold: some are stored before it ends.
  await until("a turn was short", async () => {
    const source = new ScriptedSource(2);
    source.store(5, 0);
    source.store(5, 1);
    await using consumer = source.consumer();
    const events = [];
    for await (const event of consumer.events({ until: "end" })) events.push(event);
    const begunMs = performance.now();
    for (const event of events) event.acknowledge();
    const early = [...source.acknowledged];
    if (performance.now() - begunMs > 5) return false;
    assertEquals(early, []);
    await turn();
    assertEquals(source.acknowledged.sort(), ["0:5", "1:5"]);
    return true;
  });
});

test("an awaited acknowledgement is stored at once", async () => {
  await until("a turn was short", async () => {
    const source = new ScriptedSource();
    source.store(5);
    await using consumer = source.consumer();
    const events = await Promise.all([1, 2, 3].map(() => consumer.pull()));
    const begunMs = performance.now();
    const future = events[0].acknowledge();
    const atOnce = future.completed;
    if (performance.now() - begunMs > 5) return false;
    assertEquals(atOnce, false);
    assertEquals(await future, true);
    assertEquals(source.acknowledged, ["0:1"]);
    assert(future.completed);
    const againMs = performance.now();
    const all = [events[2].acknowledge(), events[1].acknowledge()];
    if (performance.now() - againMs > 5) return false;
    assertEquals(await all[1].wait(), true);
    assertEquals(source.acknowledged, ["0:1", "0:3"]);
    return true;
  });
});

test("work that blocks the event loop delays at most one acknowledgement", async () => {
  const source = new ScriptedSource();
  source.store(6);
  await using consumer = source.consumer();
  for await (const event of consumer.events({ until: "end" })) {
    event.acknowledge();
    for (const end = performance.now() + 6; performance.now() < end;);
  }
  assert(source.acknowledged.length >= 3, source.acknowledged.join());
});

test("a failed acknowledgement rejects where it is awaited, or else when the consumer is closed", async () => {
  const source = new ScriptedSource();
  source.store(5);
  const consumer = source.consumer();
  source.acknowledgeError = full;
  const event = await consumer.pull();
  await assertRejects(async () => await event.acknowledge(), StorageError);
  event.acknowledge();
  await turn();
  source.acknowledgeError = undefined;
  assertEquals(await event.acknowledge(), true);
  await assertRejects(() => consumer.close(), StorageError);
  assert(source.closed);
});

test("an acknowledgement shows whether it is stored, or why not", async () => {
  const source = new ScriptedSource();
  source.store(2);
  await using consumer = source.consumer();
  const event = await consumer.pull();
  const stored = event.acknowledge();
  if (!stored.completed) assertEquals(stored.toJSON(), { completed: false });
  await stored;
  assertEquals(stored.toJSON(), { completed: true, value: true });
  source.acknowledgeError = full;
  const failed = event.acknowledge();
  await assertRejects(async () => await failed, StorageError);
  const shown = failed.toJSON();
  assertEquals(Object.keys(shown), ["completed", "error"]);
  assert(JSON.stringify(shown).includes(full.message), JSON.stringify(shown));
});

test("an acknowledgement is published with how long it took, a failed one with its error", async () => {
  // A partition that other tests do not have.
  const partition = 7;
  const source = new ScriptedSource(partition + 1);
  source.store(2, partition);
  await using consumer = source.consumer();
  const begunMs = performance.now();
  const published: AcknowledgeMessage[] = [];
  const stop = diagnostics.acknowledge.subscribe((message) => {
    if (message.topic === "scripted" && message.partition === partition) published.push(message);
  });
  try {
    await (await consumer.pull()).acknowledge();
    source.acknowledgeError = full;
    const event = await consumer.pull();
    await assertRejects(async () => await event.acknowledge(), StorageError);
  } finally {
    stop();
  }
  const named = { topic: "scripted", consumer: consumer.name, partition };
  assertEquals(published.map(({ durationMs: _, ...rest }) => rest), [
    { ...named, nextId: 1 },
    { ...named, nextId: 2, error: full },
  ]);
  for (const { durationMs } of published) {
    assert(durationMs >= 0 && durationMs <= performance.now() - begunMs, String(durationMs));
  }
});

test("acknowledgements of a driver that stores later are stored side by side, and closing waits for all", async () => {
  const source = new ScriptedSource(2);
  source.store(1, 0);
  source.store(1, 1);
  const ends: (() => void)[] = [];
  source.acknowledging = () => new Promise((resolve) => ends.push(resolve));
  const consumer = source.consumer();
  const events = [await consumer.pull(), await consumer.pull()];
  const futures = events.map((event) => event.acknowledge());
  let isClosed = false;
  const closing = consumer.close().then(() => isClosed = true);
  await until("both are being stored", () => ends.length === 2);
  ends[0]();
  await turn();
  assertEquals([isClosed, source.closed, ...futures.map((each) => each.completed)], [
    false,
    false,
    true,
    false,
  ]);
  ends[1]();
  await closing;
  assertEquals(futures.map((each) => each.completed), [true, true]);
});

test("closing stores what is pending, and later acknowledgements are refused", async () => {
  const source = new ScriptedSource();
  source.store(1);
  const consumer = source.consumer();
  const event = await consumer.pull();
  event.acknowledge();
  await consumer.close();
  assertEquals(source.acknowledged, ["0:1"]);
  const late = event.acknowledge();
  assert(late.completed);
  await assertRejects(async () => await late, ClosedError);
  event.acknowledge();
  assertEquals(source.acknowledged, ["0:1"]);
});

test("closing throws the first failure that no one observed, and the next one if that was observed later", async () => {
  for (const [observed, expected] of [[false, "first"], [true, "second"]] as const) {
    const source = new ScriptedSource(2);
    source.store(1, 0);
    source.store(1, 1);
    const consumer = source.consumer();
    const [one, two] = [await consumer.pull(), await consumer.pull()];
    source.acknowledgeError = new StorageError("EIO", "first");
    const failed = one.acknowledge();
    await until("it failed", () => failed.completed);
    if (observed) await assertRejects(async () => await failed, StorageError, "first");
    source.acknowledgeError = new StorageError("EIO", "second");
    const later = two.acknowledge();
    await until("it failed, too", () => later.completed);
    await assertRejects(() => consumer.close(), StorageError, expected);
  }
});

test("process() with concurrency throws a failed acknowledgement, unless it was observed meanwhile", async () => {
  for (const observed of [true, false]) {
    const source = new ScriptedSource();
    source.store(2);
    source.acknowledgeError = full;
    await using consumer = source.consumer();
    const failed = (await consumer.pull()).acknowledge();
    await until("it failed", () => failed.completed);
    if (observed) await assertRejects(async () => await failed, StorageError);
    source.acknowledgeError = undefined;
    const processing = consumer.process((event) => event.acknowledge(), { until: "end", concurrency: 2 });
    if (observed) assertEquals(await processing, 1);
    else await assertRejects(() => processing, StorageError, "no space left");
  }
});

test("a seek that is stored comes after the acknowledgements before it", async () => {
  const source = new ScriptedSource();
  source.store(3);
  const calls: string[] = [];
  Object.assign(source, { acknowledged: calls, seeks: calls });
  await using consumer = source.consumer();
  const event = await consumer.pull();
  event.acknowledge();
  await consumer.seek({ id: 0 }, { store: true });
  assertEquals(calls, ["0:1", '0:{"id":0} stored']);
});

test("an error of a callback is thrown rather than that of an acknowledgement", async () => {
  const source = new ScriptedSource();
  source.store(2);
  source.acknowledgeError = full;
  await using consumer = source.consumer();
  const failed = (await consumer.pull()).acknowledge();
  await until("it failed", () => failed.completed);
  const process = () =>
    consumer.process(() => {
      throw new Error("boom");
    }, { until: "end", concurrency: 2 });
  await assertRejects(process, Error, "boom");
});

test("the event whose callback stopped process() can still be acknowledged", async () => {
  const source = new ScriptedSource();
  source.store(3);
  await using consumer = source.consumer();
  let stopping: Event<unknown> | undefined;
  const count = await consumer.process(async (event) => {
    await event.acknowledge();
    if (event.id === 0) return;
    stopping = event;
    throw new StopEventProcessor();
  }, { concurrency: 2, maxEvents: 2 });
  assertEquals([count, source.acknowledged.at(-1)], [2, "0:2"]);
  assertEquals(await stopping!.acknowledge(), true);
  // Not acknowledged in its callback, but later.
  await consumer.process((event) => {
    stopping = event;
    throw new StopEventProcessor();
  }, { concurrency: 2, maxEvents: 1 });
  assertEquals(source.acknowledged.at(-1), "0:2");
  await stopping!.acknowledge();
  assertEquals(source.acknowledged.at(-1), "0:3");
});
