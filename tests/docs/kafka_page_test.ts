// The page about Kafka lists every property that has an effect, and no others.
import { assert, assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { HONOURED, INEFFECTIVE, REFUSED } from "../../src/drivers/kafka/settings/property_table.ts";
import { test } from "../harness.ts";

const page = readFileSync(new URL("../../docs/kafka.md", import.meta.url), "utf8");

/** The text in backticks in the first column of the table after a heading. */
function namesIn(heading: string): string[] {
  const section = page.slice(page.indexOf(heading));
  const table = section.slice(section.indexOf("\n|"), section.indexOf("\n\n", section.indexOf("\n|")));
  return table.split("\n").flatMap((line) =>
    [...(line.split(" | ")[0] ?? "").matchAll(/`([^`]+)`/g)].map(([, name]) => name)
  );
}

test("every supported property of Kafka is explained once", () => {
  assertEquals(namesIn("### Properties").sort(), Object.keys(HONOURED).sort());
});

test("properties documented as refused or without effect are", () => {
  const paragraph = page.slice(page.indexOf("Other properties of librdkafka"), page.indexOf("## Security"));
  const named = [...paragraph.matchAll(/`([^`]+)`/g)].map(([, name]) => name);
  assert(named.length > 5);
  for (const name of named) assert(name in REFUSED || INEFFECTIVE.includes(name), name);
});
