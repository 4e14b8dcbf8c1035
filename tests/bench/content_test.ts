import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { DataPool, documentText, makeContent } from "../../src/ctl/bench/content.ts";
import { scaled, warmUpOf, WORKLOADS } from "../../src/ctl/bench/workload.ts";
import { test } from "../harness.ts";

test("documentText() is a JSON object of the requested size", () => {
  for (const bytes of [10, 79, 80, 100, 1024, 102_400]) {
    for (const id of [0, 7, 99_999]) {
      const text = documentText(id, bytes);
      assertEquals([bytes, text.length], [bytes, bytes]);
      assertEquals(typeof JSON.parse(text), "object");
    }
  }
});

test("documentText() differs from event to event", () => {
  assertNotEquals(documentText(1, 100), documentText(2, 100));
  assertEquals(documentText(3, 100), documentText(3, 100));
});

test("makeContent() gives the same metadata as objects and as text, and counts the bytes of all events", () => {
  const shape = { events: 50, dataBytes: 1000, metadataBytes: 100 };
  const content = makeContent(shape, "object");
  assertEquals(content.metadata.map((one) => JSON.stringify(one)), makeContent(shape, "text").metadata);
  assertEquals(content.bytes, 50 * 1100);
  const fewer = makeContent({ ...shape, documents: 10 }, "text");
  assertEquals([fewer.metadata.length, fewer.bytes], [10, 50 * 1100]);
});

test("a DataPool returns consecutive parts of the requested size, and wraps around", () => {
  const pool = new DataPool(24 * 1024 * 1024);
  const offsets = [1, 2, 3].map(() => pool.next()!.byteOffset);
  assertEquals(offsets, [0, 24 * 1024 * 1024, 0]);
  assertEquals(new DataPool(0).next(), undefined);
  const bytes = new DataPool(1001).next()!;
  assertEquals(bytes.byteLength, 1001);
  assert(new Set(bytes).size > 200);
});

test("a workload can be scaled down to one event, and warms up with part of it", () => {
  assertEquals(scaled(WORKLOADS.W4, 0.5).events, 1000);
  assertEquals(scaled(WORKLOADS.W4, 1e-9).events, 1);
  const warmUp = warmUpOf(WORKLOADS.W4);
  assertEquals([warmUp.events, warmUp.dataBytes], [64, 1024 * 1024]);
  assertEquals(warmUpOf({ ...WORKLOADS.W1, events: 3 }).events, 3);
});
