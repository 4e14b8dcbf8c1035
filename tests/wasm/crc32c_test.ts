import { assertStrictEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { Core, core } from "../../src/log/format/core/core.ts";
import { test } from "../harness.ts";
import { bitwiseCrc32, CASTAGNOLI, randomBytes, randomNumbers } from "./reference.ts";

function bitwise(bytes: Uint8Array, seed = 0): number {
  return bitwiseCrc32(bytes, seed, CASTAGNOLI);
}

test("crc32c() gives the check value of CRC-32C", () => {
  assertStrictEquals(core.crc32c(new TextEncoder().encode("123456789")), 0xe3069283);
  assertStrictEquals(core.crc32c(new Uint8Array(0)), 0);
  assertStrictEquals(core.crc32c(new Uint8Array(0), 0xfedcba98), 0xfedcba98);
});

test("crc32c() agrees with the bitwise definition for every length to 1,600 bytes", () => {
  const bytes = randomBytes(1600, 1);
  for (let size = 0; size <= bytes.length; size++) {
    const part = bytes.subarray(bytes.length - size);
    const seed = size * 0x01234567 >>> 0;
    assertStrictEquals(core.crc32c(part, seed), bitwise(part, seed), `${size} bytes`);
  }
});

test("crc32c() agrees with the bitwise definition for longer lengths and seeds of all kinds", () => {
  const random = randomNumbers(2);
  const source = randomBytes(70_000, 3);
  for (let round = 0; round < 60; round++) {
    const part = source.subarray(source.length - random(round % 10 === 0 ? source.length : 5000));
    const seed = random(2 ** 32);
    assertStrictEquals(
      core.crc32c(part, seed),
      bitwise(part, seed),
      `${part.length} bytes with seed ${seed}`,
    );
  }
});

test("crc32c() does not depend on what else its memory was used for", () => {
  const noise = randomBytes(65_536, 6);
  const bytes = randomBytes(50_000, 5);
  for (const size of [1000, 1024, 1100, 5000, 16_383, 16_384, 20_000, 50_000]) {
    const part = bytes.subarray(0, size);
    core.crc32(noise);
    assertStrictEquals(core.crc32c(part), bitwise(part), `${size} bytes`);
  }
});

test("crc32c() continues from a seed as if the bytes were one piece, also where its own memory ends", () => {
  const bytes = randomBytes(200_000, 4);
  const whole = bitwise(bytes);
  assertStrictEquals(core.crc32c(bytes), whole);
  const cuts = [
    0,
    1,
    15,
    16,
    17,
    271,
    1023,
    1024,
    16_383,
    16_384,
    60_255,
    60_256,
    60_257,
    120_512,
    199_999,
    200_000,
  ];
  for (const cut of cuts) {
    const before = core.crc32c(bytes.subarray(0, cut));
    assertStrictEquals(core.crc32c(bytes.subarray(cut), before), whole, `cut at ${cut}`);
  }
});

test("crc32c() changes neither the message nor memory that belongs to others", () => {
  const own = new Core();
  own.u8.fill(0x5a, own.slot);
  const before = own.u8.slice(own.slot);
  const crc = own.crc32(new TextEncoder().encode("123456789"));
  for (const size of [400, 1024, 65_264, 65_536, 300_000]) {
    const bytes = randomBytes(size, size);
    const copy = bytes.slice();
    own.crc32c(bytes);
    assertStrictEquals(Buffer.compare(bytes, copy), 0, `${size} bytes`);
    assertStrictEquals(Buffer.compare(own.u8.subarray(own.slot), before), 0, `${size} bytes`);
    assertStrictEquals(
      own.crc32(new TextEncoder().encode("123456789")),
      crc,
      "the other CRC keeps its tables",
    );
  }
});
