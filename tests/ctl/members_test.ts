import { assertEquals } from "@std/assert";
import { memberTexts } from "../../src/ctl/transfer/jsonl/members.ts";
import { test } from "../harness.ts";

test("memberTexts() returns each member as it was written", () => {
  const text =
    ' { "a" : 12345678901234567890 ,"b":{"x":[1.50,{"y":"}]\\\\\\""}]},"c": "\\\\", "d\\u0022":-0.0,"e":[],"f":null } ';
  assertEquals([...memberTexts(text)!], [
    ["a", "12345678901234567890"],
    ["b", '{"x":[1.50,{"y":"}]\\\\\\""}]}'],
    ["c", '"\\\\"'],
    ['d"', "-0.0"],
    ["e", "[]"],
    ["f", "null"],
  ]);
});

test("memberTexts() is empty for an empty object, and undefined for anything else", () => {
  assertEquals([...memberTexts("{ }")!], []);
  assertEquals([memberTexts("[1]"), memberTexts('"x"'), memberTexts("1")], [undefined, undefined, undefined]);
});

test("memberTexts() agrees with the parser", () => {
  let seed = 7;
  const random = (below: number) => (seed = (seed * 1103515245 + 12345) % 2 ** 31) % below;
  const value = (depth: number): unknown => {
    switch (random(depth > 3 ? 4 : 6)) {
      case 0:
        return random(1000) - 500;
      case 1:
        return String.fromCharCode(34 + random(90)).repeat(random(4)) + '\\"'.repeat(random(3));
      case 2:
        return null;
      case 3:
        return random(2) === 0;
      case 4:
        return Array.from({ length: random(4) }, () => value(depth + 1));
      default:
        return Object.fromEntries(
          Array.from({ length: random(4) }, (_, key) => [`k"${key}`, value(depth + 1)]),
        );
    }
  };
  for (let round = 0; round < 500; round++) {
    const object = Object.fromEntries(Array.from({ length: random(5) }, (_, key) => [`key${key}`, value(0)]));
    const text = JSON.stringify(object, undefined, random(3));
    const members = [...memberTexts(text)!].map(([key, source]) => [key, JSON.parse(source)]);
    assertEquals(Object.fromEntries(members), object);
  }
});
