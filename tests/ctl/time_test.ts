import { assertEquals, assertThrows } from "@std/assert";
import { parseStart, startIn } from "../../src/ctl/position.ts";
import { parseTime } from "../../src/ctl/time.ts";
import { UsageError } from "../../src/ctl/usage_error.ts";
import { test } from "../harness.ts";

test("parseTime() reads dates, milliseconds, seconds and ages", () => {
  const now = () => Date.UTC(2026, 10, 23, 12);
  const parse = (text: string) => parseTime("--from", text, now);
  assertEquals(parse("2026-11-23T11:00:00Z"), now() - 3_600_000);
  assertEquals(parse(String(now())), now());
  assertEquals(parse("1700000000"), 1_700_000_000_000);
  assertEquals(parse("90s"), now() - 90_000);
  assertEquals(parse("1.5h"), now() - 5_400_000);
  assertEquals(parse("7d"), now() - 7 * 86_400_000);
  assertThrows(() => parse("yesterday"), UsageError, 'found "yesterday"');
});

test("parseStart() reads every form of --from", () => {
  assertEquals(
    ["earliest", "latest", "17", "-3", "@1700000000000"].map((text) => parseStart("--from", text)),
    [
      "earliest",
      "latest",
      { id: 17 },
      { last: 3 },
      { time: 1_700_000_000_000 },
    ],
  );
  for (const text of ["", "first", "1.5", "@", "-"]) {
    assertThrows(() => parseStart("--from", text), UsageError);
  }
});

test("startIn() counts back from the end of a partition, at most to its first event", () => {
  const partition = { partition: 0, firstId: 10, nextId: 15, bytes: 0, segments: 1 };
  assertEquals(startIn(partition, { last: 3 }), { id: 12 });
  assertEquals(startIn(partition, { last: 99 }), { id: 10 });
  assertEquals(startIn(partition, "latest"), "latest");
});
