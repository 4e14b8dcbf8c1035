import { assertEquals } from "@std/assert";
import { layoutOf, RECORD, RECORD_BYTES } from "../../../src/log/format/bytes.ts";
import { decodeRecord, encodeRecord, readTime, writeUint64 } from "../../../src/log/format/frame_header.ts";
import { test } from "../../harness.ts";

test("a record is read as it was written, wherever it lies", () => {
  const kind = 0x81;
  const sizes = {
    flags: 0x92,
    count: 0x81020304,
    extentCount: 0x8506,
    metadataBytes: 0x91080a0b,
    dataBytes: 0xa1121314,
  };
  const signature = {
    salt: 0xb1161718,
    sequence: 0xc11a1b1c,
    nonceLow: 0xd11e1f20,
    nonceHigh: 0xe1222324,
    time: 0x1526272829_2a,
    anchorId: 2 ** 53 - 2,
    anchorOffset: 0xf1303132,
  };
  const at = 3;
  const view = new DataView(new ArrayBuffer(at + RECORD_BYTES));
  encodeRecord(view, at, { kind, sizes, signature });
  view.setUint32(at + RECORD.headCrc, 0x91343536, true);
  view.setUint32(at + RECORD.crc, 0xa1383940, true);
  assertEquals(decodeRecord(view, at), {
    kind,
    ...sizes,
    ...signature,
    headCrc: 0x91343536,
    recordCrc: 0xa1383940,
    layout: layoutOf(sizes),
  });
});

test("a time is at most the greatest that a date can have", () => {
  const view = new DataView(new ArrayBuffer(9));
  const times = [0, 1, 8.64e15, 8.64e15 + 1, 2 ** 53 - 1].map((time) => {
    writeUint64(view, 1, time);
    return readTime(view, 1);
  });
  assertEquals(times, [0, 1, 8.64e15, 8.64e15, 8.64e15]);
});
