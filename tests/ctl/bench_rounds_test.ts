import { assertEquals, assertMatch } from "@std/assert";
import { busyText } from "../../src/ctl/bench/environment.ts";
import { medianOf, spreadOf } from "../../src/ctl/bench/results.ts";
import type { Measured } from "../../src/ctl/bench/stopwatch.ts";
import { test } from "../harness.ts";

const measured = (seconds: number): Measured => ({
  events: 100,
  bytes: 0,
  seconds,
  cpuSeconds: 1,
  memoryBytes: 1,
  begunAt: 0,
  endedAt: seconds,
});

test("the median of several rounds counts, and the spread is shown", () => {
  const rounds = [2, 1, 4].map((seconds) => [{ what: "produce", measured: measured(seconds) }]);
  const [result] = medianOf(rounds);
  assertEquals([result.measured.seconds, result.rounds], [2, [50, 100, 25]]);
  assertEquals(spreadOf(result), 1.5);
  const [single] = medianOf(rounds.slice(0, 1));
  assertEquals([single.rounds, spreadOf(single)], [undefined, undefined]);
});

test("a busy machine is reported, and an idle one is not", () => {
  assertEquals(busyText(0.3, 4), undefined);
  assertMatch(busyText(6.5, 4)!, /6\.5 programs want its 4 processors/);
});
