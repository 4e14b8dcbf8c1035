// A batch and the outcome of its events: stored, failed, stored in parts, and with events that fail alone.
import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { InvalidDataError } from "../../mod.ts";
import { type BatchOwner, PushBatch } from "../../src/producer/push_batch.ts";
import { PushFuture } from "../../src/producer/push_future.ts";
import { UnobservedFailures } from "../../src/producer/unobserved_failures.ts";
import { test } from "../harness.ts";

/** A batch, and how to add events to it as a batcher does. */
function batchOf({ maySplit = false } = {}) {
  const failures = new UnobservedFailures();
  const submitted: PushBatch[] = [];
  const owner: BatchOwner = { failures, maySplit, submitSoon: (batch) => void submitted.push(batch) };
  const batch = new PushBatch(owner, { metadata: [] });
  const add = (metadata: string, part?: Uint8Array | readonly Uint8Array[]): PushFuture => {
    const index = batch.count;
    const number = index + batch.removed;
    (batch.metadata as string[])[index] = metadata;
    if (part !== undefined) {
      if (batch.data === undefined) batch.beginData();
      batch.data![index] = part;
      batch.dataSizes![index] = part instanceof Uint8Array
        ? part.byteLength
        : part.map((piece) => piece.byteLength);
    }
    const size = part === undefined ? 0 : [part].flat().reduce((sum, piece) => sum + piece.byteLength, 0);
    batch.count++;
    batch.dataBytes += size;
    batch.bytes += metadata.length + size;
    return new PushFuture(batch, number);
  };
  return { batch, failures, submitted, add };
}

/** Its memory is gone from now on. */
function detach(part: Uint8Array): void {
  structuredClone(part.buffer, { transfer: [part.buffer as ArrayBuffer] });
}

test("a stored batch gives each event its id, and keeps nothing of its content", async () => {
  const { batch, submitted, add } = batchOf();
  const futures = ["a", "bb", "ccc"].map((text) => add(text, new Uint8Array(4)));
  assertEquals([batch.completed, futures[0]!.toJSON()], [false, { completed: false }]);
  const early = futures[2]!.wait();
  assertEquals(submitted, [batch]);
  batch.succeed(0);
  assertEquals([batch.completed, batch.metadata, batch.data, batch.dataSizes], [
    true,
    [],
    undefined,
    undefined,
  ]);
  assertEquals(await early, 2);
  assertEquals(await Promise.all(futures), [0, 1, 2]);
  assertEquals(futures[1]!.toJSON(), { completed: true, value: 1 });
  // Those that are observed once it is stored submit nothing.
  assertEquals([submitted.length, batch.observed], [1, 3]);
  assertStrictEquals(batch.stored(), batch.stored());
});

test("a failed batch fails each event, and counts those that no one observed", async () => {
  const { batch, failures, add } = batchOf();
  const futures = ["a", "b", "c"].map((text) => add(text));
  const early = assertRejects(() => futures[0]!.wait(), Error, "full");
  batch.fail(new Error("full"));
  await early;
  assertEquals(failures.count, 2);
  await assertRejects(() => futures[1]!.wait(), Error, "full");
  assertEquals(failures.count, 1);
  assertEquals(futures[2]!.toJSON().completed, true);
  assertEquals(Object.keys(futures[2]!.toJSON()), ["completed", "error"]);
  await assertRejects(() => batch.stored(), Error, "full");
});

test("an event whose data part is gone fails alone, and the others have ids without a gap", async () => {
  const { batch, failures, add } = batchOf();
  const parts = [1, 2, 3, 4].map((size) => new Uint8Array(size).fill(size));
  const futures = ["a", "bb", "ccc", "dddd"].map((text, index) => add(text, parts[index]));
  const observed = futures[1]!.wait();
  detach(parts[1]!);
  detach(parts[2]!);
  batch.dropChangedData();
  assertEquals([batch.count, batch.bytes, batch.dataBytes, batch.observed], [2, 1 + 4 + 1 + 4, 5, 0]);
  assertEquals(batch.metadata.slice(0, 2), ["a", "dddd"]);
  assertEquals([batch.data![0]!.length, batch.data![1]!.length, batch.data![2]], [1, 4, undefined]);
  // Only the one that no one observed.
  assertEquals(failures.count, 1);
  // An event that is added later, without data, follows the others.
  const later = add("e");
  assertEquals([batch.count, batch.data![2]], [3, undefined]);
  batch.succeed(10);
  await assertRejects(() => observed, InvalidDataError, "it had 2 bytes when it was pushed");
  assertEquals(await Promise.all([futures[0], futures[3], later]), [10, 11, 12]);
  await assertRejects(() => futures[2]!.wait(), InvalidDataError, "it had 3 bytes");
  assertEquals(failures.count, 0);
});

test("events that are added after others have failed alone keep their ids, however often that happens", async () => {
  const { batch, add } = batchOf();
  const parts = [1, 2, 3, 4].map((size) => new Uint8Array(size));
  const futures = [add("a", parts[0]), add("b", parts[1])];
  detach(parts[0]!);
  batch.dropChangedData();
  futures.push(add("c"), add("d", parts[2]), add("e", parts[3]));
  detach(parts[2]!);
  batch.dropChangedData();
  futures.push(add("f"));
  batch.succeed(5);
  assertEquals(await Promise.all([1, 2, 4, 5].map((number) => futures[number])), [5, 6, 7, 8]);
  await assertRejects(() => futures[0]!.wait(), InvalidDataError, "it had 1 byte when");
  await assertRejects(() => futures[3]!.wait(), InvalidDataError, "it had 3 bytes");
});

test("data that has grown is cut to what was pushed, and an event without data stays", () => {
  const { batch, add } = batchOf();
  const buffer = new ArrayBuffer(4, { maxByteLength: 8 });
  const part = new Uint8Array(buffer);
  add("a");
  batch.dropChangedData();
  add("b", part);
  buffer.resize(8);
  batch.dropChangedData();
  assertEquals([batch.count, batch.data![1]!.length, batch.dataBytes, batch.bytes], [2, 4, 4, 6]);
});

test("a data part of one byte that is gone is said to have had 1 byte", async () => {
  const { batch, add } = batchOf();
  const part = new Uint8Array(1);
  const future = add("a", part);
  detach(part);
  batch.dropChangedData();
  assertEquals(batch.count, 0);
  await assertRejects(() => future.wait(), InvalidDataError, "it had 1 byte when");
});

test("a data part in pieces of which one is gone fails alone, with the size of all of them", async () => {
  const { batch, add } = batchOf();
  const pieces = [3, 4, 5].map((size) => new Uint8Array(size));
  const [changed, kept] = [add("a", pieces), add("b", [new Uint8Array(6), new Uint8Array(7)])];
  detach(pieces[1]!);
  batch.dropChangedData();
  assertEquals([batch.count, batch.dataBytes, batch.bytes], [1, 13, 14]);
  batch.succeed(4);
  await assertRejects(() => changed.wait(), InvalidDataError, "it had 12 bytes when");
  assertEquals(await kept, 4);
});

test("a batch that is stored in parts has an outcome for each, and counts what failed unobserved", async () => {
  const { batch, failures, add } = batchOf({ maySplit: true });
  const futures = ["a", "b", "c", "d", "e", "f"].map((text) => add(text));
  const observed = assertRejects(() => futures[3]!.wait(), Error, "too large");
  const stored = futures[5]!.wait();
  batch.settleParts([
    { count: 2, baseId: 7 },
    { count: 3, error: new Error("too large") },
    { count: 1, baseId: 20 },
  ]);
  batch.succeed(7);
  await observed;
  assertEquals([await stored, failures.count], [20, 2]);
  assertEquals(await Promise.all([futures[0], futures[1], futures[5]]), [7, 8, 20]);
  for (const index of [2, 4]) await assertRejects(() => futures[index]!.wait(), Error, "too large");
  assertEquals(failures.count, 0);
  assertEquals(batch.parts?.map(({ count, failed, baseId }) => [count, failed, baseId]), [
    [2, false, 7],
    [3, true, -1],
    [1, false, 20],
  ]);
});

test("events that failed alone keep their outcome in a batch that is stored in parts", async () => {
  const { batch, add } = batchOf({ maySplit: true });
  const parts = [1, 2, 3].map((size) => new Uint8Array(size));
  const futures = ["a", "b", "c"].map((text, index) => add(text, parts[index]));
  detach(parts[0]!);
  batch.dropChangedData();
  batch.settleParts([{ count: 1, baseId: 0 }, { count: 1, error: new Error("too large") }]);
  batch.succeed(0);
  await assertRejects(() => futures[0]!.wait(), InvalidDataError);
  assertEquals(await futures[1], 0);
  await assertRejects(() => futures[2]!.wait(), Error, "too large");
});

test("events of parts keep their ids when others have failed alone before", async () => {
  const { batch, add } = batchOf({ maySplit: true });
  const changed = new Uint8Array(3);
  const futures = [add("a"), add("b", changed), add("c"), add("d", new Uint8Array(2)), add("e"), add("f")];
  const refused = assertRejects(() => futures[1]!.wait(), InvalidDataError);
  detach(changed);
  batch.dropChangedData();
  const parts = [{ count: 1, baseId: 10 }, { count: 2, baseId: 20 }, { count: 2, baseId: 30 }];
  batch.settleParts(parts);
  batch.succeed(10);
  const ids = [0, 2, 3, 4, 5].map((index) => futures[index]!.wait());
  assertEquals(await Promise.all(ids), [10, 20, 21, 30, 31]);
  await refused;
});

test("what waits for a batch after it was stored gets its first id, also if that is 0", async () => {
  for (const baseId of [0, 7]) {
    const { batch, add } = batchOf();
    add("a");
    batch.succeed(baseId);
    assertEquals(await batch.stored(), baseId);
  }
});
