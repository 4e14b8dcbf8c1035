import { assert, assertEquals, assertThrows } from "@std/assert";
import { decode, encode } from "cborg";
import { encodeCbor } from "../../../src/components/serializers/cbor_encoder.ts";
import process from "node:process";
import { InvalidMetadataError } from "../../../src/errors.ts";
import type { JsonValue } from "../../../src/json.ts";
import { test } from "../../harness.ts";

/** Numbers at which the encoding changes, and their neighbours. */
const EDGES = [
  0,
  23,
  24,
  255,
  256,
  65535,
  65536,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 53 - 1,
  2 ** 53,
  65504,
  65505,
  2 ** -14,
  0.1,
];

function randomSource(seed: number): () => number {
  let state = seed;
  return () => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9 | 0;
    return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
  };
}

function randomValue(random: () => number, depth: number): JsonValue {
  const kind = Math.floor(random() * (depth > 3 ? 6 : 8));
  switch (kind) {
    case 0:
      return random() < 0.5;
    case 1:
      return null;
    case 2:
      return (EDGES[Math.floor(random() * EDGES.length)] + Math.floor(random() * 3) - 1) *
          (random() < 0.5 ? -1 : 1) || 0;
    case 3:
      return (random() - 0.5) * 10 ** Math.floor(random() * 60 - 30);
    case 4:
      return Math.fround(random() * 2 ** Math.floor(random() * 40 - 12)) || 1;
    case 5:
      return Array.from(
        { length: Math.floor(random() * 90) },
        () => String.fromCodePoint([0x61, 0x7f, 0x80, 0xe9, 0x2603, 0x1f389][Math.floor(random() ** 3 * 6)]),
      ).join("");
    case 6:
      return Array.from({ length: Math.floor(random() * 30) }, () => randomValue(random, depth + 1));
    default:
      return Object.fromEntries(
        Array.from(
          { length: Math.floor(random() * 30) },
          (_, n) => [`k${n}é`.slice(0, 1 + n % 4), randomValue(random, depth + 1)],
        ),
      );
  }
}

test("CBOR is byte for byte what a general encoder writes", () => {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
  const random = randomSource(seed);
  for (let turn = 0; turn < 300; turn++) {
    const value = randomValue(random, 0);
    const bytes = encodeCbor(value);
    assertEquals(hex(bytes), hex(encode(value, { mapSorter: undefined })), `replay with SEED=${seed}`);
    assertEquals(decode(bytes), value);
  }
});

test("CBOR keeps the sign of zero", () => {
  assertEquals(hex(encodeCbor(-0)), "f98000");
  assert(Object.is(decode(encodeCbor([-0])).at(0), -0));
});

test("CBOR of any size is written, and the caller owns the bytes", () => {
  const first = encodeCbor("a");
  const large = { text: "x".repeat(1_000_000), list: new Array<number>(100_000).fill(1e300) };
  assertEquals(decode(encodeCbor(large)), large);
  encodeCbor("b");
  assertEquals(hex(first), "6161");
});

test("a value that JSON cannot hold is refused as CBOR, and the next value is written", () => {
  for (const wrong of [undefined, NaN, Infinity, 5n, () => 1, Symbol("x")]) {
    assertThrows(
      () => encodeCbor([wrong as JsonValue]),
      InvalidMetadataError,
      "Cannot write metadata as CBOR",
    );
  }
  assertEquals(hex(encodeCbor([1])), "8101");
});

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
