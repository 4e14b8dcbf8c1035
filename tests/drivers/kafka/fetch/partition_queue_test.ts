import { assertEquals, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import type { FetchedPartition } from "../../../../src/drivers/kafka/format/fetched.ts";
import { PartitionQueue } from "../../../../src/drivers/kafka/fetch/partition_queue.ts";
import { formatOf } from "../../../../src/drivers/kafka/format/record.ts";
import { CorruptedLogError, EventGoneError } from "../../../../src/errors.ts";
import { valuesOf } from "../values.ts";
import { test } from "../../../harness.ts";

const FORMAT = formatOf("default");
const CONTROL = 1 << 5;
const APPEND_TIME = 1 << 3;

/** A stored batch with one entry per offset; text is an event, null an offset without a record. */
interface Stored {
  first: number;
  entries: (string | Buffer | null)[];
  attributes?: number;
  /** Time of each record after the first, in milliseconds. */
  times?: number[];
}

function answer(...batches: Stored[]): FetchedPartition {
  const records = batches.map(({ first, entries, attributes = 0, times = [] }) => ({
    firstOffset: BigInt(first),
    lastOffsetDelta: entries.length - 1,
    firstTimestamp: 1000n,
    maxTimestamp: 2000n,
    attributes,
    records: entries.flatMap((entry, offsetDelta) =>
      entry === null ? [] : [{
        offsetDelta,
        timestampDelta: BigInt(times[offsetDelta] ?? 0),
        value: typeof entry === "string"
          ? valuesOf({ count: 1, metadata: [entry], dataBytes: 0 }, FORMAT)[0]
          : entry,
      }]
    ),
  }));
  const highWatermark = BigInt(Math.max(0, ...batches.map(({ first, entries }) => first + entries.length)));
  return { records, highWatermark } as unknown as FetchedPartition;
}

function queueAt(position: number): PartitionQueue {
  return new PartitionQueue({
    partition: 0,
    position,
    format: FORMAT,
    damageOf: (damage) => new CorruptedLogError({ partition: 0, file: "broker", ...damage }),
    what: "read",
  });
}

function takeAll(queue: PartitionQueue, eventsMax = 100): [number, string[]][] {
  const taken: [number, string[]][] = [];
  for (let batch = queue.take(eventsMax); batch !== undefined; batch = queue.take(eventsMax)) {
    taken.push([
      batch.baseId,
      Array.from({ length: batch.count }, (_, index) => batch!.metadataText!(index)),
    ]);
  }
  return taken;
}

test("a response has a whole batch, and events before the requested offset are dropped", () => {
  const queue = queueAt(12);
  queue.accept(answer({ first: 10, entries: ["0", "1", "2", "3"] }));
  assertEquals(queue.fetchOffset, 14);
  assertEquals(takeAll(queue), [[12, ["2", "3"]]]);
  assertEquals(queue.position, 14);
});

test("events are delivered in pieces, and the position follows", () => {
  const queue = queueAt(0);
  queue.accept(answer({ first: 0, entries: ["0", "1", "2", "3", "4"] }));
  assertEquals(queue.responses, 1);
  assertEquals(queue.take(2)?.baseId, 0);
  assertEquals([queue.position, queue.responses], [2, 1]);
  assertEquals(takeAll(queue, 2), [[2, ["2", "3"]], [4, ["4"]]]);
  assertEquals([queue.position, queue.responses], [5, 0]);
});

test("the largest batch of the latest response that has any is known, from its first byte on", () => {
  const queue = queueAt(0);
  const sized = (first: number, ...sizes: number[]): FetchedPartition => {
    const batches = sizes.map((_, index) => ({ first: first + index, entries: [`${index}`] }));
    const found = answer(...batches);
    for (const [index, batch] of (found.records ?? []).entries()) batch.length = sizes[index]! - 12;
    return found;
  };
  assertEquals(queue.batchBytes, 0);
  queue.accept(sized(0, 500, 700, 600));
  assertEquals(queue.batchBytes, 700);
  queue.accept(answer());
  assertEquals(queue.batchBytes, 700);
  queue.accept(sized(3, 300));
  assertEquals(queue.batchBytes, 300);
});

test("a batch has consecutive ids and one time: gaps and other times begin a new one", () => {
  const queue = queueAt(0);
  queue.accept(answer({ first: 0, entries: ["0", null, "2", "3", "4"], times: [0, 0, 0, 0, 7] }));
  const first = queue.take(9)!;
  const second = queue.take(9)!;
  const third = queue.take(9)!;
  assertEquals([[first.baseId, first.count], [second.baseId, second.count], [third.baseId, third.count]], [
    [0, 1],
    [2, 2],
    [4, 1],
  ]);
  assertEquals([first.timestamp, third.timestamp], [1000, 1007]);
});

test("if the broker sets the time, it is used", () => {
  const queue = queueAt(0);
  queue.accept(answer({ first: 0, entries: ["0", "1"], times: [0, 5], attributes: APPEND_TIME }));
  assertEquals([queue.take(9)?.timestamp, queue.position], [2000, 2]);
});

test("markers of transactions and of the topic's end are skipped", () => {
  const queue = queueAt(0);
  const mark = Buffer.alloc(16, 0xff);
  queue.accept(answer({ first: 0, entries: ["0"], attributes: CONTROL }));
  assertEquals([queue.position, queue.hasNews, queue.responses], [1, false, 0]);
  queue.accept(answer({ first: 1, entries: ["1", mark] }));
  assertEquals(takeAll(queue), [[1, ["1"]]]);
  assertEquals(queue.position, 3);
});

test("a record that is not an event is damage: thrown each time, or skipped and reported", () => {
  const queue = queueAt(0);
  queue.accept(answer({ first: 0, entries: ["0", Buffer.from("hello"), "2"] }));
  assertEquals(queue.take(9)?.count, 1);
  for (let round = 0; round < 2; round++) {
    const error = assertThrows(() => queue.take(9), CorruptedLogError);
    assertEquals([error.damage.firstId, error.damage.reason], [
      1,
      "the record has 5 bytes, an event has at least 16",
    ]);
    assertEquals(queue.position, 1);
  }
  const skipped: number[] = [];
  assertEquals(queue.take(9, ({ damage }) => skipped.push(damage.firstId))?.baseId, 2);
  assertEquals([skipped, queue.position], [[1], 3]);
});

test("removed events are reported once, after the events before them", () => {
  const queue = queueAt(0);
  queue.accept(answer({ first: 0, entries: ["0"] }));
  queue.lose(10);
  assertEquals(queue.take(9)?.baseId, 0);
  const error = assertThrows(() => queue.take(9), EventGoneError);
  assertEquals([error.id, error.firstId, queue.position], [1, 10, 10]);
  assertEquals(queue.take(9), undefined);
  queue.accept(answer({ first: 10, entries: ["10"] }));
  assertEquals(takeAll(queue), [[10, ["10"]]]);
});

test("reading a log that became shorter continues at its end, without an error", () => {
  const queue = queueAt(50);
  queue.lose(20);
  assertEquals([queue.hasNews, queue.position, queue.fetchOffset], [false, 20, 20]);
});

test("a seek clears the queue", () => {
  const queue = queueAt(0);
  queue.accept(answer({ first: 0, entries: ["0", "1"] }));
  queue.take(1);
  queue.seek(7);
  assertEquals([queue.position, queue.fetchOffset, queue.responses, queue.take(1)], [7, 7, 0, undefined]);
});

// Events stored while a leader answered were reported as damaged: it notes its high watermark before it reads,
// so an answer may contain events after it. Seen when requests to a broker were cut off.
test("what a response has beyond its high watermark is fetched again, and is not damage", () => {
  const queue = queueAt(5);
  const whole = answer({ first: 5, entries: ["1"] }, { first: 6, entries: ["2", "3"] });
  queue.accept({ ...whole, highWatermark: 7n });
  assertEquals(takeAll(queue), [[5, ["1"]]]);
  assertEquals(queue.fetchOffset, 6);
  queue.accept({ ...answer({ first: 6, entries: ["2", "3"] }), highWatermark: 8n });
  assertEquals(takeAll(queue), [[6, ["2", "3"]]]);
  // The next time is a first time again.
  queue.accept({ ...answer({ first: 8, entries: ["4"] }), highWatermark: 8n });
  assertEquals(takeAll(queue), []);
  queue.accept({ ...answer({ first: 8, entries: ["4"] }), highWatermark: 9n });
  assertEquals(takeAll(queue), [[8, ["4"]]]);
});

test("a batch with an impossible first offset damages its own ids only", () => {
  for (const wrong of [0, 2 ** 40]) {
    const queue = queueAt(5);
    const one = answer({ first: 5, entries: ["1"] }, { first: wrong, entries: ["2", "3"] });
    queue.accept({ ...one, highWatermark: 9n });
    assertEquals(queue.take(9)?.baseId, 5);
    if (wrong > 9) {
      assertEquals([queue.take(9), queue.fetchOffset], [undefined, 6]);
      queue.accept({ ...answer({ first: wrong, entries: ["2", "3"] }), highWatermark: 9n });
    }
    const { damage } = assertThrows(() => queue.take(9), CorruptedLogError);
    assertEquals([damage.firstId, damage.endId, damage.reason], [6, 8, "its first offset is wrong"]);
    assertEquals(queue.fetchOffset, 8);
  }
});

// A reader that was overtaken by trimming jumped over what was removed without an error while it had events that were fetched
// before: the error came once it had read everything, or never, if more was removed by then, and moved its position back.
test("removed events are reported where they are missing, before those that were fetched after them", () => {
  const queue = queueAt(0);
  queue.accept(answer({ first: 0, entries: ["0", "1"] }));
  queue.lose(10);
  queue.lose(20);
  queue.accept(answer({ first: 20, entries: ["20", "21"] }));
  assertEquals(queue.take(100)?.baseId, 0);
  const { id, firstId } = assertThrows(() => queue.take(100), EventGoneError);
  assertEquals([id, firstId, queue.position], [2, 20, 20]);
  assertEquals(takeAll(queue), [[20, ["20", "21"]]]);
  assertEquals([queue.position, queue.responses], [22, 0]);
});
