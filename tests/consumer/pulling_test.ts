// Waiting for events one by one.
import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import {
  ClosedError,
  CorruptedLogError,
  DefaultSerializer,
  EventGoneError,
  type Serializer,
} from "../../mod.ts";
import { test } from "../harness.ts";
import { PATIENCE_MS, turn, until } from "../waiting.ts";
import { ScriptedSource } from "./scripted_consumer.ts";

for (const readMs of [undefined, 1]) {
  const how = readMs === undefined ? "at once" : "later";

  test(`events come in order, and partitions are read round-robin, from a driver that reads ${how}`, async () => {
    const source = new ScriptedSource(3);
    source.readMs = readMs;
    source.store(6, 0);
    source.store(2, 2);
    await using consumer = source.consumer({ batchSize: 2 });
    const seen: string[] = [];
    for (let count = 0; count < 8; count++) {
      const event = await consumer.pull();
      seen.push(`${event.partition}:${event.id}`);
    }
    assertEquals(seen, ["0:0", "0:1", "2:0", "2:1", "0:2", "0:3", "0:4", "0:5"]);
  });

  test(`waits are served in order, each once, from a driver that reads ${how}`, async () => {
    const source = new ScriptedSource();
    source.readMs = readMs;
    await using consumer = source.consumer();
    const pulls = Array.from({ length: 10 }, () => consumer.pull().wait(PATIENCE_MS));
    source.store(4);
    await new Promise((resolve) => setTimeout(resolve, 5));
    source.store(6);
    assertEquals((await Promise.all(pulls)).map((event) => event?.id), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test(`a wait that times out loses no event, from a driver that reads ${how}`, async () => {
    const source = new ScriptedSource();
    source.readMs = readMs;
    await using consumer = source.consumer();
    assertEquals(await consumer.pull().wait(0), undefined);
    assertEquals(await consumer.pull().wait(3), undefined);
    const short = consumer.pull().wait(1);
    const long = consumer.pull().wait(PATIENCE_MS);
    consumer.pull();
    assertEquals(await short, undefined);
    source.store(2);
    assertEquals((await long)?.id, 0);
    assertEquals((await consumer.pull()).id, 1);
    assertEquals(source.waiting, 0);
  });

  test(`polling returns every event, from a driver that reads ${how}`, async () => {
    const source = new ScriptedSource(2);
    source.readMs = readMs;
    source.store(5, 0);
    source.store(5, 1);
    await using consumer = source.consumer();
    let polls = 0;
    for (let seen = 0; seen < 10; polls++) {
      if (await consumer.pull().wait(0) !== undefined) seen++;
      assert(polls < 1000);
    }
    assertEquals(source.waits, 0);
  });
}

test("a read that takes longer than a wait serves the next one", async () => {
  const source = new ScriptedSource();
  source.readMs = 20;
  source.store(3);
  await using consumer = source.consumer();
  assertEquals(await consumer.pull().wait(5), undefined);
  assertEquals((await consumer.pull().wait(PATIENCE_MS))?.id, 0);
  assertEquals(source.reads, 1);
});

test("every wait on one pull gives the same event, also those at the same time", async () => {
  const source = new ScriptedSource();
  await using consumer = source.consumer();
  const pull = consumer.pull();
  const waits = [pull.wait(1), pull.wait(PATIENCE_MS), pull.then((event) => event), pull.wait(-1)];
  assertEquals(await waits[0], undefined);
  source.store(2);
  const [, event, same, again] = await Promise.all(waits);
  assertEquals(event?.id, 0);
  assertStrictEquals(same, event);
  assertStrictEquals(again, event);
  assert(pull.completed);
  assertEquals((await consumer.pull()).id, 1);
});

test("a second wait on one pull has its own timeout", async () => {
  const source = new ScriptedSource();
  await using consumer = source.consumer();
  const pull = consumer.pull();
  const long = pull.wait(PATIENCE_MS);
  assertEquals(await pull.wait(3), undefined);
  const controller = new AbortController();
  const aborted = pull.wait(-1, { signal: controller.signal });
  controller.abort(new Error("enough"));
  await assertRejects(() => aborted, Error, "enough");
  source.store(1);
  assertEquals((await long)?.id, 0);
});

test("a signal ends a wait, even before it starts, and its listener is removed", async () => {
  const source = new ScriptedSource();
  await using consumer = source.consumer();
  const controller = new AbortController();
  const { signal } = controller;
  let listeners = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => (listeners++, add(...args));
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    if (args[0] === "abort") listeners--;
    remove(...args);
  };
  source.store(1);
  assertEquals((await consumer.pull().wait(-1, { signal }))?.id, 0);
  assertEquals(await consumer.pull().wait(2, { signal }), undefined);
  assertEquals(listeners, 0);
  controller.abort(new Error("enough"));
  await assertRejects(() => consumer.pull().wait(-1, { signal }), Error, "enough");
  assertEquals(source.waiting, 0);
});

test("a wait whose signal is aborted takes no event, even if one is there", async () => {
  const source = new ScriptedSource();
  source.store(2);
  await using consumer = source.consumer();
  assertEquals((await consumer.pull()).id, 0);
  const pull = consumer.pull();
  const signal = AbortSignal.abort(new Error("enough"));
  await assertRejects(() => pull.wait(-1, { signal }), Error, "enough");
  assert(!pull.completed);
  assertEquals((await consumer.pull()).id, 1);
});

test("a pull shows whether it is completed, and with which event", async () => {
  const source = new ScriptedSource();
  source.store(1);
  await using consumer = source.consumer();
  const pull = consumer.pull();
  assertEquals(pull.toJSON(), { completed: false });
  const event = await pull;
  assertEquals(pull.toJSON(), { completed: true, value: event.toJSON() });
});

test("the driver is not polled while no one waits", async () => {
  const source = new ScriptedSource();
  await using consumer = source.consumer();
  consumer.pull();
  await turn();
  assertEquals([source.reads, source.waits], [0, 0]);
});

test("an error of the driver rejects one wait, and the others continue", async () => {
  const source = new ScriptedSource(2);
  const damage = { partition: 0, firstId: 0, endId: 1, file: "f", offset: 0, reason: "checksum differs" };
  const error = new CorruptedLogError(damage);
  source.faults.set("0:0", error);
  source.store(1, 0);
  source.store(3, 1);
  await using consumer = source.consumer({ batchSize: 1 });
  const outcomes = await Promise.all(
    Array.from(
      { length: 3 },
      () => consumer.pull().then(({ partition, id }) => `${partition}:${id}`, (error) => error),
    ),
  );
  // Partition 0 fails on each of its turns, partition 1 is read in between.
  assertEquals(outcomes, [error, "1:0", error]);
  source.faults.clear();
  assertEquals((await consumer.pull()).id, 1);
  assertEquals((await consumer.pull()).partition, 0);
});

test("a consumer that cannot be opened rejects every pull", async () => {
  const source = new ScriptedSource();
  source.openError = new Error("no such group");
  const consumer = source.consumer();
  await assertRejects(() => consumer.ready(), Error, "no such group");
  await assertRejects(async () => await consumer.pull(), Error, "no such group");
  await assertRejects(() => consumer.pull().wait(5), Error, "no such group");
  await assertRejects(() => consumer.seek("earliest"), Error, "no such group");
  await consumer.close();
  assert(source.closed);
});

test("closing ends waits and completes when no read is running", async () => {
  const source = new ScriptedSource();
  source.readMs = 5;
  const consumer = source.consumer();
  const waits = [consumer.pull().wait(-1), consumer.pull().wait(PATIENCE_MS)];
  const outcomes = Promise.allSettled(waits);
  await turn();
  await Promise.all([consumer.close(), consumer.close()]);
  for (const outcome of await outcomes) {
    assert(outcome.status === "rejected" && outcome.reason instanceof ClosedError);
  }
  assert(source.closed);
  await assertRejects(async () => await consumer.pull(), ClosedError);
  assertEquals(source.waiting, 0);
});

test("seek() waits for a running read, and discards it", async () => {
  for (const readMs of [undefined, 5]) {
    const source = new ScriptedSource(2);
    source.readMs = readMs;
    source.store(20, 0);
    source.store(20, 1);
    await using consumer = source.consumer({ batchSize: 4, partitions: [0] });
    await consumer.pull();
    const pulling = consumer.pull();
    const pulled = pulling.wait(100);
    await consumer.seek({ id: 10 });
    assertEquals(source.seeks, ['0:{"id":10}']);
    const next = (await consumer.pull()).id;
    assertEquals([(await pulled)?.id, next].sort(), [1, 10]);
    assertEquals(consumer.position(0), 11);
  }
});

test("a wait for new events ends when a seek goes back to older ones", async () => {
  const source = new ScriptedSource();
  source.store(3);
  await using consumer = source.consumer();
  await consumer.seek("latest");
  const pulled = consumer.pull().wait(PATIENCE_MS);
  await until("the pull waits", () => source.waiting === 1);
  await Promise.all([consumer.seek("latest"), consumer.seek({ id: 2 }, { store: true })]);
  assertEquals((await pulled)?.id, 2);
  assertEquals(source.seeks.at(-1), '0:{"id":2} stored');
});

test("events read from a partition that moved to another consumer are not delivered", async () => {
  const source = new ScriptedSource(2);
  source.store(10, 0);
  source.store(3, 1);
  await using consumer = source.consumer();
  assertEquals((await consumer.pull()).partition, 0);
  source.assign([1]);
  const seen = [];
  for (let count = 0; count < 3; count++) seen.push((await consumer.pull()).partition);
  assertEquals(seen, [1, 1, 1]);
  assertEquals(await consumer.pull().wait(0), undefined);
  assertEquals(consumer.partitions, [1]);
});

test("a wait leaves neither a listener on its signal nor a timer, however it ends", async () => {
  const source = new ScriptedSource();
  await using consumer = source.consumer();
  const controller = new AbortController();
  const { signal } = controller;
  const on: string[] = [];
  const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
  signal.addEventListener = (...parameters: Parameters<typeof add>) => {
    on.push(parameters[0]);
    add(...parameters);
  };
  signal.removeEventListener = (...parameters: Parameters<typeof remove>) => {
    on.splice(on.indexOf(parameters[0]), 1);
    remove(...parameters);
  };
  const served = consumer.pull().wait(60_000, { signal });
  assert(on.length > 0);
  source.store(1);
  assertEquals((await served)?.id, 0);
  assertEquals(on, []);
  assertEquals(await consumer.pull().wait(2, { signal }), undefined);
  assertEquals(on, []);
  const ended = consumer.pull().wait(60_000, { signal });
  controller.abort(new Error("enough"));
  await assertRejects(() => ended, Error, "enough");
  assertEquals(on, []);
});

test("polling sets no watch", async () => {
  const source = new ScriptedSource();
  await using consumer = source.consumer();
  for (let count = 0; count < 3; count++) assertEquals(await consumer.pull().wait(0), undefined);
  assertEquals(await Promise.all([1, 2].map(() => consumer.pull().wait(0))), [undefined, undefined]);
  assertEquals(source.waits, 0);
});

test("a consumer that is closed twice at once releases its driver once", async () => {
  const source = new ScriptedSource();
  const consumer = source.consumer();
  await Promise.all([consumer.close(), consumer.close()]);
  await consumer.close();
  assertEquals(source.closes, 1);
});

test("an iteration that is never started reports nothing, even if the consumer cannot be opened", async () => {
  const source = new ScriptedSource();
  source.openError = new Error("no such folder");
  const loading = Promise.reject(new Error("no such module"));
  const consumer = source.consumer({}, new DefaultSerializer(), loading);
  consumer.events({ until: "end" });
  await turn();
  await consumer.close();
});

test("a serializer that takes time to load reads the first event", async () => {
  const source = new ScriptedSource();
  source.store(1);
  const standIn: Serializer = {
    config: () => ({ type: "test" }),
    serialize: () => new Uint8Array(),
    deserialize: () => {
      throw new Error("not loaded");
    },
  };
  const real: Serializer = { ...standIn, deserialize: (bytes) => `read ${new TextDecoder().decode(bytes)}` };
  let load = (): void => {};
  const loading = new Promise<Serializer>((resolve) => load = () => resolve(real));
  await using consumer = source.consumer({}, standIn, loading);
  const pull = consumer.pull().wait(PATIENCE_MS);
  await turn();
  load();
  assertEquals((await pull)?.metadata, "read 0");
});

test("seek() waits for data that is being loaded, and forgets what was wrong with it", async () => {
  const source = new ScriptedSource();
  source.store(3, 0, (id) => ({ text: String(id), data: new Uint8Array([id]) }));
  let fail = (): void => {};
  await using consumer = source.consumer({
    dataSelector: (id, descriptor) =>
      id === 1
        ? new Promise((_, reject) => fail = () => reject(new EventGoneError(0, 1, 2, "data")))
        : descriptor,
  });
  const batches = consumer.batches();
  assertEquals((await batches.next()).value?.length, 1);
  const seeking = consumer.seek({ id: 0 });
  await turn();
  assertEquals(source.seeks, []);
  fail();
  await seeking;
  assertEquals((await consumer.pull()).id, 0);
});
