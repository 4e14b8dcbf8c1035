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
  assertEquals(formatTable(head, rows)[1], "a-topic-with-a-long-name  short              1234567");
});

test("where a table does not fit, each value has a line of its own", () => {
  const head = ["topic", "first id", "size"];
  const rows = [["a-topic-with-a-long-name", 1234567, "1 B"], ["b", 1, ""]];
  // No column is made narrower than its title, or than is readable.
  assertEquals(formatTable(head, rows, 24)[0], "topic     first id  size");
  assertEquals(formatTable(head, rows, 23), [
    "topic     a-topic-with-a-long-name",
    "first id  1234567",
    "size      1 B",
    "",
    "topic     b",
    "first id  1",
    "size",
  ]);
  assertEquals(formatTable(head, [], 5), ["topic  first id  size"]);
});

test("columns are aligned for characters that take two columns of a terminal, or none", () => {
  const rows = [["注文", "a"], ["e\u0301te\u0301", "b"], ["orders", "c"]];
  assertEquals(formatTable(["topic", "consumer"], rows), [
    "topic   consumer",
    "注文    a",
    "e\u0301te\u0301     b",
    "orders  c",
  ]);
  assertEquals(formatTable(["topic", "consumer"], [["注文".repeat(6), "😀".repeat(9)]], 20), [
    "topic      consumer",
    "注文…注文  😀😀…😀😀",
  ]);
});
