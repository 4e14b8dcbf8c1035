import { assertEquals } from "@std/assert";
import { DeliveredFrames } from "../../../src/drivers/files/delivered_frames.ts";
import type { StoredBatch } from "../../../src/log/mod.ts";
import { test } from "../../harness.ts";

/** Two events each, from id 0 on. */
function add(frames: DeliveredFrames, first: number, count: number): void {
  for (let n = first; n < first + count; n++) {
    const mark = { salt: n + 1, nonce: n + 2, sequence: n + 3 };
    frames.add({ baseId: 2 * n, count: 2, timestamp: n, mark } as StoredBatch);
  }
}

const positionOf = (n: number, nextId: number) => ({
  nextId,
  time: n,
  mark: { salt: n + 1, nonce: n + 2, sequence: n + 3 },
});

test("the frame before an acknowledged position is remembered until a later one is acknowledged", () => {
  const frames = new DeliveredFrames();
  assertEquals(frames.positionBefore(1), undefined);
  add(frames, 3, 3);
  assertEquals(frames.positionBefore(6), undefined);
  assertEquals(frames.positionBefore(7), positionOf(3, 7));
  assertEquals(frames.positionBefore(8), positionOf(3, 8));
  assertEquals(frames.positionBefore(11), positionOf(5, 11));
  assertEquals(frames.positionBefore(8), undefined);
  assertEquals(frames.positionBefore(12), positionOf(5, 12));
  assertEquals(frames.positionBefore(13), undefined);
  assertEquals(frames.positionBefore(12), undefined);
  add(frames, 6, 1);
  assertEquals(frames.positionBefore(14), positionOf(6, 14));
  frames.clear();
  assertEquals(frames.positionBefore(14), undefined);
});

test("of frames that no one acknowledges the latest are remembered", () => {
  const frames = new DeliveredFrames();
  add(frames, 0, 10_000);
  assertEquals(frames.positionBefore(2), undefined);
  for (const n of [8000, 9999]) assertEquals(frames.positionBefore(2 * n + 1), positionOf(n, 2 * n + 1));
  add(frames, 10_000, 10_000);
  for (const n of [18_000, 19_999]) assertEquals(frames.positionBefore(2 * n + 2), positionOf(n, 2 * n + 2));
});
