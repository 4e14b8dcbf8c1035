import { assertEquals, assertThrows } from "@std/assert";
import { parseValue } from "../../../src/ctl/args/value.ts";
import { UsageError } from "../../../src/ctl/usage_error.ts";
import { test } from "../../harness.ts";

const parse = (text: string) => parseValue("--driver.x", text);

test("parseValue() reads numbers as the C++ tool does, and exponents", () => {
  assertEquals(["5", "-5", "+5", "2.5", ".5", "5.", "007", "1e6", "-1.5E-3"].map(parse), [
    5,
    -5,
    5,
    2.5,
    0.5,
    5,
    7,
    1e6,
    -0.0015,
  ]);
});

test("parseValue() keeps a whole number beyond a double as text", () => {
  assertEquals(parse("9007199254740993"), "9007199254740993");
  assertEquals(parse("9007199254740991"), 9007199254740991);
  assertEquals(parse("1e999"), "1e999");
});

test("parseValue() reads true, false, null and JSON in brackets", () => {
  assertEquals(["true", "false", "null", '{"a": [1, "b"]}', "[]"].map(parse), [true, false, null, {
    a: [1, "b"],
  }, []]);
});

test("parseValue() splits at commas, except within quotes", () => {
  assertEquals(parse("a,b,3"), ["a", "b", 3]);
  assertEquals(parse('"a,b",c'), ["a,b", "c"]);
  assertEquals(parse("host:9092,"), ["host:9092"]);
  assertEquals(parse("it's, that's"), ["it's", "that's"]);
});

test("parseValue() leaves quoted and other text as text", () => {
  assertEquals(
    ['"5"', "'true'", "", "/tmp/x", "1.2.3", "{", "-", "0x10", "NaN", "Infinity", '"a,b"'].map(parse),
    [
      "5",
      "true",
      "",
      "/tmp/x",
      "1.2.3",
      "{",
      "-",
      "0x10",
      "NaN",
      "Infinity",
      "a,b",
    ],
  );
});

test("parseValue() names the option and the place of malformed JSON", () => {
  const error = assertThrows(() => parse("{a: 1}"), UsageError);
  assertEquals(
    error.message.startsWith('Option "--driver.x" has malformed JSON, at character 2 of its value'),
    true,
  );
});
