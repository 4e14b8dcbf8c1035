import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { readFileSync } from "node:fs";
import { test } from "../harness.ts";
import { withPlots } from "../../tools/docs/plots.ts";

const TABLE = `| 100 B    | push | read |
| -------- | ---: | ---: |
| 1 KiB    |  1.5 |      |
| 2 KiB    |    3 |  4.5 |
| 10 KiB   |    9 |   12 |
`;

function page(...wanted: object[]): string {
  return `# Title\n\n<!-- plots ${JSON.stringify(wanted, undefined, 2)} -->\n\n${TABLE}\nAfter.\n`;
}

test("a comment before a table adds plots of it, and the table is kept", () => {
  const made = withPlots(page(
    { kind: "bars", title: "Bars", column: 1 },
    { kind: "lines", title: "Lines", columns: { push: 1, read: 2 }, x: "data", unit: "bytes" },
  ));
  assertStringIncludes(made, `\n\n${TABLE}\nAfter.\n`);
  assertEquals(made.match(/<svg/g)?.length, 2);
  // On one line, because an empty line would end the HTML in Markdown.
  assert(/^<figure class="plots"><svg.*<\/svg><\/figure>$/m.test(made), made);
  for (const text of ["Bars", "Lines", "10 KiB", "read: 4.5 at 2 KiB"]) assertStringIncludes(made, text);
  assertEquals(made.includes("at 1 KiB</title></circle></g><g"), false);
});

test("a plot of a column that is not in the table is refused, and a page without plots is unchanged", () => {
  assertThrows(() => withPlots(page({ kind: "bars", title: "None", column: 5 })), Error, '"None"');
  assertThrows(
    () => withPlots(page({ kind: "lines", title: "None", columns: { a: 5 } })),
    Error,
    '"None"',
  );
  assertEquals(withPlots(TABLE), TABLE);
});

test("every plot that the documentation asks for is drawn", () => {
  const markdown = readFileSync("docs/performance.md", "utf8");
  const wanted = markdown.match(/"kind": "/g)!.length;
  assertEquals(withPlots(markdown).match(/<svg/g)?.length, wanted);
});
