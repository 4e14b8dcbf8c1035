import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { core } from "../../../src/log/format/core/core.ts";
import { FLAG, RECORD_BYTES } from "../../../src/log/format/bytes.ts";
import { decodeRecord } from "../../../src/log/format/frame_header.ts";
import { tombstones } from "../../../src/log/check/tombstone.ts";
import { test } from "../../harness.ts";

const MIB = 1 << 20;
const SIGNATURE = { salt: 77, sequence: 5, nonceLow: 1, nonceHigh: 2, time: 1_700_000_000_000 };

test("tombstones() fills any region to the byte and has all the ids", () => {
  for (const bytes of [256, 257, 1000, MIB - 1, MIB, MIB + 1, MIB + 127, MIB + 128, 3 * MIB + 5]) {
    const region = { offset: 640, bytes, firstId: 1000, endId: 5_000_000_000 };
    let [offset, id, sequence] = [region.offset, region.firstId, SIGNATURE.sequence];
    for (const frame of tombstones(region, SIGNATURE)) {
      const ptr = frame.bytes.byteOffset;
      assertStrictEquals(frame.offset, offset);
      assert(core.checkRecord(ptr, SIGNATURE.salt, false) && core.checkHead(ptr));
      const record = decodeRecord(core.view, ptr);
      const trailer = ptr + record.layout.trailer;
      assert(core.checkRecord(trailer, SIGNATURE.salt, true) && core.sameFrame(ptr, trailer));
      assertStrictEquals(record.layout.frameBytes, frame.bytes.byteLength);
      assertEquals(
        [record.flags, record.sequence, record.time, record.anchorId, record.anchorOffset],
        [FLAG.lost, sequence, SIGNATURE.time, id, offset],
      );
      offset += frame.bytes.byteLength;
      id += record.count;
      sequence++;
    }
    assertEquals([offset, id], [region.offset + bytes, region.endId], `${bytes} bytes`);
  }
});

test("tombstones() needs no room for ids", () => {
  const region = { offset: 64, bytes: 2 * RECORD_BYTES, firstId: 0, endId: 2 ** 32 - 1 };
  const [frame] = tombstones(region, SIGNATURE);
  assertStrictEquals(decodeRecord(core.view, frame.bytes.byteOffset).count, 2 ** 32 - 1);
});
