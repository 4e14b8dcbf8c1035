// How the page reads and writes times, and which lines a plot of many consumers has.
import { assertEquals, assertThrows } from "@std/assert";
import { startQuery } from "../../page/event_start.ts";
import { formatTime, isoTime } from "../../page/format.ts";
import { mostLagging } from "../../page/lag_lines.ts";
import type { Sample } from "../../src/ui/contract.ts";
import { test } from "../harness.ts";

test("a time that no calendar has, such as nanoseconds, is shown as a number", () => {
  assertEquals(isoTime(0), "1970-01-01T00:00:00.000Z");
  for (const time of [1_764_000_000_000_000_000, -1e300]) {
    assertEquals(isoTime(time), undefined);
    assertEquals(formatTime(time), `${time} ms`);
  }
});

test("a plot of consumers shows those with the largest lag now, and knows how many there are", () => {
  const common = { time: 1, events: 1, bytes: 1 };
  const samples: Sample[] = [{ ...common, lag: { gone: 99, a: 1, b: 2 } }, {
    ...common,
    lag: { a: 3, b: 2, c: 9 },
  }];
  assertEquals(mostLagging(samples, 2), { names: ["a", "c"], total: 4 });
  assertEquals(mostLagging([], 2), { names: [], total: 0 });
});

test("a number is an id in a partition, and a time in all of them if it has as many digits", () => {
  const start = (start: string, partition?: number): unknown =>
    startQuery({ start, partition, isOldestFirst: true });
  assertEquals(start("1764130000", 1), { from: 1764130000 });
  assertEquals(start("1764130000"), { time: 1764130000000 });
  assertEquals(start("1764130000123"), { time: 1764130000123 });
  assertEquals(start("40,000", 0), { from: 40_000 });
  // As in a command.
  assertEquals(start("@2026-11-23T15:48:00Z"), { time: Date.UTC(2026, 10, 23, 15, 48) });
  assertThrows(() => start("40,000"), Error, "Ids are those of a partition: choose one for “40,000”");
  assertThrows(() => start("1764130000000000"), Error, "microseconds");
  assertThrows(() => start("20261125"), Error, "may be the date 2026-11-25");
});
