import { assertEquals, assertStrictEquals } from "@std/assert";
import { core } from "../../src/log/format/core/core.ts";
import {
  FLAG,
  FRAME_DATA_BYTES_MAX,
  FRAME_EVENTS_MAX,
  HEADER_MAGIC,
  KIND,
  METADATA_BYTES_MAX,
  RECORD,
  RECORD_BYTES,
  TRAILER_MAGIC,
} from "../../src/log/format/bytes.ts";
import { decodeRecord } from "../../src/log/format/frame_header.ts";
import { test } from "../harness.ts";
import { bitwiseCrc32, randomBytes, randomNumbers } from "./reference.ts";
import { encodeSample, findFrom, SAMPLE, withEachBitFlipped } from "./sample_frame.ts";

/** Changes a record and updates its CRC. */
function reseal(ptr: number, change: (view: DataView) => void): void {
  change(core.view);
  core.view.setUint32(ptr + RECORD.crc, bitwiseCrc32(core.u8.subarray(ptr, ptr + RECORD.crc)), true);
}

test("checkRecord() accepts either end of a frame, with its own salt only", () => {
  const { ptr, trailer } = encodeSample({}, 1);
  assertStrictEquals(core.checkRecord(ptr, SAMPLE.salt, false), true);
  assertStrictEquals(core.checkRecord(ptr, SAMPLE.salt, true), false);
  assertStrictEquals(core.checkRecord(ptr, SAMPLE.salt + 1, false), false);
  assertStrictEquals(core.checkRecord(ptr + trailer, SAMPLE.salt, true), true);
  assertStrictEquals(core.checkRecord(ptr + trailer, SAMPLE.salt, false), false);
});

test("checkRecord() detects any flipped bit", () => {
  const { ptr } = encodeSample();
  withEachBitFlipped(ptr, RECORD_BYTES, (bit) => {
    assertStrictEquals(core.checkRecord(ptr, SAMPLE.salt, false), false, `bit ${bit}`);
  });
});

test("checkRecord() refuses what no writer writes, even with a valid CRC", () => {
  const refused: Record<string, (view: DataView, ptr: number) => void> = {
    "kind 0": (view, ptr) => view.setUint8(ptr + RECORD.kind, 0),
    "kind 4": (view, ptr) => view.setUint8(ptr + RECORD.kind, 4),
    "a seal with events": (view, ptr) => view.setUint8(ptr + RECORD.kind, KIND.seal),
    "a chunk with events": (view, ptr) => view.setUint8(ptr + RECORD.kind, KIND.chunk),
    "a time of 2^53": (view, ptr) => view.setUint32(ptr + RECORD.time + 4, 2 ** 21, true),
    "an anchor id of 2^53": (view, ptr) => view.setUint32(ptr + RECORD.anchorId + 4, 2 ** 21, true),
    "metadata of 2 GiB": (view, ptr) => view.setUint32(ptr + RECORD.metadataBytes, 2 ** 31 - 100, true),
    "data of 4 GiB": (view, ptr) => view.setUint32(ptr + RECORD.dataBytes, 2 ** 32 - 1, true),
    "2^30 events": (view, ptr) => view.setUint32(ptr + RECORD.count, 2 ** 30, true),
  };
  for (const [name, change] of Object.entries(refused)) {
    const { ptr } = encodeSample();
    reseal(ptr, (view) => change(view, ptr));
    assertStrictEquals(core.checkRecord(ptr, SAMPLE.salt, false), false, name);
  }
});

test("checkRecord() accepts sizes up to a writer's limits, and refuses larger ones", () => {
  const limits: [field: number, limit: number][] = [
    [RECORD.metadataBytes, METADATA_BYTES_MAX],
    [RECORD.dataBytes, FRAME_DATA_BYTES_MAX],
    [RECORD.count, FRAME_EVENTS_MAX],
  ];
  for (const [field, limit] of limits) {
    const { ptr } = encodeSample();
    reseal(ptr, (view) => view.setUint32(ptr + field, limit, true));
    assertStrictEquals(core.checkRecord(ptr, SAMPLE.salt, false), true);
    reseal(ptr, (view) => view.setUint32(ptr + field, limit + 1, true));
    assertStrictEquals(core.checkRecord(ptr, SAMPLE.salt, false), false);
  }
});

test("checkRecord() refuses kinds that are not known, without events too", () => {
  for (const kind of [0, 4, 255]) {
    const { ptr } = encodeSample({ metadata: [], flags: 0 });
    reseal(ptr, (view) => view.setUint8(ptr + RECORD.kind, kind));
    assertStrictEquals(core.checkRecord(ptr, SAMPLE.salt, false), false, `kind ${kind}`);
  }
});

test("checkRecord() accepts seals and chunks, which have no events", () => {
  for (const kind of [KIND.seal, KIND.chunk]) {
    const { ptr } = encodeSample({ kind, metadata: [], flags: 0 });
    assertStrictEquals(core.checkRecord(ptr, SAMPLE.salt, false), true);
  }
});

test("checkRecord() accepts any number of lost events, which take no space", () => {
  const { ptr } = encodeSample({ metadata: [], flags: FLAG.lost });
  reseal(ptr, (view) => view.setUint32(ptr + RECORD.count, 2 ** 32 - 1, true));
  assertStrictEquals(core.checkRecord(ptr, SAMPLE.salt, false), true);
  assertStrictEquals(decodeRecord(core.view, ptr).layout.frameBytes, 2 * RECORD_BYTES);
});

test("checkRecord() refuses as many events as only lost ones may be, whatever other flags say", () => {
  for (let bit = 0; bit < 8; bit++) {
    const { ptr } = encodeSample();
    reseal(ptr, (view) => {
      view.setUint8(ptr + RECORD.flags, 1 << bit);
      view.setUint32(ptr + RECORD.count, FRAME_EVENTS_MAX + 1, true);
    });
    assertStrictEquals(core.checkRecord(ptr, SAMPLE.salt, false), 1 << bit === FLAG.lost, `bit ${bit}`);
  }
});

test("sameFrame() compares all between magic and CRC", () => {
  const { ptr, trailer } = encodeSample({}, 5);
  assertStrictEquals(core.sameFrame(ptr, ptr + trailer), true);
  withEachBitFlipped(ptr, RECORD_BYTES, (bit) => {
    const isCompared = bit >= 8 * RECORD.kind && bit < 8 * RECORD.crc;
    assertStrictEquals(core.sameFrame(ptr, ptr + trailer), !isCompared, `bit ${bit}`);
  });
});

test("findRecord() finds headers and trailers in their order, at any alignment", () => {
  for (let shift = 0; shift < 70; shift++) {
    core.u8.fill(0x44, core.ensureEncodeArea(0), core.ensureEncodeArea(0) + shift);
    const { trailer, frameBytes } = encodeSample({}, shift);
    const start = core.ensureEncodeArea(0);
    const find = (from: number): number => findFrom(start, shift + frameBytes, from, SAMPLE.salt);
    assertEquals([find(0), find(shift), find(shift + 1), find(shift + trailer), find(shift + trailer + 1)], [
      shift,
      shift,
      shift + trailer,
      shift + trailer,
      -1,
    ]);
  }
});

test("findRecord() requires all 64 bytes of a record inside the range", () => {
  const { ptr, trailer, frameBytes } = encodeSample();
  assertStrictEquals(core.findRecord(ptr, RECORD_BYTES, SAMPLE.salt), 0);
  for (let bytes = 0; bytes < RECORD_BYTES; bytes++) {
    assertStrictEquals(core.findRecord(ptr, bytes, SAMPLE.salt), -1, `${bytes} bytes`);
  }
  assertStrictEquals(findFrom(ptr, frameBytes, 1, SAMPLE.salt), trailer);
  for (let bytes = trailer; bytes < frameBytes; bytes++) {
    assertStrictEquals(findFrom(ptr, bytes, 1, SAMPLE.salt), -1, `${bytes} bytes`);
  }
  assertStrictEquals(core.findRecord(ptr + frameBytes, 0, SAMPLE.salt), -1);
});

test("findRecord() reads nothing after its range, where the memory may end", () => {
  const { u8 } = core;
  for (let bytes = 0; bytes < 400; bytes++) {
    const ptr = u8.length - bytes;
    u8.fill(0, ptr);
    assertStrictEquals(core.findRecord(ptr, bytes), -1);
  }
});

test("findRecord() skips records of other segments and damaged ones", () => {
  const { ptr, trailer, frameBytes } = encodeSample({ salt: 1 });
  const foreign = core.u8.slice(ptr, ptr + frameBytes);
  const own = encodeSample({ salt: 2 }, frameBytes);
  core.u8.set(foreign, core.ensureEncodeArea(0));
  const bytes = frameBytes + own.frameBytes;
  assertStrictEquals(core.findRecord(core.ensureEncodeArea(0), bytes, 2), frameBytes);
  assertStrictEquals(core.findRecord(core.ensureEncodeArea(0), bytes), 0);
  core.u8[core.ensureEncodeArea(0) + 30] ^= 1;
  assertStrictEquals(core.findRecord(core.ensureEncodeArea(0), bytes), trailer);
  core.u8[own.ptr + 30] ^= 1;
  assertStrictEquals(core.findRecord(core.ensureEncodeArea(0), bytes, 2), frameBytes + own.trailer);
});

test("findRecord() skips bytes that have all of a record but its magic", () => {
  const { ptr, trailer, frameBytes } = encodeSample();
  // It begins as a magic does.
  reseal(ptr, (view) => view.setUint32(ptr, HEADER_MAGIC ^ 0x01000000, true));
  assertStrictEquals(core.findRecord(ptr, frameBytes), trailer);
  assertStrictEquals(core.findRecord(ptr, frameBytes, SAMPLE.salt), trailer);
});

test("findRecord() agrees with a linear search in bytes full of partial magics", () => {
  const random = randomNumbers(9);
  const { ptr, trailer } = encodeSample();
  const records = [
    core.u8.slice(ptr, ptr + RECORD_BYTES),
    core.u8.slice(ptr + trailer, ptr + trailer + RECORD_BYTES),
  ];
  for (let round = 0; round < 300; round++) {
    const bytes = 64 + random(2000);
    const area = randomBytes(bytes, round).map((byte) => 0x44 + (byte & 15) * (byte >> 7)); // Many "D".
    for (let copies = random(20); copies > 0; copies--) {
      const at = random(bytes);
      const part = random(2) === 0 ? RECORD_BYTES : random(RECORD_BYTES);
      area.set(records[random(2)].subarray(0, Math.min(part, bytes - at)), at);
    }
    const start = core.ensureReadArea(bytes) + random(16);
    core.u8.set(area, start);
    const from = random(bytes);
    assertStrictEquals(findFrom(start, bytes, from, SAMPLE.salt), plainSearch(start, bytes, from));
  }
});

function plainSearch(start: number, bytes: number, from: number): number {
  for (let at = from; at + RECORD_BYTES <= bytes; at++) {
    const magic = core.view.getUint32(start + at, true);
    if (magic !== HEADER_MAGIC && magic !== TRAILER_MAGIC) continue;
    if (core.checkRecord(start + at, SAMPLE.salt, magic === TRAILER_MAGIC)) return at;
  }
  return -1;
}
