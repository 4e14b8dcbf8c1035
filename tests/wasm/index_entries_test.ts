import { assertEquals, assertStrictEquals } from "@std/assert";
import { core } from "../../src/log/format/core/core.ts";
import { readUint64 } from "../../src/log/format/frame_header.ts";
import { decodeIndexEntry, encodeIndexEntry } from "../../src/log/format/index_entry.ts";
import { INDEX, INDEX_ENTRY_BYTES } from "../../src/log/format/bytes.ts";
import { test } from "../harness.ts";
import { bitwiseCrc32, randomNumbers } from "./reference.ts";
import { withEachBitFlipped } from "./sample_frame.ts";

const SALT = 0xcafef00d;

interface Entry {
  id: number;
  time: number;
  offset: number;
  damaged?: boolean;
  salt?: number;
}

/** Writes entries one after the other, the damaged ones with a byte changed; returns their address. */
function encodeEntries(entries: Entry[]): number {
  const ptr = core.ensureReadArea(entries.length * INDEX_ENTRY_BYTES + 1) + 1;
  entries.forEach(({ id, time, offset, damaged, salt = SALT }, index) => {
    const at = ptr + index * INDEX_ENTRY_BYTES;
    core.u8.set(encodeIndexEntry({ id, time, offset, recordCrc: 0x9abcdef0, salt }), at);
    if (damaged) core.u8[at + INDEX.crc] ^= 1;
  });
  return ptr;
}

const byId = (entries: Entry[], id: number): number =>
  core.lookupById({ ptr: encodeEntries(entries), count: entries.length, salt: SALT }, id);
const byTime = (entries: Entry[], time: number): number =>
  core.lookupByTime({ ptr: encodeEntries(entries), count: entries.length, salt: SALT }, time);

test("encodeIndexEntry() writes every field where the format puts it, and decodeIndexEntry() reads it", () => {
  const entry = { id: 2 ** 53 - 1, time: 1_700_000_000_123, offset: 0xfffffff0 };
  const ptr = encodeEntries([entry]);
  assertEquals(decodeIndexEntry(core.view, ptr), { ...entry, recordCrc: 0x9abcdef0 });
  assertStrictEquals(readUint64(core.view, ptr + INDEX.id), 2 ** 53 - 1);
  assertStrictEquals(readUint64(core.view, ptr + INDEX.time), 1_700_000_000_123);
  assertStrictEquals(core.view.getUint32(ptr + INDEX.offset, true), 0xfffffff0);
  assertStrictEquals(core.view.getUint32(ptr + INDEX.recordCrc, true), 0x9abcdef0);
  assertStrictEquals(core.view.getUint32(ptr + INDEX.salt, true), SALT);
  const crc = bitwiseCrc32(core.u8.subarray(ptr, ptr + INDEX.crc));
  assertStrictEquals(core.view.getUint32(ptr + INDEX.crc, true), crc);
});

test("checkIndexEntry() detects any flipped bit or another salt", () => {
  const ptr = encodeEntries([{ id: 5, time: 6, offset: 7 }]);
  assertStrictEquals(core.checkIndexEntry(ptr, SALT), true);
  assertStrictEquals(core.checkIndexEntry(ptr, SALT + 1), false);
  withEachBitFlipped(ptr, INDEX_ENTRY_BYTES, (bit) => {
    assertStrictEquals(core.checkIndexEntry(ptr, SALT), false, `bit ${bit}`);
  });
});

test("lookupById() finds the entry at the id or the nearest below it", () => {
  const entries = [10, 20, 30].map((id) => ({ id, time: id, offset: id }));
  assertEquals([9, 10, 11, 29, 30, 2 ** 53 - 1].map((id) => byId(entries, id)), [-1, 0, 0, 1, 2, 2]);
  assertStrictEquals(byId([], 5), -1);
});

test("lookupById() skips damaged and foreign entries and does not trust their order", () => {
  const entries = [
    { id: 30, time: 3, offset: 3 },
    { id: 10, time: 1, offset: 1 },
    { id: 40, time: 4, offset: 4, damaged: true },
    { id: 20, time: 2, offset: 2 },
    { id: 39, time: 4, offset: 4, salt: 1 },
  ];
  assertEquals([5, 15, 25, 35, 45].map((id) => byId(entries, id)), [-1, 1, 3, 0, 0]);
});

test("lookupById() finds the last of several entries for an id, as chunks have that of the event after them", () => {
  const entries = [10, 10, 10].map((id, index) => ({ id, time: 1, offset: 64 + index }));
  assertEquals([10, 11].map((id) => byId(entries, id)), [2, 2]);
  assertStrictEquals(byId([entries[0]!, entries[1]!, { ...entries[2]!, damaged: true }], 10), 1);
});

test("lookupByTime() returns the last entry before the first one at or after a time", () => {
  const entries = [10, 20, 30].map((time) => ({ id: time, time, offset: time }));
  assertEquals([5, 10, 11, 20, 30, 31].map((time) => byTime(entries, time)), [-1, -1, 0, 0, 1, 2]);
  assertStrictEquals(byTime([], 5), -1);
});

test("lookupByTime() is not led too far by a clock that was set back", () => {
  const entries = [
    { id: 0, time: 100, offset: 64 },
    { id: 1, time: 300, offset: 128 },
    { id: 2, time: 200, offset: 192 },
    { id: 3, time: 400, offset: 256 },
  ];
  // Events of time 250 or later begin right after offset 64, although offset 192 has time 200.
  assertStrictEquals(byTime(entries, 250), 0);
  assertStrictEquals(byTime([entries[3], entries[2], entries[1], entries[0]], 250), 3);
});

test("lookups agree with a linear search over unordered, partly damaged entries", () => {
  const random = randomNumbers(5);
  for (let round = 0; round < 500; round++) {
    const entries = Array.from({ length: random(40) }, (_, index) => ({
      id: index * 10 + random(40),
      time: index * 10 + random(60),
      offset: index * 10 + random(25),
      damaged: random(5) === 0,
    }));
    const intact = entries.filter((entry) => !entry.damaged);
    const wanted = random(450);
    const ids = intact.map((entry) => entry.id).filter((id) => id <= wanted);
    const found = byId(entries, wanted);
    assertStrictEquals(found < 0 ? -Infinity : entries[found].id, Math.max(...ids));
    const limit = Math.min(...intact.filter((entry) => entry.time >= wanted).map((entry) => entry.offset));
    const offsets = intact.map((entry) => entry.offset).filter((offset) => offset < limit);
    const foundByTime = byTime(entries, wanted);
    assertStrictEquals(foundByTime < 0 ? -Infinity : entries[foundByTime].offset, Math.max(...offsets));
    assertStrictEquals((entries[found] ?? entries[foundByTime])?.damaged ?? false, false);
  }
});
