import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { core } from "../../../src/log/format/core/core.ts";
import { FLAG, KIND, RECORD_BYTES, SEGMENT_HEADER_BYTES } from "../../../src/log/format/bytes.ts";
import { decodeRecord } from "../../../src/log/format/frame_header.ts";
import { isHeadRight } from "../../../src/log/segment/frame_check.ts";
import { sealOf } from "../../../src/log/check/repair_segment.ts";
import { encodeTombstoneSegment, tombstoneBytesMin, tombstones } from "../../../src/log/check/tombstone.ts";
import { entriesFrom } from "../../../src/log/segment/entries.ts";
import { step } from "../../../src/log/segment/frame_scanner.ts";
import { Segment, segmentName, startOf } from "../../../src/log/segment/segment_file.ts";
import { CraftedSegment, DIRECTORY, noise } from "../segment/crafted_segment.ts";
import { test } from "../../harness.ts";

const MIB = 1 << 20;
const WRITER = { salt: 77, sequence: 5, nonceLow: 1, nonceHigh: 2, time: 1_700_000_000_000 };

test("tombstones() fills any region to the byte and has all the ids", () => {
  for (
    const bytes of [
      256,
      257,
      1000,
      MIB - 1,
      MIB,
      MIB + 1,
      MIB + 127,
      MIB + 128,
      MIB + 129,
      MIB + 255,
      MIB + 256,
      MIB + 257,
      3 * MIB + 5,
    ]
  ) {
    const region = { offset: 640, bytes, firstId: 1000, endId: 5_000_000_000 };
    let [offset, id, sequence] = [region.offset, region.firstId, WRITER.sequence + 1];
    const writer = { ...WRITER };
    for (const frame of tombstones(region, writer)) {
      const ptr = frame.bytes.byteOffset;
      assertStrictEquals(frame.offset, offset);
      assert(core.checkRecord(ptr, WRITER.salt, false));
      const record = decodeRecord(core.view, ptr);
      assert(isHeadRight(ptr, record));
      const trailer = ptr + record.layout.trailer;
      assert(core.checkRecord(trailer, WRITER.salt, true) && core.sameFrame(ptr, trailer));
      assertStrictEquals(record.layout.frameBytes, frame.bytes.byteLength);
      assertEquals(
        [record.flags, record.sequence, record.time, record.anchorId, record.anchorOffset],
        [FLAG.lost, sequence, WRITER.time, id, offset],
      );
      offset += frame.bytes.byteLength;
      id += record.count;
      sequence++;
    }
    assertStrictEquals(writer.sequence, sequence - 1);
    assertEquals([offset, id], [region.offset + bytes, region.endId], `${bytes} bytes`);
  }
});

test("tombstones() needs no space for ids", () => {
  const region = { offset: 64, bytes: 2 * RECORD_BYTES, firstId: 0, endId: 2 ** 32 - 1 };
  const [frame] = tombstones(region, { ...WRITER });
  assertStrictEquals(decodeRecord(core.view, frame.bytes.byteOffset).count, 2 ** 32 - 1);
});

test("tombstoneBytesMin() counts one frame per maximum number of events, at least one", () => {
  const max = 2 ** 32 - 1;
  for (const [events, frames] of [[0, 1], [1, 1], [max, 1], [max + 1, 2], [2 * max, 2], [2 * max + 1, 3]]) {
    assertEquals(tombstoneBytesMin(events!), frames! * 128, `${events}`);
  }
});

test("a tombstone frame contains no earlier content of the memory", () => {
  core.u8.fill(0xff, core.ensureEncodeArea(0), core.ensureEncodeArea(0) + 1000);
  const [frame] = tombstones({ offset: 64, bytes: 500, firstId: 0, endId: 3 }, { ...WRITER });
  assertEquals(frame.bytes.subarray(64, 436), new Uint8Array(372));
});

test("encodeTombstoneSegment() has a header, the ids of all its events, and a seal", () => {
  const after = { baseId: 3, sealOffset: 99, salt: 8 };
  for (const events of [0, 1, 12, 5_000_000_000]) {
    const { storage } = new CraftedSegment([]);
    const header = { partition: 0, baseId: 70, salt: 5, created: 1234, after };
    const writer = { salt: 5, nonceLow: 1, nonceHigh: 2, sequence: 0, time: 1234 };
    const bytes = encodeTombstoneSegment(header, 70 + events, writer);
    const path = `${DIRECTORY}/${segmentName(70)}`;
    storage.publish(path, bytes);
    const segment = new Segment(storage, path, { partition: 0, baseId: 70 });
    assertEquals([segment.salt, segment.created, segment.previous], [5, 1234, after]);
    const entries = [...entriesFrom(startOf(segment), 4096)];
    const last = entries.pop()!;
    assertEquals([last.kind, last.id], [events === 0 ? "tail" : "end", 70 + events]);
    const frames = entries.map((entry) => entry.kind === "frame" ? entry.frame : undefined);
    assertEquals(frames.map((frame) => frame?.sequence), frames.map((_, index) => index + 1));
    assertEquals(frames.map((frame) => frame?.time), frames.map(() => 1234));
    if (events === 0) continue;
    const seal = step(segment, last.offset, 64);
    assert(seal.kind === "frame" && seal.frame.kind === KIND.seal);
    const { sequence, anchorId, anchorOffset, time } = seal.frame;
    assertEquals([sequence, anchorId, anchorOffset], [frames.length + 1, 70 + events, last.offset]);
    assertEquals([time, seal.endOffset], [1234, bytes.byteLength]);
  }
});

test("sealOf() finds the seal of a segment, whatever is before and after it", () => {
  const seal = { kind: KIND.seal };
  const sealed = { baseId: 0, sealOffset: SEGMENT_HEADER_BYTES + 132, salt: 0xabcdef01 };
  for (
    const [parts, expected] of [
      [[{}, seal], sealed],
      [[{}, seal, {}], sealed],
      [[noise(132), seal], sealed],
      [[{}, {}], undefined],
    ] as const
  ) {
    const crafted = new CraftedSegment(parts, { next: { id: 9 } });
    const partition = crafted.partition();
    assertEquals(sealOf(partition.segmentFor(0)!), expected);
    partition.close();
  }
});
