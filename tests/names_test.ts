import { assert, assertEquals, assertThrows } from "@std/assert";
import { InvalidConsumerNameError, InvalidTopicNameError } from "../mod.ts";
import { checkConsumerName, checkTopicName } from "../src/names.ts";
import { test } from "./harness.ts";

test("topic names that are valid folder names are accepted", () => {
  for (
    const name of [
      "a",
      "my_topic",
      "a.b",
      "a..b",
      "-x",
      "with space",
      "Grüße",
      "日本",
      "é".repeat(100),
      "con",
    ]
  ) {
    checkTopicName(name);
  }
});

test("topic names that are not valid folder names are refused with the reason", () => {
  const cases: [unknown, string][] = [
    ["", "it is empty"],
    [".", "it begins with a dot"],
    ["..", "it begins with a dot"],
    [".hidden", "it begins with a dot"],
    ["a/b", "it has a path separator"],
    ["a\\b", "it has a path separator"],
    ["a\0b", "it has a control character"],
    ["a\nb", "it has a control character"],
    ["a\u0085", "it has a control character"],
    ["é".repeat(101), "it has 202 bytes, at most 200 are possible"],
    ["\ud83d", "it has half a surrogate pair"],
    [undefined, "expected text, found undefined"],
    [null, "expected text, found null"],
    [7, "expected text, found number"],
  ];
  for (const [name, reason] of cases) {
    const error = assertThrows(() => checkTopicName(name), InvalidTopicNameError, reason);
    assertEquals(error.code, "ERR_INVALID_TOPIC_NAME");
  }
});

test("consumer names may be any non-empty text without control characters and half surrogate pairs", () => {
  for (const name of ["a/b", "../x", ".", "local/a->remote/b", "x".repeat(1000)]) checkConsumerName(name);
  for (const name of ["", "a\0", "x".repeat(1001), "\udc00", 3]) {
    assertThrows(() => checkConsumerName(name), InvalidConsumerNameError);
  }
});

test("errors show the beginning of a name that is too long", () => {
  const error = assertThrows(() => checkConsumerName("x".repeat(5000)), InvalidConsumerNameError);
  assert(error.message.length < 200, error.message);
  assertEquals(error.consumer.length, 5000);
});
