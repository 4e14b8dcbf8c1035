// The order in which events of several partitions are delivered, and what a source knows of its position,
// against a driver that returns batches at once, later, or not yet.
import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { ClosedError, CorruptedLogError, DefaultSerializer, EventGoneError } from "../../mod.ts";
import { DataDelivery } from "../../src/consumer/data_delivery.ts";
import type { Ends } from "../../src/consumer/events_options.ts";
import { EventSource } from "../../src/consumer/event_source.ts";
import { PullQueue } from "../../src/consumer/pull_queue.ts";
import type { SourceSettings } from "../../src/consumer/source_settings.ts";
import type { ConsumerInterface, IncomingBatch } from "../../src/contract.ts";
import { test } from "../harness.ts";
import { turn, until } from "../waiting.ts";

/** Partitions with some events each, whose data is one byte with the event's id. */
class Partitions {
  assigned: readonly number[];
  readonly positions: number[];
  /** The reads, as `partition:eventsMax`. */
  readonly reads: string[] = [];
  /** Partitions whose reads return promises. */
  readonly later = new Set<number>();
  /** Errors that the next read of a partition throws. */
  readonly faults = new Map<number, Error>();
  /** Errors that reading an event's data throws, by id. */
  readonly dataFaults = new Map<number, Error>();
  /** Partitions that are delayed, and what ends that. */
  reach: ConsumerInterface["reach"];
  /** How the driver waits for events; without events it does so until it is stopped. */
  wait = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener("abort", () => resolve(), { once: true });
    });

  constructor(readonly counts: number[]) {
    this.assigned = counts.map((_, partition) => partition);
    this.positions = counts.map(() => 0);
  }

  driver(): ConsumerInterface {
    const { assigned, positions, reach } = this;
    const driver: Partial<ConsumerInterface> = {
      open: () => Promise.resolve(),
      waitForEvents: (signal) => this.wait(signal),
      assigned,
      read: (partition, eventsMax) => {
        this.reads.push(`${partition}:${eventsMax}`);
        return this.later.has(partition)
          ? Promise.resolve().then(() => this.#read(partition, eventsMax))
          : this.#read(partition, eventsMax);
      },
      position: (partition) => positions[partition],
      ...(reach && { reach }),
    };
    return driver as ConsumerInterface;
  }

  source(settings: Partial<SourceSettings> = {}): EventSource<unknown> {
    return new EventSource(this.driver(), {
      topic: "t",
      consumer: "c",
      serializer: new DefaultSerializer(),
      delivery: undefined,
      eventsMax: 4,
      onDataDamage: undefined,
      acknowledge: () => {
        throw new Error("not acknowledged here");
      },
      ...settings,
    });
  }

  #read(partition: number, eventsMax: number): IncomingBatch | undefined {
    const fault = this.faults.get(partition);
    this.faults.delete(partition);
    if (fault !== undefined) throw fault;
    const baseId = this.positions[partition];
    const count = Math.min(eventsMax, this.counts[partition] - baseId);
    if (count <= 0) return undefined;
    this.positions[partition] += count;
    return {
      partition,
      baseId,
      count,
      timestamp: 1000,
      metadataText: (index) => String(baseId + index),
      metadataBytes: (index) => new TextEncoder().encode(String(baseId + index)),
      dataSize: () => 1,
      readData: (index, _ranges, into) => {
        const fault = this.dataFaults.get(baseId + index);
        if (fault !== undefined) throw fault;
        into[0][0] = baseId + index;
      },
    };
  }
}

const whole = (): DataDelivery => new DataDelivery((_, descriptor) => descriptor, undefined);
const gone = (partition: number, firstId: number): EventGoneError =>
  new EventGoneError(partition, 0, firstId);

/** Takes what can be had without waiting, as `partition:id`. */
function takeAll(source: EventSource<unknown>, ends?: Ends): string[] {
  const taken: string[] = [];
  for (;;) {
    const head = source.head(ends);
    if (head === undefined || head instanceof Promise) return taken;
    taken.push(`${head.partition}:${head.id}`);
    source.take();
  }
}

test("the next event stays the next one until it is taken, and the position of its partition with it", () => {
  const partitions = new Partitions([5, 5]);
  const source = partitions.source();
  assertEquals([source.position(0), source.position(1)], [0, 0]);
  const first = source.head();
  assertStrictEquals(source.head(), first);
  assertEquals([source.position(0), source.position(1)], [0, 0]);
  source.take();
  assertEquals([source.position(0), source.position(1)], [1, 0]);
  for (let taken = 1; taken < 4; taken++) {
    source.head();
    source.take();
  }
  assertEquals([source.position(0), source.position(1)], [4, 0]);
  assertEquals(takeAll(source).join(" "), "1:0 1:1 1:2 1:3 0:4 1:4");
  assertEquals([source.position(0), source.position(1)], [5, 5]);
  // The driver has moved on, past events that were removed.
  partitions.positions[1] = 9;
  assertEquals([source.position(0), source.position(1)], [5, 9]);
});

test("an iteration with an end reads no further, and sets aside what was read before", () => {
  const partitions = new Partitions([6, 6]);
  const source = partitions.source();
  source.head();
  const ends = new Map([[0, 2], [1, 3]]);
  assertEquals(takeAll(source, ends), ["0:0", "0:1", "1:0", "1:1", "1:2"]);
  assertEquals([source.position(0), source.position(1)], [2, 3]);
  assertEquals(partitions.reads, ["0:4", "1:3"]);
  assertEquals(takeAll(source, new Map([[0, 3]])), ["0:2"]);
  assertEquals(takeAll(source).join(" "), "1:3 1:4 1:5 0:3 0:4 0:5");
});

test("the event that was looked at is set aside, too, if the iteration ends before it", () => {
  const source = new Partitions([2, 2]).source();
  assertEquals((source.head() as { id: number }).id, 0);
  assertEquals(takeAll(source, new Map([[0, 0], [1, 2]])), ["1:0", "1:1"]);
  assertEquals(takeAll(source), ["0:0", "0:1"]);
});

test("a partition that moves away is not delivered, whether its events are next or set aside", () => {
  const partitions = new Partitions([6, 6]);
  const source = partitions.source();
  source.head();
  takeAll(source, new Map([[0, 2], [1, 1]]));
  source.drop(0);
  assertEquals([source.position(0), source.position(1)], [4, 1]);
  source.head();
  source.drop(1);
  // The other partition's events stay.
  assertEquals(takeAll(source)[0], "0:4");
});

test("reads that take time are done in turn until one has events, each partition once", async () => {
  const cases: [counts: number[], later: number[], reads: string[], found: boolean][] = [
    [[0, 0, 1], [0, 1, 2], ["0:4", "1:4", "2:4"], true],
    [[0, 0, 0], [0, 1, 2], ["0:4", "1:4", "2:4"], false],
    [[0, 1, 1], [0, 1, 2], ["0:4", "1:4"], true],
    [[0, 0, 0], [1], ["0:4", "1:4", "2:4"], false],
    [[0, 0, 0], [2], ["0:4", "1:4", "2:4"], false],
    [[0, 0, 1], [1], ["0:4", "1:4", "2:4"], true],
  ];
  for (const [counts, later, reads, found] of cases) {
    const partitions = new Partitions(counts);
    later.forEach((partition) => partitions.later.add(partition));
    const source = partitions.source();
    const pending = source.head();
    assert(pending instanceof Promise);
    assertStrictEquals(source.head(), pending);
    assertEquals([await pending, partitions.reads], [found, reads]);
  }
});

test("a source is idle once the pending read has ended, even if it failed", async () => {
  const partitions = new Partitions([1]);
  partitions.later.add(0);
  partitions.faults.set(0, new Error("broken"));
  const source = partitions.source();
  const pending = source.head() as Promise<boolean>;
  let isIdle = false;
  const idle = source.idle().then(() => isIdle = true);
  assertEquals(isIdle, false);
  await assertRejects(() => pending, Error, "broken");
  await idle;
  assertEquals(await (source.head() as Promise<boolean>), true);
  assertEquals(takeAll(source), ["0:0"]);
});

test("an iteration with an end waits for a delayed partition before it, once nothing else is left", async () => {
  const partitions = new Partitions([0, 2, 0]);
  const asked: number[] = [];
  let arrive = (): void => {};
  partitions.reach = (partition) => {
    asked.push(partition);
    if (partition === 0) return undefined;
    return new Promise((resolve) => {
      arrive = () => {
        partitions.counts[2] = 1;
        resolve();
      };
    });
  };
  const source = partitions.source();
  assertEquals([takeAll(source), asked], [["1:0", "1:1"], []]);
  const ends = new Map([[0, 1], [1, 2], [2, 1]]);
  const pending = source.head(ends) as Promise<boolean>;
  assertEquals(asked, [0, 2]);
  arrive();
  assertEquals([await pending, takeAll(source, ends), asked], [true, ["2:0"], [0, 2, 0]]);
});

test("a driver that is asked later is asked for delayed partitions too", async () => {
  for (const reaches of [true, false]) {
    const partitions = new Partitions([0, 0]);
    partitions.later.add(0);
    partitions.reach = () => reaches ? Promise.resolve() : undefined;
    assertEquals(await partitions.source().head(new Map([[0, 1], [1, 1]])), reaches);
    assertEquals(await partitions.source().head(), false);
  }
  const failing = new Partitions([0]);
  failing.reach = () => Promise.reject(new Error("unavailable"));
  await assertRejects(async () => await failing.source().head(new Map([[0, 1]])), Error, "unavailable");
});

test("that events are gone is thrown once, and forgotten with their partition only", async () => {
  const partitions = new Partitions([3, 3]);
  partitions.faults.set(0, gone(0, 2));
  const source = partitions.source();
  assertThrows(() => source.head(), EventGoneError);
  assertEquals(takeAll(source).length, 6);
  for (const [dropped, expected] of [[0, 3], [1, "thrown"]] as const) {
    const slow = new Partitions([3]);
    slow.later.add(0).add(1);
    slow.faults.set(0, gone(0, 2));
    const later = slow.source();
    assertEquals(await later.head(), true);
    later.drop(dropped);
    if (expected === "thrown") assertThrows(() => later.head(), EventGoneError);
    else {
      assertEquals(await later.head(), true);
      assertEquals(takeAll(later).length, expected);
    }
  }
});

test("an event whose data is gone is passed over with those before the first that is there, and said once", () => {
  const partitions = new Partitions([4]);
  partitions.dataFaults.set(1, gone(0, 3));
  const source = partitions.source({ delivery: whole() });
  assertEquals((source.head() as { id: number }).id, 0);
  source.take();
  const error = assertThrows(() => source.head(), EventGoneError);
  assertEquals([error.firstId, source.position(0)], [3, 3]);
  assertEquals(takeAll(source), ["0:3"]);
  const past = new Partitions([3]);
  past.dataFaults.set(0, gone(0, 9));
  const ended = past.source({ delivery: whole(), eventsMax: 2 });
  assertThrows(() => ended.head(), EventGoneError);
  assertEquals(takeAll(ended), ["0:2"]);
});

test("an event with damaged data is thrown each time, or skipped and reported", () => {
  const damage = new CorruptedLogError({
    partition: 0,
    firstId: 1,
    endId: 2,
    file: "f",
    offset: 0,
    reason: "flipped",
  });
  const partitions = new Partitions([3]);
  partitions.dataFaults.set(1, damage);
  const strict = partitions.source({ delivery: whole() });
  strict.head();
  strict.take();
  assertThrows(() => strict.head(), CorruptedLogError);
  assertThrows(() => strict.head(), CorruptedLogError);
  partitions.positions[0] = 0;
  const reported: unknown[] = [];
  const lenient = partitions.source({ delivery: whole(), onDataDamage: (error) => reported.push(error) });
  assertEquals([takeAll(lenient), reported], [["0:0", "0:2"], [damage]]);
  // Anything else is not damage.
  partitions.positions[0] = 0;
  partitions.dataFaults.set(1, new Error("no memory"));
  const other = partitions.source({ delivery: whole(), onDataDamage: (error) => reported.push(error) });
  other.head();
  other.take();
  assertThrows(() => other.head(), Error, "no memory");
  assertEquals(reported.length, 1);
});

test("the rest of a batch ends with the iteration, before data that takes time, and before an error", () => {
  const idsOf = (source: EventSource<unknown>, ends?: Ends): number[] =>
    source.takeRest(ends).map(({ id }) => id);
  for (const delivery of [undefined, whole()]) {
    const source = new Partitions([6]).source(delivery && { delivery });
    assertEquals(idsOf(source), []);
    source.head();
    source.take();
    assertEquals([idsOf(source, new Map([[0, 3]])), source.position(0)], [[1, 2], 3]);
    assertEquals([idsOf(source, new Map([[0, 2]])), source.position(0)], [[], 3]);
    assertEquals([idsOf(source), source.position(0)], [[3], 4]);
    assertEquals(takeAll(source), ["0:4", "0:5"]);
  }
  // Also the event that was looked at, and not taken yet.
  const looked = new Partitions([4]).source();
  looked.head();
  assertEquals([idsOf(looked, new Map([[0, 2]])), takeAll(looked)], [[0, 1], ["0:2", "0:3"]]);
  const failing = new Partitions([4]);
  failing.dataFaults.set(2, new Error("no memory"));
  const broken = failing.source({ delivery: whole() });
  assertEquals(idsOf(broken), []);
  broken.head();
  assertEquals([idsOf(broken), broken.position(0)], [[0, 1], 2]);
  assertThrows(() => broken.head(), Error, "no memory");
  failing.dataFaults.clear();
  assertEquals(takeAll(broken), ["0:2", "0:3"]);
  const removed = new Partitions([4]);
  removed.dataFaults.set(2, gone(0, 3));
  const pruned = removed.source({ delivery: whole() });
  pruned.head();
  assertEquals(idsOf(pruned), [0, 1]);
  assertThrows(() => pruned.head(), EventGoneError);
  assertEquals(takeAll(pruned), ["0:3"]);
});

test("the rest of a batch is not taken while a read is pending, or after the partitions have changed", async () => {
  const partitions = new Partitions([4]);
  const slow = new DataDelivery((_, descriptor) => Promise.resolve(descriptor), undefined);
  const source = partitions.source({ delivery: slow });
  const pending = source.head() as Promise<boolean>;
  assertEquals(source.takeRest(undefined), []);
  await pending;
  assertEquals(source.takeRest(undefined).map(({ id }) => id), [0]);
  await source.idle();
  assertEquals((source.head() as { id: number }).id, 1);
  source.release(0);
  assertEquals(source.takeRest(undefined), []);
});

test("a queue that is not open, that waits or that is closed gives nothing at once", async () => {
  const partitions = new Partitions([4]);
  const queue = new PullQueue(partitions.driver(), partitions.source());
  assertEquals([queue.tryNow(), queue.tryRest()], [undefined, []]);
  await queue.open();
  assertEquals(queue.tryNow()?.id, 0);
  const paused = queue.pause(async () => {
    assertEquals([queue.tryNow(), queue.tryRest()], [undefined, []]);
    await Promise.resolve();
  });
  assertEquals([queue.tryNow(), queue.tryRest()], [undefined, []]);
  await paused;
  assertEquals(queue.tryNow()?.id, 1);
  await queue.close();
  assertEquals([queue.tryNow(), queue.tryRest()], [undefined, []]);
});

test("a driver that wakes for nothing starves nothing else", async () => {
  const partitions = new Partitions([0]);
  let wakes = 0;
  partitions.wait = () => {
    if (wakes++ === 100_000) throw new Error("nothing else ran");
    return Promise.resolve();
  };
  const queue = new PullQueue(partitions.driver(), partitions.source());
  const waiting = assertRejects(() => queue.next({ limit: Infinity }), ClosedError);
  await turn();
  await queue.close();
  await waiting;
});

test("an iteration that ends where nothing is left does not wait for others, whenever it asks", async () => {
  const partitions = new Partitions([0]);
  const { wait } = partitions;
  let wakes = 0;
  // The first time it wakes for nothing, so that the event loop turns before it waits again.
  partitions.wait = (signal) => wakes++ === 0 ? Promise.resolve() : wait(signal);
  const queue = new PullQueue(partitions.driver(), partitions.source());
  await queue.open();
  const waiting = assertRejects(() => queue.next({ limit: Infinity }), ClosedError);
  for (let count = 0; count < 20; count++) await Promise.resolve();
  assertEquals(wakes, 1);
  const ending = queue.next({ limit: Infinity, once: true });
  await until("it waits again", () => wakes === 2);
  assertEquals(await ending, undefined);
  await queue.close();
  await waiting;
});
