import { assertEquals } from "@std/assert";
import { compileEventPattern } from "../../../../src/components/mod.ts";
import type { JsonValue } from "../../../../src/json.ts";
import { test } from "../../../harness.ts";

function matching(operator: JsonValue, values: JsonValue[]): JsonValue[] {
  const matches = compileEventPattern({ v: [operator] });
  return values.filter((v) => matches({ v }));
}

test("wildcard matches pieces in order, without overlap", () => {
  const cases: [string, string[], string[]][] = [
    ["*", ["", "a", "ab"], []],
    ["a*", ["a", "ab"], ["", "ba"]],
    ["*a", ["a", "ba"], ["", "ab"]],
    ["a*a", ["aa", "aba"], ["a", "ab"]],
    ["ab*ba", ["abba", "ab-ba"], ["aba"]],
    ["*ab*ab*", ["abab", "xabyabz"], ["ab", "aab"]],
    ["a*b*c", ["abc", "a-b-c", "abbcc"], ["acb", "ab", "ac"]],
    ["a*bc*c", ["abcc", "abc-c"], ["abc"]],
    ["plain", ["plain"], ["plain*", "plai"]],
    ["a.c*", ["a.c"], ["abc"]],
    ["a\\*c", ["a*c"], ["abc", "a\\*c"]],
    ["a\\\\*", ["a\\", "a\\b"], ["ab"]],
    ["é*ü", ["éü", "é☃ü"], ["eü"]],
  ];
  for (const [wildcard, yes, no] of cases) {
    assertEquals(matching({ wildcard }, [...yes, ...no]), yes, wildcard);
  }
});

test("wildcard agrees with a simple matcher on every short text", () => {
  const texts = allTexts("ab", 6);
  for (const wildcard of allTexts("ab*", 5).filter((pattern) => !pattern.includes("**"))) {
    const certain = new RegExp(`^${wildcard.replaceAll("*", "[ab]*")}$`);
    assertEquals(matching({ wildcard }, texts), texts.filter((text) => certain.test(text)), wildcard);
  }
});

test("wildcard takes linear time", () => {
  const wildcard = `${"*a".repeat(40)}*b`;
  const matches = compileEventPattern({ v: [{ wildcard }] });
  const search = (length: number): number => {
    const text = "a".repeat(length);
    const start = performance.now();
    for (let turn = 0; turn < 20; turn++) assertEquals(matches({ v: text }), false);
    return performance.now() - start;
  };
  // The smallest of several, since other work on the machine only adds time. With 16 times the text, the time
  // must not grow with its square.
  const least = (length: number): number => Math.min(...Array.from({ length: 5 }, () => search(length)));
  least(1_000);
  const short = least(1_000);
  let ratio = Infinity;
  // On a busy machine all of a few long searches may be interrupted.
  for (let tries = 0; tries < 20 && ratio >= 100; tries++) ratio = Math.min(ratio, least(16_000) / short);
  assertEquals(ratio < 100, true, `16 times the text took ${ratio} times as long`);
});

test("numeric supports each operator, and pairs of them", () => {
  const values = [-1, 0, 1, 2, 3, "2", null];
  assertEquals(matching({ numeric: ["<", 1] }, values), [-1, 0]);
  assertEquals(matching({ numeric: ["<=", 1] }, values), [-1, 0, 1]);
  assertEquals(matching({ numeric: [">", 1] }, values), [2, 3]);
  assertEquals(matching({ numeric: [">=", 1] }, values), [1, 2, 3]);
  assertEquals(matching({ numeric: ["=", 1] }, values), [1]);
  assertEquals(matching({ numeric: [">", 0, "<", 3] }, values), [1, 2]);
  assertEquals(matching({ numeric: ["<=", 3, ">=", 2] }, values), [2, 3]);
  assertEquals(matching({ numeric: [">=", 2, "<=", 2] }, values), [2]);
  assertEquals(matching({ numeric: [">", 0, ">=", 2, "<", 5, "<", 3] }, values), [2]);
});

test("cidr supports IPv4 and IPv6", () => {
  const addresses = [
    "10.0.0.0",
    "10.0.0.255",
    "10.0.1.0",
    "10.1.0.0",
    "::1",
    "2001:db8::1",
    "2001:db9::1",
    "10.0.0",
    "",
  ];
  assertEquals(matching({ cidr: "10.0.0.0/24" }, addresses), ["10.0.0.0", "10.0.0.255"]);
  assertEquals(matching({ cidr: "10.0.0.77/23" }, addresses), ["10.0.0.0", "10.0.0.255", "10.0.1.0"]);
  assertEquals(matching({ cidr: "10.0.0.0/32" }, addresses), ["10.0.0.0"]);
  assertEquals(matching({ cidr: "0.0.0.0/0" }, addresses), [
    "10.0.0.0",
    "10.0.0.255",
    "10.0.1.0",
    "10.1.0.0",
  ]);
  assertEquals(matching({ cidr: "2001:db8::/32" }, addresses), ["2001:db8::1"]);
  assertEquals(matching({ cidr: "2001:db8::/31" }, addresses), ["2001:db8::1", "2001:db9::1"]);
  assertEquals(matching({ cidr: "::/0" }, addresses), ["::1", "2001:db8::1", "2001:db9::1"]);
  const spellings = [
    "2001:DB8:0:0:0:0:0:1",
    "2001:db8::0.0.0.1",
    "2001:db8:::1",
    "2001:db8::g",
    "1:2:3:4:5:6:7",
    "1::2::3",
  ];
  assertEquals(matching({ cidr: "2001:db8::1/128" }, spellings), spellings.slice(0, 2));
});

test("operators that ignore case handle letters beyond ASCII", () => {
  assertEquals(matching({ "equals-ignore-case": "ÉNERGIE" }, ["énergie", "energie"]), ["énergie"]);
  assertEquals(matching({ prefix: { "equals-ignore-case": "ÅN" } }, ["ångström", "angström"]), ["ångström"]);
});

function allTexts(letters: string, lengthMax: number): string[] {
  const texts = [""];
  for (let from = 0, length = 1; length <= lengthMax; length++) {
    const end = texts.length;
    for (; from < end; from++) for (const letter of letters) texts.push(texts[from] + letter);
  }
  return texts;
}
