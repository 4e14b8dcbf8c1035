import { assert, assertEquals, assertFalse } from "@std/assert";
import { isFlatDocument } from "../../src/metadata.ts";
import { fuzz } from "../fuzz/cases.ts";
import { test } from "../harness.ts";

test("flat objects are recognized without parsing", () => {
  for (
    const text of [
      '{"id":123,"detector":"d7","energy":42.5,"ts":1700000000123}',
      '{"a": 1, "b": "ünïcödé 日本"}',
      '{"":""}',
      '{"a":-0,"b":1e5,"c":0.5E-7,"d":true,"e":false,"f":null}',
    ]
  ) {
    JSON.parse(text);
    assert(isFlatDocument(text), text);
  }
});

const ALPHABET = '{}[]",:0123456789.-+eE truefalsn\\u00\n\t\ud83d\ude80é';
const ORIGINALS = [
  '{"id":123,"tag":"abc","e":-1.5e+3}',
  '{"a": true, "b": null}',
  '{"k":"v","n":[1,{"x":2}]}',
  "{}",
];

test("no mutated text that is not JSON is recognized", () => {
  let recognized = 0;
  fuzz("flat_document", (random) => {
    let text = ORIGINALS[random(ORIGINALS.length)];
    for (let change = random(4); change > 0; change--) {
      const at = random(text.length + 1);
      const piece = random(3) === 0 ? "" : ALPHABET[random(ALPHABET.length)];
      text = text.slice(0, at) + piece + text.slice(at + random(2));
    }
    if (!isFlatDocument(text)) return;
    recognized++;
    try {
      JSON.parse(text);
    } catch (error) {
      throw new Error(`recognized ${JSON.stringify(text)}`, { cause: error });
    }
    assert(text.isWellFormed(), `recognized ${JSON.stringify(text)}`);
  });
  assert(recognized > 0);
});

test("long texts, escapes and half surrogate pairs are left to the parser", () => {
  assertFalse(isFlatDocument(`{"a":"${"x".repeat(5000)}"}`));
  assertFalse(isFlatDocument('{"a":"\\n"}'));
  assertFalse(isFlatDocument('{"a":"\ud83d"}'));
  assertEquals(isFlatDocument('{"a":"\ud83d\ude80"}'), false);
});
