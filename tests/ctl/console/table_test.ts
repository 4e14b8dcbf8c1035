import { assertEquals } from "@std/assert";
import { formatTable } from "../../../src/ctl/console/table.ts";
import { test } from "../../harness.ts";

test("a table wider than the terminal shortens its widest texts, but no numbers", () => {
  const head = ["topic", "consumer", "events"];
  const rows = [["a-topic-with-a-long-name", "short", 1234567], ["b", "another-long-name", 1]];
  const lines = formatTable(head, rows, 40);
  assertEquals(lines.map((line) => line.length <= 40), [true, true, true], lines.join("\n"));
  assertEquals(lines[1].endsWith("1234567"), true);
  assertEquals(lines[1].includes("…"), true);
  assertEquals(lines[1].startsWith("a-topic"), true);
  // No column is made narrower than its title, or than is readable.
  assertEquals(formatTable(head, rows, 5)[1].includes("1234567"), true);
  assertEquals(formatTable(head, rows)[1], "a-topic-with-a-long-name  short              1234567");
});
