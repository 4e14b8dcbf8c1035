import { assertEquals, assertThrows } from "@std/assert";
import { compileEventPattern, type JsonValue } from "../../mod.ts";
import { wantedOf } from "../../page/shorthand.ts";
import { test } from "../harness.ts";

test("short conditions become the equivalent pattern", () => {
  const cases: [string, string][] = [
    ["energy > 40", '{"energy":[{"numeric":[">",40]}]}'],
    ["x > .5 and x < +7", '{"x":[{"numeric":[">",0.5,"<",7]}]}'],
    ["x>=1 and x < 5", '{"x":[{"numeric":[">=",1,"<",5]}]}'],
    ["run.kind = test AND n != 3", '{"run":{"kind":["test"]},"n":[{"anything-but":[3]}]}'],
    ['user = "Ann Lee"', '{"user":["Ann Lee"]}'],
    ["done == true", '{"done":[true]}'],
    ["path ~ a*b", '{"path":[{"wildcard":"*a\\\\*b*"}]}'],
    ['{"x": [1]}', '{"x": [1]}'],
    ['name = "salt and pepper" and n = 1', '{"name":["salt and pepper"],"n":[1]}'],
    ['name = "a \\"b\\" or c"', '{"name":["a \\"b\\" or c"]}'],
    ["name = 'Ann Lee' or n >= 40,000", '{"$or":[{"name":["Ann Lee"]},{"n":[{"numeric":[">=",40000]}]}]}'],
    ["a = it's and b = 2", '{"a":["it\'s"],"b":[2]}'],
    ["a = 1 and b = 2 || c <> 3", '{"$or":[{"a":[1],"b":[2]},{"c":[{"anything-but":[3]}]}]}'],
    ["n != 3 && n != 4", '{"n":[{"anything-but":[3,4]}]}'],
    ["n = [1, 2]", '{"n":[1,2]}'],
    ['"my key"."a.b" ~ x', '{"my key":{"a.b":[{"wildcard":"*x*"}]}}'],
    ["2theta > 4 and @type = x-1", '{"2theta":[{"numeric":[">",4]}],"@type":["x-1"]}'],
    ["größe < -1e3", '{"größe":[{"numeric":["<",-1000]}]}'],
    ["n = 007", '{"n":["007"]}'],
    ["toString = 1 and __proto__.a = 2", '{"toString":[1],"__proto__":{"a":[2]}}'],
  ];
  for (const [typed, filter] of cases) {
    assertEquals(wantedOf(typed), { filter }, typed);
    // A topic would accept it, too.
    compileEventPattern(JSON.parse(filter) as JsonValue);
  }
  assertEquals(wantedOf("  "), {});
  for (
    const text of ["volcano", "a and b", "“quoted”", "12:30", "[1]", "x > 1 and more", "x = 1 or y", "3 > 2"]
  ) {
    assertEquals(wantedOf(text), { text });
  }
  // A double would also match its neighbours.
  assertEquals(wantedOf("x.id = 12345678901234567891"), {
    filter: '{"x":{"id":[12345678901234567000]}}',
    text: "12345678901234567891",
  });
  for (
    const typed of [
      ...["x > abc", "x = 1 and x = 2", "x > 1 and x.y = 2", "x.y = 2 and x > 1", "x < 1e999", 'x > "5"'],
      "x =~ /a.*/",
      "x = 12345678901234567891 or y = 1",
    ]
  ) {
    assertThrows(() => wantedOf(typed), Error, typed.includes(" or ") ? "12345678901234567891" : "x");
  }
});
