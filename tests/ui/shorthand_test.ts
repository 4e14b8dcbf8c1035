import { assertEquals, assertThrows } from "@std/assert";
import { compileEventPattern, type JsonValue } from "../../mod.ts";
import { wantedOf } from "../../page/shorthand.ts";
import { test } from "../harness.ts";

test("short conditions become the equivalent pattern", () => {
  const cases: [string, string][] = [
    ["energy > 40", '{"energy":[{"numeric":[">",40]}]}'],
    ["x>=1 and x < 5", '{"x":[{"numeric":[">=",1,"<",5]}]}'],
    ["run.kind = test AND n != 3", '{"run":{"kind":["test"]},"n":[{"anything-but":[3]}]}'],
    ['user = "Ann Lee"', '{"user":["Ann Lee"]}'],
    ["done == true", '{"done":[true]}'],
    ["path ~ a*b", '{"path":[{"wildcard":"*a\\\\*b*"}]}'],
    ['{"x": [1]}', '{"x": [1]}'],
  ];
  for (const [typed, filter] of cases) {
    assertEquals(wantedOf(typed), { filter }, typed);
    // A topic would accept it, too.
    compileEventPattern(JSON.parse(filter) as JsonValue);
  }
  assertEquals(wantedOf("  "), {});
  for (const text of ["volcano", "a and b", "“quoted”", "12:30", "[1]", "x > 1 and more"]) {
    assertEquals(wantedOf(text), { text });
  }
  for (const typed of ["x > abc", "x = 1 and x = 2", "x > 1 and x.y = 2"]) {
    assertThrows(() => wantedOf(typed), Error, "x");
  }
});
