// Seeking and closing: one after the other, and never beside what the driver still does.
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  ClosedError,
  type Consumer,
  diagnostics,
  EventGoneError,
  InvalidOptionError,
  NotSupportedError,
} from "../../mod.ts";
import { test } from "../harness.ts";
import { gate, PATIENCE_MS, turn, until } from "../waiting.ts";
import { ScriptedSource } from "./scripted_consumer.ts";

/** Asserts that closing waits for what `open` lets go on. */
async function assertClosesOnce(
  open: () => void,
  consumer: Consumer<unknown>,
  source: ScriptedSource,
): Promise<void> {
  const closing = consumer.close();
  await turn();
  assert(!source.closed);
  open();
  await closing;
  assert(source.closed);
}

/** Lets what is pending go on, without a turn of the event loop. */
async function microtasks(): Promise<void> {
  for (let count = 0; count < 30; count++) await Promise.resolve();
}

test("seeks run one after the other, and closing waits for the one that has begun", async () => {
  const source = new ScriptedSource();
  const consumer = source.consumer();
  await consumer.ready();
  const first = gate();
  source.seeking = () => first.opened;
  const seeks = [consumer.seek({ id: 0 }), consumer.seek("latest")];
  const closing = consumer.close();
  await turn();
  assertEquals([source.seeks, source.closed], [['0:{"id":0}'], false]);
  first.open();
  await Promise.allSettled([...seeks, closing]);
  assert(source.closed);
});

test("a seek waits for the one before it, even if that fails", async () => {
  const source = new ScriptedSource();
  await using consumer = source.consumer();
  const first = gate();
  source.seeking = () => first.opened.then(() => Promise.reject(new Error("lost")));
  const failing = consumer.seek({ id: 0 });
  await turn();
  source.seeking = undefined;
  const next = consumer.seek("latest");
  await turn();
  assertEquals(source.seeks, ['0:{"id":0}']);
  first.open();
  await assertRejects(() => failing, Error, "lost");
  await next;
  assertEquals(source.seeks, ['0:{"id":0}', '0:"latest"']);
});

test("a consumer that is closed cannot be opened, moved or waited for", async () => {
  const source = new ScriptedSource();
  const consumer = source.consumer();
  await consumer.close();
  for (
    const call of [
      () => consumer.ready(),
      () => consumer.seek("latest"),
      async () => void await consumer.pull(),
    ]
  ) {
    await assertRejects(call, ClosedError);
  }
  assertEquals(source.seeks, []);
});

test("closing waits until the driver has been opened", async () => {
  const source = new ScriptedSource();
  const { opened, open } = gate();
  source.opening = opened;
  const consumer = source.consumer();
  await assertClosesOnce(open, consumer, source);
});

test("seeking and closing wait until the driver's wait for events has ended", async () => {
  const source = new ScriptedSource();
  const consumer = source.consumer();
  for (const isClosing of [false, true]) {
    const { opened, open } = gate();
    source.leaving = () => opened;
    const waiting = consumer.pull().wait(PATIENCE_MS).catch(() => {});
    await until("the driver waits", () => source.waiting === 1);
    const done = isClosing ? consumer.close() : consumer.seek("latest");
    await turn();
    assertEquals([source.seeks.length, source.closed], [isClosing ? 1 : 0, false]);
    source.leaving = undefined;
    open();
    await done;
    source.store(1);
    await waiting;
  }
  assert(source.closed);
});

test("closing waits for data that is being loaded", async () => {
  const source = new ScriptedSource();
  source.store(2, 0, (id) => ({ text: String(id), data: new Uint8Array([id]) }));
  const { opened, open } = gate();
  const consumer = source.consumer({
    dataSelector: (id, descriptor) => id === 1 ? opened.then(() => descriptor) : descriptor,
  });
  assertEquals((await consumer.batches().next()).value?.length, 1);
  await assertClosesOnce(open, consumer, source);
});

test("a wait that ends, or a seek, just before the driver would wait again holds nothing up", async () => {
  const source = new ScriptedSource();
  await using consumer = source.consumer();
  for (const seeks of [false, true]) {
    const controller = new AbortController();
    const waiting = consumer.pull().wait(PATIENCE_MS, { signal: controller.signal });
    await until("the driver waits", () => source.waiting === 1);
    // Woken for nothing, it lets the event loop turn before it waits again.
    source.store(0);
    await microtasks();
    if (seeks) await consumer.seek("latest");
    controller.abort(new Error("enough"));
    await assertRejects(() => waiting, Error, "enough");
    await turn();
    await until("nothing waits", () => source.waiting === 0);
  }
});

test("who waits first gets the first event, even if another asks before that one resolves", async () => {
  const source = new ScriptedSource();
  await using consumer = source.consumer();
  const first = consumer.pull().wait(PATIENCE_MS);
  await until("the driver waits", () => source.waiting === 1);
  source.store(2);
  const second = consumer.pull().wait(PATIENCE_MS);
  assertEquals([(await first)?.id, (await second)?.id], [0, 1]);
});

test("polls at the same time get an event each", async () => {
  const source = new ScriptedSource();
  source.store(2);
  await using consumer = source.consumer();
  const polls = await Promise.all([consumer.pull().wait(0), consumer.pull().wait(0)]);
  assertEquals(polls.map((event) => event?.id), [0, 1]);
});

test("a second wait on one pull takes over when the first gives up, and gets what the first got", async () => {
  const source = new ScriptedSource();
  await using consumer = source.consumer();
  const pull = consumer.pull();
  const short = pull.wait(1);
  const longer = pull.wait(Math.max(500, performance.now()));
  assertEquals(await short, undefined);
  source.store(1);
  assertEquals((await longer)?.id, 0);
  const next = consumer.pull();
  const waits = [next.wait(PATIENCE_MS), next.wait(0)];
  source.store(1);
  assertEquals((await Promise.all(waits)).map((event) => event?.id), [1, 1]);
});

test("a seek that is not stored does not wait for acknowledgements", async () => {
  const source = new ScriptedSource();
  source.store(2);
  const { opened, open } = gate();
  source.acknowledging = () => opened;
  await using consumer = source.consumer();
  (await consumer.pull()).acknowledge();
  await consumer.seek({ id: 0 });
  assertEquals((await consumer.pull()).id, 0);
  open();
});

test("wrong arguments of seek() are named, and move nothing", async () => {
  const source = new ScriptedSource(3);
  await using consumer = source.consumer({ partitions: [0, 2] });
  const cases: [unknown, Record<string, unknown>, string][] = [
    ["end", {}, 'seek option "to"'],
    ["latest", { store: 1 }, 'seek option "store"'],
    ["latest", { partition: 1 }, "seek"],
    ["latest", { partitions: [] }, 'seek option "partitions"'],
    ["latest", { partitions: [0, 1] }, "partitions that the consumer reads: 0, 2"],
  ];
  for (const [to, options, message] of cases) {
    await assertRejects(() => consumer.seek(to as "latest", options), InvalidOptionError, message);
  }
  assertEquals(source.seeks, []);
  await consumer.seek("latest", { partitions: [2] });
  assertEquals(source.seeks, ['2:"latest"']);
});

test("a consumer of one partition reads more at a time than one of several", async () => {
  for (
    const [count, partitions, expected] of [[1, undefined, 1024], [2, undefined, 256], [
      2,
      [0],
      1024,
    ]] as const
  ) {
    const source = new ScriptedSource(count);
    source.store(1100);
    await using consumer = source.consumer(partitions === undefined ? {} : { partitions });
    assertEquals((await consumer.batches().next()).value?.length, expected, `${count} ${partitions}`);
  }
});

test("a driver without groups refuses a consumer of one", () => {
  assertThrows(() => new ScriptedSource().consumer({ group: true }), NotSupportedError, "has no groups");
});

test("an iteration to the end goes through a partition whose end is unknown", async () => {
  const source = new ScriptedSource(2);
  source.store(3, 0);
  source.store(2, 1);
  source.unknownEnds.add(1);
  await using consumer = source.consumer();
  let count = 0;
  for await (const _ of consumer.events({ until: "end" })) count++;
  assertEquals(count, 5);
});

test("all partitions may be lost while one of them is read", async () => {
  const source = new ScriptedSource(2);
  await using consumer = source.consumer();
  await consumer.ready();
  Object.defineProperty(source, "readMs", {
    get: () => {
      queueMicrotask(() => source.assign([]));
      return 1;
    },
  });
  assertEquals([await consumer.pull().wait(20), source.reads], [undefined, 1]);
});

test("an error of the driver that is not damage is not published as damage", async () => {
  const source = new ScriptedSource();
  source.store(1);
  source.faults.set("0:0", new Error("not reached"));
  const published: unknown[] = [];
  const stop = diagnostics.corruption.subscribe((message) => {
    // Other tests may publish damage meanwhile.
    if ((message.damage as unknown) === undefined || message.damage.reason === undefined) {
      published.push(message);
    }
  });
  try {
    await using consumer = source.consumer();
    await assertRejects(async () => await consumer.pull(), Error, "not reached");
  } finally {
    stop();
  }
  assertEquals(published, []);
});

test("removed events that an iteration meets at once are reported, and the next one goes on", async () => {
  const source = new ScriptedSource();
  source.store(3);
  let isReported = false;
  source.faults.get = (place) => {
    if (place !== "0:1" || isReported) return undefined;
    isReported = true;
    return new EventGoneError(0, 1, 2);
  };
  await using consumer = source.consumer({ batchSize: 1 });
  const events = consumer.events();
  assertEquals((await events.next()).value?.id, 0);
  await assertRejects(() => events.next(), EventGoneError);
  assertEquals((await events.next()).value?.id, 1);
});
