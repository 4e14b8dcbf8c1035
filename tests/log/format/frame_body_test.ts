import { assertEquals } from "@std/assert";
import {
  DATA_BYTES_MAX,
  DATA_LOST_MARK,
  FLAG,
  FRAME_DATA_BYTES_MAX,
  KIND,
  layoutOf,
  RECORD_BYTES,
} from "../../../src/log/format/bytes.ts";
import {
  decodeExtents,
  decodeMarks,
  decodeSums,
  decodeTable,
  encodeExtents,
  extentsAddUp,
  tableAddsUp,
} from "../../../src/log/format/frame_body.ts";
import type { FrameRecord } from "../../../src/log/format/frame_header.ts";
import { test } from "../../harness.ts";

/** A record as it would be decoded. */
function recordOf(parts: Partial<FrameRecord>): FrameRecord {
  const sizes = { flags: 0, count: 0, extentCount: 0, metadataBytes: 0, dataBytes: 0, ...parts };
  return {
    kind: KIND.events,
    salt: 1,
    sequence: 1,
    nonceLow: 1,
    nonceHigh: 1,
    headCrc: 0,
    time: 0,
    anchorId: 0,
    anchorOffset: 64,
    recordCrc: 0,
    layout: layoutOf(sizes),
    ...sizes,
  };
}

/** A frame at an odd address with these numbers as its table, and no more of it. */
function tableOf(numbers: readonly number[]): DataView {
  const view = new DataView(new ArrayBuffer(1 + RECORD_BYTES + 4 * numbers.length));
  numbers.forEach((number, index) => view.setUint32(1 + RECORD_BYTES + 4 * index, number, true));
  return view;
}

test("extents are read as they were written", () => {
  const extents = {
    totalBytes: 2 ** 40 + 5,
    list: [{ segmentId: 2 ** 53 - 1, offset: 2 ** 32 - 1, dataBytes: 7 }, {
      segmentId: 0,
      offset: 64,
      dataBytes: 1,
    }],
  };
  const view = new DataView(new ArrayBuffer(3 + 8 + 32));
  assertEquals(encodeExtents(view, 3, extents), 43);
  assertEquals(decodeExtents(view, 3, 2), extents);
});

test("a table's offsets leave room for separators, and include the end", () => {
  const at = (flags: number, ...numbers: number[]) => {
    const { metadataStarts, dataStarts } = decodeTable(tableOf(numbers), 1, recordOf({ flags, count: 3 }));
    return [metadataStarts, dataStarts];
  };
  assertEquals(at(0, 3, 1, 5), [[0, 3, 4, 9], undefined]);
  assertEquals(at(FLAG.jsonText, 3, 1, 5), [[0, 4, 6, 12], undefined]);
  assertEquals(at(FLAG.jsonText | FLAG.hasData, 3, 7, 1, 0, 5, 9), [[0, 4, 6, 12], [0, 7, 7, 16]]);
});

test("offsets of few and of many events are the same kind of array: a loop over two kinds takes 15 times as long", () => {
  const kinds = [1, 5000].map((count) => {
    const { metadataStarts } = decodeTable(tableOf(new Array(count).fill(1)), 1, recordOf({ count }));
    assertEquals(metadataStarts.at(-1), count);
    return Object.prototype.toString.call(metadataStarts);
  });
  assertEquals(kinds, ["[object Array]", "[object Array]"]);
});

test("a mark in a table counts only with its flag, and never in a data size", () => {
  const marked = DATA_LOST_MARK + 3;
  const ends = [0, FLAG.dataLost].map((flags) =>
    decodeTable(tableOf([marked]), 1, recordOf({ flags, count: 1 })).metadataStarts[1]
  );
  assertEquals(ends, [marked, 3]);
  const flags = FLAG.dataLost | FLAG.hasData;
  const { dataStarts } = decodeTable(tableOf([marked, marked]), 1, recordOf({ flags, count: 1 }));
  assertEquals(dataStarts, [0, marked]);
  const record = recordOf({ flags: FLAG.dataLost, count: 2 });
  assertEquals([...decodeMarks(tableOf([2, marked]), 1 + RECORD_BYTES, record)], [1]);
  // An event without metadata may be marked, too.
  const nothing = tableOf([DATA_LOST_MARK, 2]);
  assertEquals(decodeTable(nothing, 1, record).metadataStarts, [0, 0, 2]);
  assertEquals([...decodeMarks(nothing, 1 + RECORD_BYTES, record)], [0]);
});

test("the sums of blocks are those between two addresses, and no more", () => {
  const view = tableOf([5, 6, 2 ** 32 - 1, 8]);
  const at = 1 + RECORD_BYTES;
  assertEquals(decodeSums(view, at, at + 12), [5, 6, 2 ** 32 - 1]);
  assertEquals(decodeSums(view, at + 4, at + 4), []);
});

test("sizes that only add up modulo 4 GiB are refused", () => {
  const half = 2 ** 31;
  const record = recordOf({ count: 3, metadataBytes: 5 });
  assertEquals(tableAddsUp(record, decodeTable(tableOf([half, half, 5]), 1, record)), false);
});

test("a table is valid if its sizes add up to the record's, with separators", () => {
  const addsUp = (record: Partial<FrameRecord>, end: number, dataEnd?: number) => {
    const frame = recordOf(record);
    const ending = (last: number) => [...new Array(frame.count).fill(0), last];
    const dataStarts = dataEnd === undefined ? undefined : ending(dataEnd);
    return tableAddsUp(frame, { metadataStarts: ending(end), dataStarts });
  };
  const texts = { flags: FLAG.jsonText, count: 3, metadataBytes: 11 };
  assertEquals([addsUp(texts, 12), addsUp(texts, 11), addsUp(texts, 14)], [true, false, false]);
  assertEquals([addsUp(texts, 12, 0), addsUp(texts, 12, 1)], [true, false]);
  assertEquals(addsUp({ flags: FLAG.jsonText, count: 0 }, 0), true);
  const { chunk, seal } = KIND;
  assertEquals([addsUp({ kind: chunk, dataBytes: 9 }, 0), addsUp({ kind: seal }, 0)], [true, true]);
  for (const wrong of [{ count: 1 }, { metadataBytes: 1 }, { extentCount: 1 }]) {
    assertEquals([addsUp({ kind: chunk, ...wrong }, 0), addsUp({ kind: seal, ...wrong }, 0)], [false, false]);
  }
  assertEquals([addsUp({ count: 1, extentCount: 1 }, 0), addsUp({ count: 2, extentCount: 1 }, 0)], [
    true,
    false,
  ]);
  assertEquals(addsUp({ count: 1, extentCount: 1, dataBytes: 5 }, 0, 5), false);
});

test("chunks are valid if none is empty and they add up to an allowed total", () => {
  const extent = (dataBytes: number) => ({ segmentId: 0, offset: 64, dataBytes });
  const sums = (...list: number[]) => list.reduce((sum, bytes) => sum + bytes, 0);
  const makes = (...list: number[]) => extentsAddUp({ totalBytes: sums(...list), list: list.map(extent) });
  assertEquals([makes(5, 7), makes(5, 0)], [true, false]);
  assertEquals(extentsAddUp({ totalBytes: 13, list: [extent(5), extent(7)] }), false);
  // The largest data part is one of as many of the largest chunks.
  const largest = Array.from({ length: DATA_BYTES_MAX / FRAME_DATA_BYTES_MAX }, () => FRAME_DATA_BYTES_MAX);
  assertEquals([makes(...largest), makes(...largest, 1)], [true, false]);
  assertEquals([makes(FRAME_DATA_BYTES_MAX), makes(FRAME_DATA_BYTES_MAX + 1)], [true, false]);
});
