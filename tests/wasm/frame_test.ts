import { assertEquals, assertStrictEquals } from "@std/assert";
import { core } from "../../src/log/format/core/core.ts";
import { decodeRecord, readUint64 } from "../../src/log/format/frame_header.ts";
import { isHeadRight } from "../../src/log/segment/frame_check.ts";
import {
  FLAG,
  HEADER_MAGIC,
  KIND,
  layoutOf,
  RECORD,
  RECORD_BYTES,
  TRAILER_MAGIC,
} from "../../src/log/format/bytes.ts";
import { test } from "../harness.ts";
import { bitwiseCrc32, randomBytes } from "./reference.ts";
import { encodeSample, SAMPLE, withEachBitFlipped } from "./sample_frame.ts";

const THREE_BLOCKS = [randomBytes(70_000, 1), new Uint8Array(0), randomBytes(61_073, 2)];

test("encodeFrame() writes every field of both records where the format puts it", () => {
  const frame = encodeSample({ data: THREE_BLOCKS, extentCount: 2 }, 3);
  const { view } = core;
  for (const [at, magic] of [[frame.ptr, HEADER_MAGIC], [frame.ptr + frame.trailer, TRAILER_MAGIC]]) {
    assertStrictEquals(view.getUint32(at + RECORD.magic, true), magic);
    assertStrictEquals(view.getUint8(at + RECORD.kind), KIND.events);
    assertStrictEquals(view.getUint8(at + RECORD.flags), FLAG.hasData | FLAG.jsonText | FLAG.ascii);
    assertStrictEquals(view.getUint16(at + RECORD.extentCount, true), 2);
    assertStrictEquals(view.getUint32(at + RECORD.salt, true), SAMPLE.salt);
    assertStrictEquals(view.getUint32(at + RECORD.sequence, true), SAMPLE.sequence);
    assertStrictEquals(view.getUint32(at + RECORD.nonce, true), SAMPLE.nonceLow);
    assertStrictEquals(view.getUint32(at + RECORD.nonce + 4, true), SAMPLE.nonceHigh);
    assertStrictEquals(view.getUint32(at + RECORD.count, true), 3);
    assertStrictEquals(view.getUint32(at + RECORD.metadataBytes, true), frame.metadataBytes);
    assertStrictEquals(view.getUint32(at + RECORD.dataBytes, true), 131_073);
    assertStrictEquals(readUint64(core.view, at + RECORD.time), SAMPLE.time);
    assertStrictEquals(readUint64(core.view, at + RECORD.anchorId), SAMPLE.anchorId);
    assertStrictEquals(view.getUint32(at + RECORD.anchorOffset, true), SAMPLE.anchorOffset);
    assertStrictEquals(view.getUint32(at + RECORD.crc, true), crcAt(at, RECORD.crc));
    const headCrc = crcAt(frame.ptr + RECORD_BYTES, frame.data - RECORD_BYTES);
    assertStrictEquals(view.getUint32(at + RECORD.headCrc, true), headCrc);
  }
});

test("encodeFrame() returns the frame's bytes for every combination of parts", () => {
  for (const dataBytes of [0, 1, 65_535, 65_536, 65_537, 131_072]) {
    for (const extentCount of [0, 1, 3]) {
      for (const metadata of [[], ["1"], ["1", "22", "333"]]) {
        const data = dataBytes === 0
          ? undefined
          : metadata.map((_, i) => new Uint8Array(i === 0 ? dataBytes : 0));
        const frame = encodeSample({ metadata, data, extentCount });
        assertStrictEquals(
          frame.frameBytes,
          layoutOf({
            flags: data ? FLAG.hasData : 0,
            count: metadata.length,
            extentCount,
            metadataBytes: metadata.join(",").length,
            dataBytes: metadata.length === 0 ? 0 : dataBytes,
          }).frameBytes,
        );
      }
    }
  }
});

test("encodeFrame() writes no byte outside its frame", () => {
  core.u8.fill(0x77, core.ensureEncodeArea(0), core.ensureEncodeArea(0) + 10_000);
  const frame = encodeSample({ data: [randomBytes(3000, 1), randomBytes(1, 1), randomBytes(0, 1)] }, 100);
  const before = core.u8.subarray(frame.ptr - 100, frame.ptr);
  const after = core.u8.subarray(frame.ptr + frame.frameBytes, frame.ptr + frame.frameBytes + 100);
  assertEquals([...new Set([...before, ...after])], [0x77]);
});

test("isHeadRight() finds every flipped bit of the head and of its CRC", () => {
  const { ptr, data } = encodeSample({
    data: [randomBytes(5, 1), randomBytes(6, 2), randomBytes(7, 3)],
    extentCount: 1,
  });
  const record = decodeRecord(core.view, ptr);
  assertStrictEquals(isHeadRight(ptr, record), true);
  withEachBitFlipped(ptr + RECORD_BYTES, data - RECORD_BYTES, (bit) => {
    assertStrictEquals(isHeadRight(ptr, record), false, `bit ${bit}`);
  });
  withEachBitFlipped(
    ptr + RECORD.headCrc,
    4,
    (bit) => assertStrictEquals(isHeadRight(ptr, decodeRecord(core.view, ptr)), false, `bit ${bit}`),
  );
});

function crcAt(ptr: number, bytes: number): number {
  return bitwiseCrc32(core.u8.subarray(ptr, ptr + bytes));
}
