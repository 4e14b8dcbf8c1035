import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { type ComponentDocument, makeSerializer, type Serializer } from "../../../src/components/mod.ts";
import { InvalidMetadataError, InvalidOptionError } from "../../../src/errors.ts";
import type { JsonValue } from "../../../src/json.ts";
import { test } from "../../harness.ts";

const DOCUMENTS: ComponentDocument[] = [
  { type: "default" },
  { type: "cbor" },
  { type: "schema", schema: { type: "object" } },
];

const VALUES: JsonValue[] = [
  { i: 0, kind: "flat", name: "event-0" },
  { a: { b: { c: [1, 2, { d: 1 }] } } },
  { text: 'héllo ☃ 日本語 🎉 quote" back\\ nl\n ctrl\u0001 del\u007f', "": 1, 'a"é': null },
  [5, "array", [5, 6], {}],
  "text",
  "",
  "\ufeff",
  {
    "\ufeffkey": ["\ufeff", "\ufeffa\ufeff", "a\ufeff", "\uff0c\uef00"],
    ["\ufeff".repeat(40)]: "\ufeff".repeat(40),
  },
  0,
  -3,
  1.5,
  0.1,
  1e-300,
  1.5e20,
  1.7976931348623157e308,
  5e-324,
  9007199254740991,
  9007199254740992,
  -9007199254740993,
  18446744073709551615,
  -9223372036854775808,
  4294967296,
  true,
  false,
  null,
  [],
  {},
  JSON.parse('{"__proto__":{"a":1},"constructor":2}'),
  Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`key ${n}`, "x".repeat(n)])),
];

async function roundTrip(serializer: Serializer, value: JsonValue): Promise<JsonValue> {
  const written = await serializer.serialize(value);
  return await serializer.deserialize(
    typeof written === "string" ? new TextEncoder().encode(written) : written,
  );
}

for (const document of DOCUMENTS) {
  test(`serializer ${document.type} returns every value unchanged, keys in order`, async () => {
    const serializer = await makeSerializer(document);
    for (const value of VALUES) {
      const back = await roundTrip(serializer, value);
      assertEquals(back, value);
      assertEquals(JSON.stringify(back), JSON.stringify(value));
    }
  });

  test(`serializer ${document.type} is recreated from its document`, async () => {
    assertEquals((await makeSerializer(document)).config(), document);
  });

  test(`serializer ${document.type} says whether what it writes is JSON text`, async () => {
    const serializer = await makeSerializer(document);
    const written = serializer.serialize({ a: 1.5 });
    assertEquals(serializer.writesJsonText ?? false, written === '{"a":1.5}');
  });
}

test("serializer cbor writes the shortest form of RFC 8949", async () => {
  const serializer = await makeSerializer({ type: "cbor" });
  const known: [JsonValue, string][] = [
    [0, "00"],
    [23, "17"],
    [1000000, "1a000f4240"],
    [-1000, "3903e7"],
    [1.5, "f93e00"],
    [100000.5, "fa47c35040"],
    [1.1, "fb3ff199999999999a"],
    [null, "f6"],
    [true, "f5"],
    ["IETF", "6449455446"],
    ["\u00fc", "62c3bc"],
    [[1, [2, 3]], "8201820203"],
    [{ b: 1, a: 2 }, "a2616201616102"],
  ];
  for (const [value, hex] of known) {
    const bytes = serializer.serialize(value) as Uint8Array;
    assertEquals(
      [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(""),
      hex,
      JSON.stringify(value),
    );
  }
});

test("serializer cbor refuses bytes that JSON has no value for", async () => {
  const serializer = await makeSerializer({ type: "cbor" });
  const wrong: Record<string, number[]> = {
    nothing: [],
    "a cut text": [0x64, 0x49, 0x45],
    "bytes after the value": [0x01, 0x01],
    undefined: [0xf7],
    infinity: [0xf9, 0x7c, 0x00],
    "not a number": [0xf9, 0x7e, 0x00],
    "an integer beyond a double": [0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    bytes: [0x42, 0x01, 0x02],
    "bytes in a list": [0x81, 0x41, 0x01],
    "keys that are not text": [0xa1, 0x01, 0x02],
    "the end of a list as a value": [0xa1, 0x61, 0x61, 0xff],
  };
  for (const [name, bytes] of Object.entries(wrong)) {
    assertThrows(() => serializer.deserialize(new Uint8Array(bytes)), InvalidMetadataError, undefined, name);
  }
});

test("serializer schema requires a schema", async () => {
  await assertRejects(() => makeSerializer({ type: "schema" }), InvalidOptionError, '"schema"');
});

test("serializer default refuses bytes that are not JSON", async () => {
  const serializer = await makeSerializer();
  assertThrows(() => serializer.deserialize(new TextEncoder().encode("{")), InvalidMetadataError);
  assertThrows(() => serializer.deserialize(new Uint8Array([0x22, 0xff, 0x22])), InvalidMetadataError);
});
