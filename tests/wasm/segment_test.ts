import { assertEquals, assertStrictEquals } from "@std/assert";
import { core } from "../../src/log/format/core/core.ts";
import { readUint64 } from "../../src/log/format/frame_header.ts";
import { FORMAT_VERSION, SEGMENT, SEGMENT_HEADER_BYTES, SEGMENT_MAGIC } from "../../src/log/format/bytes.ts";
import { test } from "../harness.ts";
import { bitwiseCrc32 } from "./reference.ts";
import { withEachBitFlipped } from "./sample_frame.ts";

function encodeSampleHeader(): number {
  const ptr = core.slot + 1;
  core.u8.fill(0xff, ptr, ptr + SEGMENT_HEADER_BYTES);
  core.encodeSegmentHeader(ptr, {
    partition: 12,
    salt: 0xdeadbeef,
    baseId: 2 ** 53 - 2,
    created: 1_700_000_000_000,
    previousId: 2 ** 53 - 9,
    previousSeal: 0xfffffff1,
    previousSalt: 0xfffffff2,
  });
  return ptr;
}

test("encodeSegmentHeader() writes every field where the format puts it, and zeros between", () => {
  const ptr = encodeSampleHeader();
  const { view, u8 } = core;
  assertEquals(u8.slice(ptr, ptr + 8), SEGMENT_MAGIC);
  assertStrictEquals(view.getUint16(ptr + SEGMENT.version, true), FORMAT_VERSION);
  assertStrictEquals(view.getUint16(ptr + SEGMENT.headerBytes, true), SEGMENT_HEADER_BYTES);
  assertStrictEquals(view.getUint32(ptr + SEGMENT.partition, true), 12);
  assertStrictEquals(view.getUint32(ptr + SEGMENT.salt, true), 0xdeadbeef);
  assertStrictEquals(readUint64(core.view, ptr + SEGMENT.baseId), 2 ** 53 - 2);
  assertStrictEquals(readUint64(core.view, ptr + SEGMENT.created), 1_700_000_000_000);
  assertEquals([...u8.subarray(ptr + 20, ptr + 24), ...u8.subarray(ptr + 56, ptr + 60)], Array(8).fill(0));
  assertStrictEquals(readUint64(core.view, ptr + SEGMENT.previousId), 2 ** 53 - 9);
  assertStrictEquals(view.getUint32(ptr + SEGMENT.previousSeal, true), 0xfffffff1);
  assertStrictEquals(view.getUint32(ptr + SEGMENT.previousSalt, true), 0xfffffff2);
  assertStrictEquals(
    view.getUint32(ptr + SEGMENT.crc, true),
    bitwiseCrc32(u8.subarray(ptr, ptr + SEGMENT.crc)),
  );
});

test("checkSegmentHeader() detects any flipped bit", () => {
  const ptr = encodeSampleHeader();
  assertStrictEquals(core.checkSegmentHeader(ptr), "ok");
  withEachBitFlipped(ptr, SEGMENT_HEADER_BYTES, (bit) => {
    const expected = bit < 8 * SEGMENT_MAGIC.length ? "not a segment" : "damaged";
    assertStrictEquals(core.checkSegmentHeader(ptr), expected, `bit ${bit}`);
  });
});

test("checkSegmentHeader() distinguishes a newer version from damage", () => {
  const ptr = encodeSampleHeader();
  core.view.setUint16(ptr + SEGMENT.version, FORMAT_VERSION + 1, true);
  assertStrictEquals(core.checkSegmentHeader(ptr), "damaged");
  core.view.setUint32(ptr + SEGMENT.crc, bitwiseCrc32(core.u8.subarray(ptr, ptr + SEGMENT.crc)), true);
  assertStrictEquals(core.checkSegmentHeader(ptr), "newer");
});

test("checkSegmentHeader() reports zeros as no segment", () => {
  const ptr = core.slot;
  core.u8.fill(0, ptr, ptr + SEGMENT_HEADER_BYTES);
  assertStrictEquals(core.checkSegmentHeader(ptr), "not a segment");
});
