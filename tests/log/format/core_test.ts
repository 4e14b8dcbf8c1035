import {
  assert,
  assertEquals,
  assertGreaterOrEqual,
  assertLess,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { LimitExceededError } from "../../../src/errors.ts";
import { Core, core, crc32c } from "../../../src/log/format/core/core.ts";
import { readUint64, writeUint64 } from "../../../src/log/format/frame_header.ts";
import { test } from "../../harness.ts";
import { bitwiseCrc32, randomBytes } from "../../wasm/reference.ts";

const MIB = 1024 * 1024;

test("Core lays out areas of 2 MiB and more without overlap, inside the memory", () => {
  const own = new Core();
  const { slot, slotBytes, readArea, readAreaBytes, u8 } = own;
  const encodeArea = own.ensureEncodeArea(2 * MIB);
  assertStrictEquals(own.u8, u8);
  assertGreaterOrEqual(readAreaBytes, 2 * MIB);
  assertGreaterOrEqual(encodeArea, slot + slotBytes);
  assertGreaterOrEqual(readArea, encodeArea + 2 * MIB);
  assertGreaterOrEqual(u8.length, readArea + readAreaBytes);
  assertLess(u8.length, readArea + readAreaBytes + 64 * 1024);
  assertEquals([slot % 64, encodeArea % 64, readArea % 64], [0, 0, 0]);
});

test("Core keeps the content of both areas, whichever grows", () => {
  const own = new Core();
  const written = randomBytes(1000, 1);
  const read = randomBytes(1000, 2);
  const at = 2 * MIB - 1000;
  own.u8.set(written, own.ensureEncodeArea(0) + at);
  own.u8.set(read, own.readArea + at);
  const sizes = { encode: 2 * MIB, read: 2 * MIB };
  const growths: [area: "encode" | "read", bytes: number][] = [
    ["encode", 3 * MIB],
    ["encode", 9 * MIB],
    ["read", 5 * MIB],
    ["read", 30 * MIB],
    ["encode", 20 * MIB],
    // Before the other one, where there is room by now.
    ["read", 31 * MIB],
    ["encode", 60 * MIB],
  ];
  for (const [area, bytes] of growths) {
    const ptr = area === "encode" ? own.ensureEncodeArea(bytes) : own.ensureReadArea(bytes);
    sizes[area] = bytes;
    const encodeArea = own.ensureEncodeArea(0);
    assertStrictEquals(ptr, area === "encode" ? encodeArea : own.readArea);
    assertGreaterOrEqual(own.readAreaBytes, sizes.read);
    const ends = [encodeArea + sizes.encode, own.readArea + own.readAreaBytes];
    assertGreaterOrEqual(own.u8.length, Math.max(...ends));
    assert(ends[0] <= own.readArea || ends[1] <= encodeArea, "the areas overlap");
    assertGreaterOrEqual(Math.min(encodeArea, own.readArea), own.slot + own.slotBytes);
    assertEquals(own.u8.slice(encodeArea + at, encodeArea + at + 1000), written);
    assertEquals(own.u8.slice(own.readArea + at, own.readArea + at + 1000), read);
  }
});

test("Core's areas hold any requested number of bytes, not only whole pages", () => {
  for (const bytes of [3 * MIB + 1, 5 * MIB + 65535, 90 * MIB + 12_345]) {
    const own = new Core();
    const encodeEnd = own.ensureEncodeArea(bytes) + bytes;
    assertGreaterOrEqual(own.u8.length, encodeEnd);
    const readEnd = own.ensureReadArea(bytes + 1) + bytes + 1;
    assertGreaterOrEqual(own.u8.length, readEnd);
    assertGreaterOrEqual(own.readAreaBytes, bytes + 1);
  }
});

test("Core returns the text of ASCII bytes, before and after the memory has grown", () => {
  const own = new Core();
  const text = String.fromCharCode(...Array.from({ length: 128 }, (_, code) => code));
  for (const growth of [0, 9 * MIB]) {
    own.ensureReadArea(growth);
    const at = own.readArea + 3;
    own.u8.set(new TextEncoder().encode(text), at);
    assertEquals(own.asciiText(at, at + 128), text);
    assertEquals([own.asciiText(at + 65, at + 68), own.asciiText(at, at)], ["ABC", ""]);
  }
});

test("Core returns valid views after the memory has grown", () => {
  const own = new Core();
  const { u8 } = own;
  own.ensureReadArea(8 * MIB);
  assertStrictEquals(u8.length, 0);
  assertStrictEquals(own.u8.buffer, own.view.buffer);
  assertStrictEquals(own.u8.buffer, own.u32.buffer);
  own.view.setUint32(own.readArea, 0x01020304, true);
  assertStrictEquals(own.u32[own.readArea / 4], 0x01020304);
  assertStrictEquals(own.u8[own.readArea], 4);
});

test("Core does not grow when an area is large enough", () => {
  const own = new Core();
  const { u8 } = own;
  assertStrictEquals(own.ensureEncodeArea(own.readAreaBytes), own.ensureEncodeArea(0));
  assertStrictEquals(own.ensureReadArea(own.readAreaBytes), own.readArea);
  assertStrictEquals(own.u8, u8);
});

test("core.crc32() handles more bytes than the scratch space holds, and changes no area", () => {
  const bytes = randomBytes(300_001, 3);
  core.u8.fill(0x5a, core.slot, core.slot + 128);
  assertStrictEquals(core.crc32(bytes), bitwiseCrc32(bytes));
  assertStrictEquals(
    core.crc32(bytes.subarray(100), core.crc32(bytes.subarray(0, 100))),
    bitwiseCrc32(bytes),
  );
  assertEquals(core.u8.slice(core.slot, core.slot + 128), new Uint8Array(128).fill(0x5a));
});

test("core reads and writes safe integers as eight bytes", () => {
  const ptr = core.slot + 3;
  for (const value of [0, 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 40 + 5, 2 ** 53 - 1]) {
    writeUint64(core.view, ptr, value);
    assertStrictEquals(readUint64(core.view, ptr), value);
    assertStrictEquals(core.view.getBigUint64(ptr, true), BigInt(value));
  }
});

/** What making a core throws where the runtime refuses to instantiate it. */
function refusedBy(cause: Error): Error {
  const { Instance } = WebAssembly;
  WebAssembly.Instance = class {
    constructor() {
      throw cause;
    }
  } as unknown as typeof Instance;
  try {
    return assertThrows(() => new Core(), Error);
  } finally {
    WebAssembly.Instance = Instance;
  }
}

test("a core without addresses for its memory says how to get some, and any other failure stays what it is", () => {
  const cause = new RangeError("could not allocate memory");
  const refused = refusedBy(cause);
  assert(refused instanceof LimitExceededError);
  assertStringIncludes(refused.message, "raise `ulimit -v`");
  assertStrictEquals(refused.cause, cause);
  const other = new TypeError("not this module");
  assertStrictEquals<Error>(refusedBy(other), other);
});

test("crc32c() goes on from the checksum of the bytes before", () => {
  const digits = new TextEncoder().encode("123456789");
  assertStrictEquals(crc32c(digits), 0xe3069283);
  assertStrictEquals(crc32c(digits.subarray(4), crc32c(digits.subarray(0, 4))), 0xe3069283);
});
