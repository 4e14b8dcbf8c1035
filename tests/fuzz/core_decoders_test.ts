import { assert, assertLess, assertStrictEquals } from "@std/assert";
import { Core, core as sharedCore } from "../../src/log/format/core/core.ts";
import { INDEX_ENTRY_BYTES, RECORD, RECORD_BYTES, SEGMENT_HEADER_BYTES } from "../../src/log/format/bytes.ts";
import { decodeRecord } from "../../src/log/format/frame_header.ts";
import { encodeIndexEntry } from "../../src/log/format/index_entry.ts";
import { decodeSegmentHeader, encodeSegmentHeader } from "../../src/log/format/segment_header.ts";
import { test } from "../harness.ts";
import { randomBytes } from "../wasm/reference.ts";
import { encodeSample, findFrom, SAMPLE } from "../wasm/sample_frame.ts";
import { fuzz, type Random } from "./cases.ts";
import { mutate } from "./mutate.ts";

const FILE = "tests/fuzz/core_decoders_test.ts";
const SALT = SAMPLE.salt;
const BYTES_MAX = 200_000;
const GUARD = 0xa7;
const GUARD_BYTES = 256;

const core = new Core();
core.ensureReadArea(BYTES_MAX + GUARD_BYTES);

/** Puts bytes at the very end of memory, so that reading one byte too many traps. */
function place(bytes: Uint8Array): number {
  const ptr = core.u8.length - bytes.length;
  core.u8.fill(GUARD, ptr - GUARD_BYTES, ptr);
  core.u8.set(bytes, ptr);
  return ptr;
}

/** Checks that a decoder changed neither its input nor what lies before it. */
function assertUntouched(ptr: number, bytes: Uint8Array): void {
  assert(
    core.u8.subarray(ptr - GUARD_BYTES, ptr).every((byte) => byte === GUARD),
    "bytes before the input changed",
  );
  assertStrictEquals(core.crc32At(ptr, bytes.length), core.crc32(bytes), "the input changed");
}

/** A frame as a writer makes it. */
function anyFrame(random: Random): Uint8Array {
  const metadata = Array.from({ length: random(20) }, (_, index) => `{"n":${index * random(1e6)}}`);
  const dataBytes = random(4) === 0 ? random(150_000) : random(2000);
  const data = random(2) === 0
    ? undefined
    : metadata.map((_, index) => randomBytes(index === 0 ? dataBytes : 3, dataBytes));
  const { ptr, frameBytes } = encodeSample({ metadata, data, extentCount: random(3) });
  return sharedCore.u8.slice(ptr, ptr + frameBytes);
}

/** Gives a record the correct CRC, so that its contents are trusted. */
function reseal(bytes: Uint8Array): void {
  if (bytes.length < RECORD_BYTES) return;
  const crc = core.crc32(bytes.subarray(0, RECORD.crc));
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(RECORD.crc, crc, true);
}

/** Does with the bytes at `ptr` what a reader does, trusting as much as the checks allow. */
function readFrame(ptr: number, bytes: number): void {
  core.sameFrame(ptr, ptr + bytes - RECORD_BYTES);
  const isTrusted = core.checkRecord(ptr, core.view.getUint32(ptr + RECORD.salt, true), false);
  const { layout, metadataBytes } = decodeRecord(core.view, ptr);
  if (isTrusted) assertLess(layout.frameBytes, 2 ** 31);
  if (layout.frameBytes > bytes) return;
  core.hasControls(ptr + layout.metadata, metadataBytes);
}

/** Searches for records everywhere, as a reader does after damage. */
function search(ptr: number, bytes: number, random: Random): void {
  let from = random(bytes + 1);
  for (let found = 0; found >= 0; from = found + 1) {
    found = findFrom(ptr, bytes, from, SALT, core);
    assert(
      found === -1 || (found >= from && found + RECORD_BYTES <= bytes),
      `found ${found} from ${from} in ${bytes}`,
    );
  }
  const anywhere = findFrom(ptr, bytes, from, undefined, core);
  assert(anywhere >= -1 && anywhere + RECORD_BYTES <= Math.max(bytes, RECORD_BYTES));
}

test("decoders handle random bytes without a trap, and change none", () => {
  fuzz(FILE, (random, seed) => {
    const bytes = randomBytes(RECORD_BYTES + random(random(5) === 0 ? BYTES_MAX - 64 : 500), seed);
    const ptr = place(bytes);
    decodeSegmentHeader(bytes.subarray(0, SEGMENT_HEADER_BYTES));
    core.checkRecord(ptr, core.view.getUint32(ptr + RECORD.salt, true), random(2) === 0);
    readFrame(ptr, bytes.length);
    search(ptr, bytes.length, random);
    core.crc32At(ptr, bytes.length, random(2 ** 32));
    assertUntouched(ptr, bytes);
  });
});

test("decoders handle damaged frames without a trap, and change none", () => {
  fuzz(FILE, (random) => {
    let bytes = anyFrame(random);
    mutate(bytes, random);
    if (random(3) === 0) bytes = bytes.slice(0, RECORD_BYTES + random(bytes.length - RECORD_BYTES + 1));
    if (random(2) === 0) reseal(bytes);
    const ptr = place(bytes);
    readFrame(ptr, bytes.length);
    search(ptr, bytes.length, random);
    assertUntouched(ptr, bytes);
  });
});

test("a damaged segment header is not read, unless its checksum is right", () => {
  fuzz(FILE, (random) => {
    const bytes = encodeSegmentHeader({
      partition: random(100),
      salt: random(2 ** 32),
      baseId: random(2 ** 40),
      created: random(2 ** 40),
    });
    const before = bytes.slice();
    mutate(bytes, random);
    const isChanged = bytes.some((byte, index) => byte !== before[index]);
    assertStrictEquals(decodeSegmentHeader(bytes) === undefined, isChanged);
    reseal(bytes);
    decodeSegmentHeader(bytes);
  });
});

test("lookups handle damaged indexes without a trap, and return existing, intact entries", () => {
  fuzz(FILE, (random, seed) => {
    const count = random(60);
    const bytes = randomBytes(count * INDEX_ENTRY_BYTES, seed);
    for (let index = 0; index < count; index++) {
      if (random(10) === 0) continue;
      const entry = encodeIndexEntry({
        id: index * 9 + random(30),
        time: index * 7 + random(30),
        offset: index * 100,
        recordCrc: random(2 ** 32),
        salt: SALT,
      });
      bytes.set(entry, index * INDEX_ENTRY_BYTES);
    }
    if (random(2) === 0) mutate(bytes, random);
    const ptr = place(bytes);
    const wanted = random(3) === 0 ? 2 ** 53 - 1 : random(600);
    const entries = { ptr, count, salt: SALT };
    for (const found of [core.lookupById(entries, wanted), core.lookupByTime(entries, wanted)]) {
      assert(found >= -1 && found < count);
      if (found >= 0) assert(core.checkIndexEntry(ptr + found * INDEX_ENTRY_BYTES, SALT));
    }
    assertUntouched(ptr, bytes);
  });
});

test("lookups handle impossible ids and times, and values that are not numbers", () => {
  const ptr = core.slot;
  core.u8.set(encodeIndexEntry({ id: 1, time: 1, offset: 1, recordCrc: 2, salt: SALT }), ptr);
  const entry = { ptr, count: 1, salt: SALT };
  for (const value of [-1, 0.5, 2 ** 63, 2 ** 64, 1e300, -1e300, Infinity, -Infinity, NaN]) {
    assert([-1, 0].includes(core.lookupById(entry, value)));
    assert([-1, 0].includes(core.lookupByTime(entry, value)));
  }
});

test("findRecord() stays linear in bytes that contain only record magics", () => {
  const bytes = new Uint8Array(1 << 20);
  const { ptr } = encodeSample();
  const record = sharedCore.u8.slice(ptr, ptr + 60); // Valid except for the CRC: each costs all checks.
  for (const step of [2, 4, 12, 60]) {
    for (let at = 0; at + 60 <= bytes.length; at += step) bytes.set(record.subarray(0, step), at);
    const place = core.ensureReadArea(bytes.length);
    core.u8.set(bytes, place);
    const search = (length: number): number => {
      const start = performance.now();
      assertStrictEquals(core.findRecord(place, length, SALT), -1);
      return performance.now() - start;
    };
    // The smallest of several, since other work on the machine only adds; a search that starts over again and
    // again takes 256 times as long for 16 times as many bytes.
    const least = (length: number): number => Math.min(...Array.from({ length: 7 }, () => search(length)));
    least(1 << 16);
    const short = least(1 << 16);
    let ratio = Infinity;
    for (let tries = 0; tries < 20 && ratio >= 100; tries++) ratio = Math.min(ratio, least(1 << 20) / short);
    assertLess(ratio, 100);
  }
});
