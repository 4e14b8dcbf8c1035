import { assertEquals, assertInstanceOf, assertStringIncludes, assertThrows } from "@std/assert";
import { compileEventPattern } from "../../../../src/components/mod.ts";
import { InvalidOptionError } from "../../../../src/errors.ts";
import type { JsonValue } from "../../../../src/json.ts";
import { test } from "../../../harness.ts";

/** Invalid patterns, and the place that the error must name. */
const WRONG: [JsonValue, string][] = [
  ["text", ""],
  [[], ""],
  [null, ""],
  [{ a: [["x"]] }, "/a/0"],
  [{ a: ["x", {}] }, "/a/1"],
  [{ a: [{ unknown: "x" }] }, "/a/0"],
  [{ a: [{ prefix: "x", suffix: "y" }] }, "/a/0"],
  [{ a: { b: [{ prefix: 5 }] } }, "/a/b/0/prefix"],
  [{ a: [{ prefix: ["x", 5] }] }, "/a/0/prefix/1"],
  [{ a: [{ prefix: { suffix: "x" } }] }, "/a/0/prefix"],
  [{ a: [{ suffix: null }] }, "/a/0/suffix"],
  [{ a: [{ "equals-ignore-case": { prefix: "x" } }] }, "/a/0/equals-ignore-case"],
  [{ a: [{ prefix: { "equals-ignore-case": 5 } }] }, "/a/0/prefix/equals-ignore-case"],
  [{ a: [{ "anything-but": [[1]] }] }, "/a/0/anything-but/0"],
  [{ a: [{ "anything-but": {} }] }, "/a/0/anything-but"],
  [{ a: [{ "anything-but": { prefix: 5 } }] }, "/a/0/anything-but/prefix"],
  [{ a: [{ numeric: 5 }] }, "/a/0/numeric"],
  [{ a: [{ numeric: ["<"] }] }, "/a/0/numeric"],
  [{ a: [{ numeric: ["<", "5"] }] }, "/a/0/numeric/1"],
  [{ a: [{ numeric: ["==", 5] }] }, "/a/0/numeric/0"],
  [{ a: [{ numeric: [5, "<"] }] }, "/a/0/numeric/1"],
  [{ a: [{ exists: "true" }] }, "/a/0/exists"],
  [{ a: [{ wildcard: "a\\" }] }, "/a/0/wildcard"],
  [{ a: [{ wildcard: 5 }] }, "/a/0/wildcard"],
  [{ a: [{ cidr: "10.0.0.0" }] }, "/a/0/cidr"],
  [{ a: [{ cidr: "10.0.0.0/33" }] }, "/a/0/cidr"],
  [{ a: [{ cidr: "10.0.0.256/8" }] }, "/a/0/cidr"],
  [{ a: [{ cidr: "::/129" }] }, "/a/0/cidr"],
  [{ $or: [{ a: ["x"] }, "y"] }, "/$or/0"],
  [{ $or: [{ a: ["x"] }, { b: [["y"]] }] }, "/$or/1/b/0"],
  [{ a: [{ $or: "x" }] }, "/a/0/$or"],
  [{ a: [{ $or: [{ b: "y" }, "z"] }] }, "/a/0/$or/1"],
  [{ a: [{ "anything-but": { $or: 5 } }] }, "/a/0/anything-but/$or"],
  [{ a: [{ "anything-but": { exists: true } }] }, "/a/0/anything-but"],
  [{ a: [{ "anything-but": { numeric: ["<", "5"] } }] }, "/a/0/anything-but/numeric/1"],
  [{ "a/b": { "c~d": [["x"]] } }, "/a~1b/c~0d/0"],
];

for (const [pattern, place] of WRONG) {
  test(`an invalid event pattern is refused, naming the place: ${JSON.stringify(pattern)}`, () => {
    const error = assertThrows(() => compileEventPattern(pattern), InvalidOptionError);
    assertInstanceOf(error, InvalidOptionError);
    assertEquals(error.code, "ERR_INVALID_OPTION");
    assertEquals(error.option, "pattern");
    assertStringIncludes(
      error.message,
      place === "" ? "event pattern: expected " : `at "${place}" expected `,
    );
    assertStringIncludes(error.message, ", found ");
  });
}
