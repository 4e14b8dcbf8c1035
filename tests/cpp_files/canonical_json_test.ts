import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { InvalidMetadataError } from "../../mod.ts";
import { canonicalJson } from "../../src/cpp_files/canonical_json.ts";
import { test } from "../harness.ts";

test("white space is removed and keys are sorted, at every depth", () => {
  assertEquals(
    canonicalJson(' { "b" : [ 1 , { "d" : null, "c":true } ] ,\r\n\t"a" : { } , "": [ ] } '),
    '{"":[],"a":{},"b":[1,{"c":true,"d":null}]}',
  );
  for (const text of ["null", "true", "7", '"x"', "[]", "{}", "[[],{}]"]) {
    assertEquals(canonicalJson(` ${text}\n`), text);
  }
});

test("keys are in the order of their UTF-8 bytes, not of their UTF-16 units", () => {
  assertEquals(
    canonicalJson('{"\u{1f389}":1,"\uff5e":2,"z":3,"é":4,"zz":5,"Z":6}'),
    '{"Z":6,"z":3,"zz":5,"é":4,"\uff5e":2,"\u{1f389}":1}',
  );
});

test("the last of equal keys counts, even if they are escaped differently", () => {
  assertEquals(canonicalJson('{"a":1,"b":2,"\\u0061":3}'), '{"a":3,"b":2}');
});

test("strings have as few escapes as possible", () => {
  assertEquals(
    canonicalJson(String.raw`"\u00e9\u2603\/\u007f\u0041\ud83c\udf89 \"\\ \b\f\n\r\t\u0001\u001F"`),
    `"é☃/\x7fA\u{1f389} \\"\\\\ \\b\\f\\n\\r\\t\\u0001\\u001f"`,
  );
  assertEquals(canonicalJson('{"a\\nb":"c\\"]}"}'), '{"a\\nb":"c\\"]}"}');
});

test("brackets and backslashes within texts are text", () => {
  for (const text of ['{"a":"}","b":"[\\\\"}', '["\\\\\\"",{"x":"{\\"y\\":1}"}]']) {
    assertEquals(canonicalJson(text), text);
  }
});

test("numbers keep their value, even beyond a double", () => {
  assertEquals(
    canonicalJson('{"n":[18446744073709551615, 1.0, 2.50, -0.0, 1e20, -9223372036854775808]}'),
    '{"n":[18446744073709551615,1.0,2.5,-0.0,1e+20,-9223372036854775808]}',
  );
});

test("what C++ cannot read is refused", () => {
  assertThrows(() => canonicalJson('{"a":1e400}'), InvalidMetadataError, "Cannot write number 1e400 for C++");
  for (const text of ['"\\ud800"', '{"\\udc00":1}']) {
    assertThrows(() => canonicalJson(text), InvalidMetadataError, "half a surrogate pair");
  }
});

test("with an indent every member is on its own line", () => {
  assertEquals(
    canonicalJson('{"b":[1,{"c":[]}],"a":{}}', 2),
    '{\n  "a": {},\n  "b": [\n    1,\n    {\n      "c": []\n    }\n  ]\n}',
  );
  assertEquals(canonicalJson('{"type":"default"}', 2), '{\n  "type": "default"\n}');
});

test("nesting of any depth is handled", () => {
  const text = "[".repeat(100_000) + "]".repeat(100_000);
  assertEquals(canonicalJson(text), text);
});

test("values survive a round trip", () => {
  let state = 7;
  const next = (below: number): number =>
    (state = (Math.imul(state, 1103515245) + 12345) >>> 0) % 65536 % below;
  const make = (depth: number): unknown => {
    switch (next(depth > 4 ? 5 : 7)) {
      case 0:
        return next(1000) / 7;
      case 1:
        return next(65536) - 30000;
      case 2:
        return String.fromCodePoint(next(128), next(0xd000), 0x1f300 + next(500), next(32));
      case 3:
        return next(2) === 0;
      case 4:
        return null;
      case 5:
        return Array.from({ length: next(5) }, () => make(depth + 1));
      default:
        return Object.fromEntries(
          Array.from({ length: next(5) }, () => [String.fromCodePoint(next(0xd000)), make(depth + 1)]),
        );
    }
  };
  for (let round = 0; round < 2000; round++) {
    const value = make(0);
    const text = canonicalJson(JSON.stringify(value, null, next(3)));
    assertEquals(JSON.parse(text), value);
    assertEquals(canonicalJson(text), text);
    assertEquals(canonicalJson(canonicalJson(text, 2)), text);
  }
});

test("a long text is skipped quickly", () => {
  const text = JSON.stringify({ a: "x\n".repeat(2_000_000) });
  assertStringIncludes(canonicalJson(text), "x\\nx");
});
