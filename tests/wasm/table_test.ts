import { assertEquals, assertStrictEquals } from "@std/assert";
import { core } from "../../src/log/format/core/core.ts";
import { test } from "../harness.ts";

interface Table {
  metadata: number[];
  data?: number[];
  separatorBytes?: number;
  metadataBytes: number;
  dataBytes: number;
}

/** Runs `tableOffsets()` at odd addresses; undefined when it refuses. */
function offsetsOf(table: Table): { metadata: number[]; data: number[] } | undefined {
  const count = table.metadata.length;
  const ptr = core.slot + 1;
  const outMetadata = ptr + 8 * count;
  const outData = outMetadata + 4 * (count + 1);
  table.metadata.forEach((size, index) => {
    core.view.setUint32(ptr + index * (table.data ? 8 : 4), size, true);
    if (table.data) core.view.setUint32(ptr + index * 8 + 4, table.data[index], true);
  });
  const agrees = core.tableOffsets(
    ptr,
    count,
    table.data !== undefined,
    table.separatorBytes ?? 0,
    table.metadataBytes,
    table.dataBytes,
    outMetadata,
    outData,
  );
  const read = (at: number): number[] =>
    Array.from({ length: count + 1 }, (_, index) => core.view.getUint32(at + 4 * index, true));
  return agrees ? { metadata: read(outMetadata), data: read(outData) } : undefined;
}

test("tableOffsets() adds sizes up to offsets", () => {
  assertEquals(offsetsOf({ metadata: [3, 0, 5], metadataBytes: 8, dataBytes: 0 }), {
    metadata: [0, 3, 3, 8],
    data: [0, 0, 0, 0],
  });
  assertEquals(offsetsOf({ metadata: [3, 0, 5], data: [10, 0, 7], metadataBytes: 8, dataBytes: 17 }), {
    metadata: [0, 3, 3, 8],
    data: [0, 10, 10, 17],
  });
});

test("tableOffsets() leaves room for the separators between metadata, and counts one after the last", () => {
  assertEquals(
    offsetsOf({ metadata: [3, 1, 5], separatorBytes: 1, metadataBytes: 11, dataBytes: 0 })?.metadata,
    [
      0,
      4,
      6,
      12,
    ],
  );
});

test("tableOffsets() of no events is a zero each", () => {
  assertEquals(offsetsOf({ metadata: [], separatorBytes: 1, metadataBytes: 0, dataBytes: 0 }), {
    metadata: [0],
    data: [0],
  });
});

test("tableOffsets() refuses sizes that do not add up", () => {
  assertStrictEquals(offsetsOf({ metadata: [3, 5], metadataBytes: 9, dataBytes: 0 }), undefined);
  assertStrictEquals(
    offsetsOf({ metadata: [3, 5], separatorBytes: 1, metadataBytes: 8, dataBytes: 0 }),
    undefined,
  );
  assertStrictEquals(offsetsOf({ metadata: [3], data: [4], metadataBytes: 3, dataBytes: 5 }), undefined);
  assertStrictEquals(offsetsOf({ metadata: [3], metadataBytes: 3, dataBytes: 1 }), undefined);
  assertStrictEquals(offsetsOf({ metadata: [], metadataBytes: 1, dataBytes: 0 }), undefined);
});

test("tableOffsets() refuses sums that wrap around 4 GiB to the right number", () => {
  const half = 2 ** 31;
  assertStrictEquals(offsetsOf({ metadata: [half, half, 8], metadataBytes: 8, dataBytes: 0 }), undefined);
  const data = [half, half, 8];
  assertStrictEquals(offsetsOf({ metadata: [1, 1, 1], data, metadataBytes: 3, dataBytes: 8 }), undefined);
  assertStrictEquals(
    offsetsOf({ metadata: [1, 1, 1], data, metadataBytes: 3, dataBytes: 2 ** 32 + 8 }),
    undefined,
  );
});

test("tableOffsets() takes a data part of 4 GiB less one byte", () => {
  const bytes = 2 ** 32 - 1;
  assertEquals(offsetsOf({ metadata: [1], data: [bytes], metadataBytes: 1, dataBytes: bytes })?.data, [
    0,
    bytes,
  ]);
});
