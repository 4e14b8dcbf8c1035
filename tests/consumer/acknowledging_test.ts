import { assert, assertEquals, assertRejects } from "@std/assert";
import { ClosedError, StorageError } from "../../mod.ts";
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
