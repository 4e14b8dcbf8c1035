// docs/metrics.md lists every channel with the fields of its messages, and every metric, and no others. A metric was
// missing, the number of partitions that group members own.
import { assert, assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { diagnostics } from "../../src/diagnostics.ts";
import { test } from "../harness.ts";

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const page = read("docs/metrics.md");

/** The cells of each row of the table after a heading. */
function rowsAfter(heading: string): string[][] {
  const section = page.slice(page.indexOf(`\n## ${heading}\n`));
  const table = section.slice(section.indexOf("\n|") + 1);
  const lines = table.slice(0, table.indexOf("\n\n")).split("\n").slice(2);
  return lines.map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
}

/** What is in backticks in a cell. */
const names = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name);

test("the page of metrics lists every channel, with the fields of its messages", () => {
  const source = read("src/diagnostics.ts");
  const channels = Object.keys(diagnostics).map((channel) => {
    const message = `${channel[0].toUpperCase()}${channel.slice(1)}Message`;
    const [, body] = new RegExp(`interface ${message} \\{\n(.*?)\n\\}`, "s").exec(source) ?? [];
    assert(body !== undefined, `no interface ${message}`);
    const fields = [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??:/gm)].map(([, field]) => field);
    return [`diagnostics.${channel}`, fields.filter((field) => field !== "topic").sort()];
  });
  const listed = rowsAfter("Channels").map((
    [channel, , fields],
  ) => [names(channel)[0], names(fields).sort()]);
  assertEquals(listed.sort(), channels.sort());
});

test("the page of metrics lists every metric, with its kind", () => {
  const created = [...read("src/otel/measure.ts").matchAll(/meter\.create(\w+)\("([^"]+)"/g)]
    .map(([, kind, name]) => [name, kind.toLowerCase()]);
  assert(created.length > 5);
  const listed = rowsAfter("Metrics").map(([name, kind]) => [names(name)[0], kind.replace(/[- ]/g, "")]);
  assertEquals(listed.sort(), created.sort());
});
