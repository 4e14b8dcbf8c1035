import { assertEquals, assertStringIncludes } from "@std/assert";
import { comparisonCharts, reportPage, sectionCharts } from "../../bench/suite/report_page.ts";
import type { Measured } from "../../src/ctl/bench/stopwatch.ts";
import { test } from "../harness.ts";

function measured(seconds: number): Measured {
  return {
    events: 1000,
    bytes: 0,
    seconds,
    cpuSeconds: seconds,
    memoryBytes: 100 * 2 ** 20,
    begunAt: 0,
    endedAt: 0,
  };
}

test("measurements are drawn as bars, and series over a size as lines", () => {
  const rows = [{ what: "produce, objects", measured: measured(0.001) }];
  const bars = sectionCharts({ title: "W1 on deno", rows });
  assertEquals(bars.length, 1);
  assertStringIncludes(bars[0], "produce, objects");
  assertStringIncludes(bars[0], "1 M");

  const growth = { label: "partitions", bytes: false, values: [1, 64] };
  const steps = [0.001, 0.002, 0.003, 0.004].map((seconds, at) => ({
    what: `step ${at >> 1}, ${at % 2 === 0 ? "produce" : "consume"}`,
    measured: measured(seconds),
  }));
  const lines = sectionCharts({ title: "Partitions", rows: steps, growth });
  assertEquals(lines.length, 2);
  for (const text of ["produce: 3 at 64", "consume: 4 at 64"]) assertStringIncludes(lines[0], text);
  assertStringIncludes(lines[1], "produce: 100 at 1");
});

test("measured contestants are drawn next to each other", () => {
  const shape = { events: 1000, dataBytes: 0, metadataBytes: 100 };
  const charts = comparisonCharts({
    workload: "W1",
    shape,
    rows: [
      { name: "ours", kind: "ours", produce: measured(0.001), consume: measured(0.002) },
      { name: "theirs", kind: "peer", produce: measured(0.01), consume: measured(0.02) },
      { name: "absent", kind: "peer", missing: "is not installed" },
    ],
  });
  assertEquals(charts.length, 2);
  for (const chart of charts) {
    assertStringIncludes(chart, "theirs");
    assertEquals(chart.includes("absent"), false);
  }
  const page = reportPage("Beside <peers>", charts, { lmdb: "3.5.6" });
  for (const text of ["Beside &lt;peers&gt;", "lmdb 3.5.6", "500 k"]) assertStringIncludes(page, text);
});
