import { assertEquals, assertThrows } from "@std/assert";
import { parseStart, startIn } from "../../src/ctl/position.ts";
import { parsePastTime, parseTime } from "../../src/ctl/time.ts";
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
  for (const text of ["15m ago", "15 minutes ago", "now-15m", "now - 15 min", "15mins", "900 seconds"]) {
    assertEquals(parse(text), now() - 900_000, text);
  }
  for (
    const [text, ms] of [["1 hour 30 minutes", 5_400_000], ["2hrs", 7_200_000], ["1week", 7 * 86_400_000]]
  ) {
    assertEquals(parse(String(text)), now() - Number(ms), String(text));
  }
  const local = new Date(now());
  const [year, month, day] = [local.getFullYear(), local.getMonth(), local.getDate()];
  assertEquals(parse("today"), new Date(year, month, day).getTime());
  assertEquals(parse("Yesterday"), new Date(year, month, day - 1).getTime());
  assertEquals(parse("yesterday 14:05:06"), new Date(year, month, day - 1, 14, 5, 6).getTime());
  for (
    const text of [
      "tomorrow",
      "yesterday 14",
      "yesterday 25:00",
      "ago",
      "now-",
      "now-now",
      "1 month",
      "1mss",
      "5 mo",
    ]
  ) {
    assertThrows(() => parse(text), UsageError, `found "${text}"`);
  }
});

test("a time before which everything goes is not one that is still to come", () => {
  const now = () => new Date(2026, 10, 23, 7, 12).getTime();
  assertEquals(parsePastTime("--before-time", "now", now), now());
  assertEquals(parsePastTime("--before-time", "07:11", now), now() - 60_000);
  for (const text of ["23:00", "2027-01-01"]) {
    assertThrows(() => parsePastTime("--before-time", text, now), UsageError, "which is still to come");
  }
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
