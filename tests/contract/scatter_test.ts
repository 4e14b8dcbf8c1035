import { assertEquals } from "@std/assert";
import { scatter } from "../../src/contract/scatter.ts";
import { test } from "../harness.ts";

const DATA = Uint8Array.from({ length: 20 }, (_, at) => at);

/** The content of buffers with these sizes after they were filled with ranges of the data. */
function filled(ranges: { offset: number; size: number }[], sizes: number[]): number[][] {
  const buffers = sizes.map((size) => new Uint8Array(size));
  scatter(ranges, buffers, (offset, target) => target.set(DATA.subarray(offset, offset + target.byteLength)));
  return buffers.map((buffer) => [...buffer]);
}

test("ranges fill buffers in order, wherever either ends, and empty ones are skipped", () => {
  assertEquals(filled([{ offset: 3, size: 4 }], [4]), [[3, 4, 5, 6]]);
  assertEquals(filled([{ offset: 3, size: 4 }], [0, 1, 0, 3, 0]), [[], [3], [], [4, 5, 6], []]);
  assertEquals(filled([{ offset: 9, size: 2 }, { offset: 0, size: 3 }], [5]), [[9, 10, 0, 1, 2]]);
  assertEquals(filled([{ offset: 9, size: 2 }, { offset: 5, size: 0 }, { offset: 0, size: 3 }], [1, 2, 2]), [
    [9],
    [10, 0],
    [1, 2],
  ]);
  assertEquals(filled([], []), []);
});
