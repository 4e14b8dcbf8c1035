import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { mergeDeep, parseDocument, readDocument, setNested } from "../../../src/ctl/args/document.ts";
import { documentFaultAt } from "../../../src/metadata/document_fault.ts";
import { UsageError } from "../../../src/ctl/usage_error.ts";
import type { JsonObject } from "../../../mod.ts";
import { test } from "../../harness.ts";

test("setNested() creates the objects between the dots", () => {
  const document: JsonObject = {};
  setNested(document, "--driver.kafka.acks", "kafka.acks", "all");
  setNested(document, "--driver.kafka.retries", "kafka.retries", 3);
  assertEquals(document, { kafka: { acks: "all", retries: 3 } });
});

test("setNested() refuses an empty key and never touches a prototype", () => {
  assertThrows(() => setNested({}, "--driver.a..b", "a..b", 1), UsageError, "empty key");
  const document: JsonObject = {};
  setNested(document, "--driver.__proto__.polluted", "__proto__.polluted", true);
  assertEquals(({} as { polluted?: boolean }).polluted, undefined);
  assertEquals(Object.keys(document), ["__proto__"]);
});

test("mergeDeep() merges objects key by key and replaces everything else", () => {
  const base = { a: { x: 1, y: [1, 2] }, b: 1 };
  assertEquals(mergeDeep(base, { a: { y: [3] }, b: { z: 1 } }), { a: { x: 1, y: [3] }, b: { z: 1 } });
  assertEquals(base, { a: { x: 1, y: [1, 2] }, b: 1 });
});

test("parseDocument() names option, file, line and column of malformed JSON", () => {
  const error = assertThrows(
    () => parseDocument('{\n  "a": 1,\n  "b": oops\n}', '"d.json"', "--driver-config"),
    UsageError,
  );
  assertMatch(error.message, /^Malformed JSON in "d\.json" line 3 column 8 given by "--driver-config"$/);
});

test("parseDocument() names the place of an early end and of a key without quotes", () => {
  const early = assertThrows(() => parseDocument('{"a": [1,\n2', '"d.json"', "--x-config"), UsageError);
  assertMatch(early.message, /"d\.json" line 2 column 2 /);
  const unquoted = assertThrows(() => parseDocument("{\n\n  a: 1}", '"d.json"', "--x-config"), UsageError);
  assertMatch(unquoted.message, /"d\.json" line 3 column 3 /);
});

test("documentFaultAt() finds the first invalid character", () => {
  for (
    const [text, offset] of [
      ["", 0],
      ["  ", 2],
      ["{", 1],
      ['{"a"}', 4],
      ['{"a": }', 6],
      ["[1,]", 3],
      ['{"a": 1,}', 8],
      ["1 2", 2],
      ["[1 2]", 3],
      ["tru", 0],
      ["[01]", 2],
      ['"a', 2],
      ["{}}", 2],
      ["[}", 1],
    ] as const
  ) {
    assertThrows(() => JSON.parse(text));
    assertEquals([text, documentFaultAt(text)], [text, offset]);
  }
});

test("parseDocument() requires an object", () => {
  for (const [text, found] of [["[]", "an array"], ["1", "a number"], ["null", "null"]]) {
    assertThrows(() => parseDocument(text, '"d.json"', "--x-config"), UsageError, `found ${found}`);
  }
});

test("readDocument() says which option named a missing file", () => {
  assertThrows(
    () => readDocument("--driver-config", "/nowhere/d.json"),
    UsageError,
    'Cannot read "/nowhere/d.json" given by "--driver-config": no such file',
  );
});
