import { assertStrictEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { crc32 as zlibCrc32 } from "node:zlib";
import { Core, core } from "../../src/log/format/core/core.ts";
import { test } from "../harness.ts";
import { bitwiseCrc32, randomBytes, randomNumbers } from "./reference.ts";

const BYTES_MAX = 300_000;

/** Puts bytes at an address, surrounded by other bytes that must not matter. */
function place(bytes: Uint8Array, alignment: number): number {
  const ptr = core.ensureReadArea(BYTES_MAX + 128) + alignment;
  core.u8.fill(0xa5, ptr - alignment, ptr + bytes.length + 64);
  core.u8.set(bytes, ptr);
  return ptr;
}

test("crc32() gives the check value of CRC-32", () => {
  assertStrictEquals(core.crc32(new TextEncoder().encode("123456789")), 0xcbf43926);
  assertStrictEquals(core.crc32(new Uint8Array(0)), 0);
  assertStrictEquals(core.crc32(new Uint8Array(0), 0xfedcba98), 0xfedcba98);
});

test("crc32() agrees with the bitwise definition for every length to 1,600 bytes", () => {
  const bytes = randomBytes(1600, 1);
  for (let size = 0; size <= bytes.length; size++) {
    const part = bytes.subarray(0, size);
    const seed = size * 0x01234567 >>> 0;
    assertStrictEquals(
      core.crc32At(place(part, size % 64), size, seed),
      bitwiseCrc32(part, seed),
      `${size} bytes`,
    );
  }
});

test("crc32() agrees with zlib for lengths, alignments and seeds of all kinds", () => {
  const random = randomNumbers(2);
  const source = randomBytes(BYTES_MAX, 3);
  for (let round = 0; round < 1500; round++) {
    const size = random(round % 10 === 0 ? BYTES_MAX : round % 2 === 0 ? 24_000 : 6_000);
    const part = source.subarray(source.length - size);
    const seed = random(2 ** 32);
    const alignment = random(64);
    const actual = core.crc32At(place(part, alignment), size, seed);
    assertStrictEquals(
      actual,
      zlibCrc32(part, seed),
      `${size} bytes at alignment ${alignment} with seed ${seed}`,
    );
  }
});

test("crc32() leaves all memory but its own as it was, whatever the length", () => {
  const own = new Core();
  own.u8.fill(0x5a, own.slot);
  const before = own.u8.slice(own.slot);
  for (const size of [400, 20_000, 24_576, 24_592, 300_000, own.readAreaBytes]) {
    own.crc32At(own.readArea, size);
    assertStrictEquals(Buffer.compare(own.u8.subarray(own.slot), before), 0, `${size} bytes`);
  }
});

test("crc32() agrees with zlib for lengths around every change of method", () => {
  const source = randomBytes(40_000, 6);
  for (const [first, last] of [[480, 900], [4780, 5140], [24_500, 24_680], [29_300, 29_480]]) {
    for (let size = first; size <= last; size++) {
      const part = source.subarray(size % 61, size % 61 + size);
      assertStrictEquals(
        core.crc32At(place(part, size % 16), size, size),
        zlibCrc32(part, size),
        `${size} bytes`,
      );
    }
  }
});

test("crc32() continues from a seed as if the bytes were one piece", () => {
  const bytes = randomBytes(200_000, 4);
  const whole = bitwiseCrc32(bytes);
  for (const cut of [0, 1, 15, 16, 17, 640, 1000, 5000, 65_536, 100_001, 199_999, 200_000]) {
    assertStrictEquals(
      core.crc32(bytes.subarray(cut), core.crc32(bytes.subarray(0, cut))),
      whole,
      `cut at ${cut}`,
    );
  }
});

test("crc32() of zeros and of ones depends on their number", () => {
  for (const filling of [0, 255]) {
    for (const size of [1, 64, 640, 5000, 20_000, 65_536, 65_537]) {
      const bytes = new Uint8Array(size).fill(filling);
      assertStrictEquals(core.crc32(bytes), zlibCrc32(bytes), `${size} bytes of ${filling}`);
    }
  }
});

test("crc32() does not change the message", () => {
  for (const size of [100, 1000, 10_000, 100_000]) {
    const bytes = randomBytes(size, size);
    const ptr = place(bytes, 5);
    const around = core.u8.slice(ptr - 5, ptr + size + 64);
    core.crc32At(ptr, size);
    assertStrictEquals(bitwiseCrc32(core.u8.subarray(ptr - 5, ptr + size + 64)), bitwiseCrc32(around));
  }
});

test("crc32() reads up to the last byte of memory and no further", () => {
  for (const size of [1, 16, 63, 700, 5001, 12_345, 70_003]) {
    const bytes = randomBytes(size, size);
    core.ensureReadArea(BYTES_MAX + 128);
    const ptr = core.u8.length - size;
    core.u8.set(bytes, ptr);
    assertStrictEquals(core.crc32At(ptr, size), zlibCrc32(bytes), `${size} bytes`);
  }
});
