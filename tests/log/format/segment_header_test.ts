import { assertEquals, assertStrictEquals } from "@std/assert";
import { readUint64 } from "../../../src/log/format/frame_header.ts";
import {
  FORMAT_VERSION,
  SEGMENT,
  SEGMENT_HEADER_BYTES,
  SEGMENT_MAGIC,
} from "../../../src/log/format/bytes.ts";
import { decodeSegmentHeader, encodeSegmentHeader } from "../../../src/log/format/segment_header.ts";
import { test } from "../../harness.ts";
import { bitwiseCrc32 } from "../../wasm/reference.ts";

const HEADER = {
  partition: 12,
  salt: 0xdeadbeef,
  baseId: 2 ** 53 - 2,
  created: 1_700_000_000_000,
  after: { baseId: 2 ** 53 - 9, sealOffset: 0xfffffff1, salt: 0xfffffff2 },
};

test("a segment header has every field where the format puts it, and zeros between", () => {
  const bytes = encodeSegmentHeader(HEADER);
  const view = new DataView(bytes.buffer);
  assertStrictEquals(bytes.byteLength, SEGMENT_HEADER_BYTES);
  assertEquals(bytes.subarray(0, 8), SEGMENT_MAGIC);
  assertStrictEquals(view.getUint16(SEGMENT.version, true), FORMAT_VERSION);
  assertStrictEquals(view.getUint16(SEGMENT.headerBytes, true), SEGMENT_HEADER_BYTES);
  assertStrictEquals(view.getUint32(SEGMENT.partition, true), 12);
  assertStrictEquals(view.getUint32(SEGMENT.salt, true), 0xdeadbeef);
  assertStrictEquals(readUint64(view, SEGMENT.baseId), 2 ** 53 - 2);
  assertStrictEquals(readUint64(view, SEGMENT.created), 1_700_000_000_000);
  assertEquals([...bytes.subarray(20, 24), ...bytes.subarray(56, 60)], Array(8).fill(0));
  assertStrictEquals(readUint64(view, SEGMENT.previousId), 2 ** 53 - 9);
  assertStrictEquals(view.getUint32(SEGMENT.previousSeal, true), 0xfffffff1);
  assertStrictEquals(view.getUint32(SEGMENT.previousSalt, true), 0xfffffff2);
  assertStrictEquals(view.getUint32(SEGMENT.crc, true), bitwiseCrc32(bytes.subarray(0, SEGMENT.crc)));
});

test("a segment header is read as it was written, with zeros where nothing came before", () => {
  assertEquals(decodeSegmentHeader(encodeSegmentHeader(HEADER)), { version: FORMAT_VERSION, ...HEADER });
  const { after: _, ...first } = HEADER;
  const read = decodeSegmentHeader(encodeSegmentHeader(first));
  assertEquals(read?.after, { baseId: 0, sealOffset: 0, salt: 0 });
});

test("a segment header with any flipped bit is not read, nor one that is cut", () => {
  const bytes = encodeSegmentHeader(HEADER);
  for (let bit = 0; bit < 8 * SEGMENT_HEADER_BYTES; bit++) {
    const flipped = bytes.slice();
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    assertStrictEquals(decodeSegmentHeader(flipped), undefined, `bit ${bit}`);
  }
  assertStrictEquals(decodeSegmentHeader(bytes.subarray(0, 63)), undefined);
  assertStrictEquals(decodeSegmentHeader(new Uint8Array(SEGMENT_HEADER_BYTES)), undefined);
});

test("bytes with a right checksum that do not begin like a segment are no segment header", () => {
  for (let at = 0; at < SEGMENT_MAGIC.length; at++) {
    const bytes = encodeSegmentHeader(HEADER);
    bytes[at]! ^= 0x20;
    new DataView(bytes.buffer).setUint32(SEGMENT.crc, bitwiseCrc32(bytes.subarray(0, SEGMENT.crc)), true);
    assertStrictEquals(decodeSegmentHeader(bytes), undefined, `byte ${at}`);
  }
});

test("a segment header of a newer version is distinguished from a damaged one by its checksum", () => {
  const bytes = encodeSegmentHeader(HEADER);
  const view = new DataView(bytes.buffer);
  view.setUint16(SEGMENT.version, FORMAT_VERSION + 1, true);
  assertStrictEquals(decodeSegmentHeader(bytes), undefined);
  view.setUint32(SEGMENT.crc, bitwiseCrc32(bytes.subarray(0, SEGMENT.crc)), true);
  assertStrictEquals(decodeSegmentHeader(bytes)?.version, FORMAT_VERSION + 1);
});
