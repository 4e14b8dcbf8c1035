import { assert, assertAlmostEquals, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { barChart } from "../../src/ctl/bench/chart/bar_chart.ts";
import { formatBytes, formatCount, formatMs, formatSpeed } from "../../src/ctl/bench/chart/format.ts";
import { latencyChart } from "../../src/ctl/bench/chart/latency_chart.ts";
import { lineChart, spread } from "../../src/ctl/bench/chart/line_chart.ts";
import { linearScale, logScale, stepScale } from "../../src/ctl/bench/chart/scale.ts";
import { page, table } from "../../src/ctl/bench/page.ts";
import { percentile } from "../../src/ctl/bench/results.ts";
import { test } from "../harness.ts";

test("figures are written with three digits and a unit", () => {
  assertEquals([1_234_567, 45_600, 999_900, 12, 0].map(formatCount), ["1.23 M", "45.6 k", "1 M", "12", "0"]);
  assertEquals([512, 65_536, 1.5 * 2 ** 20].map(formatBytes), ["512 B", "64 KiB", "1.5 MiB"]);
  assertEquals([223e6, 999].map(formatSpeed), ["223 MB/s", "999 B/s"]);
  assertEquals([0.031, 0.24, 12.34, 2500].map(formatMs), ["31 µs", "0.24 ms", "12.3 ms", "2.5 s"]);
});

test("a linear scale is widened to round numbers", () => {
  const scale = linearScale(0, 96);
  assertEquals(scale.ticks, [0, 20, 40, 60, 80, 100]);
  assertAlmostEquals(scale.at(50), 0.5);
});

test("a logarithmic scale gives every factor the same width", () => {
  const scale = logScale(1, 10_000);
  assertAlmostEquals(scale.at(100), 0.5);
  assertEquals(scale.ticks, [1, 3, 10, 30, 100, 300, 1000, 3000, 10_000]);
  const narrow = logScale(3, 4);
  assert(narrow.at(3) >= 0 && narrow.at(4) <= 1);
});

test("a step scale spaces values evenly", () => {
  const scale = stepScale([4096, 1, 64, 64]);
  assertEquals(scale.ticks.map((tick) => scale.at(tick)), [0, 0.5, 1]);
});

test("labels at the ends of lines do not overlap", () => {
  const moved = spread([100, 101, 300], 17);
  assert(moved[1] - moved[0] >= 16.9);
  assertAlmostEquals(moved[2], 300);
});

test("a line chart names its series and escapes its input", () => {
  const svg = lineChart({
    title: "a < b & c",
    x: { label: "x", scale: "steps", format: String },
    y: { label: "y", scale: "log", format: formatCount },
    series: [{ name: "one", points: [[1, 10], [2, 20]] }, { name: "two", points: [[1, 5], [2, 50]] }],
  });
  assertStringIncludes(svg, "a &lt; b &amp; c");
  assertStringIncludes(svg, ">one</text>");
  assertEquals(svg.match(/<circle/g)?.length, 4);
  assertEquals(/NaN|Infinity|undefined/.test(svg), false);
});

test("charts of one point and of equal values are drawn", () => {
  for (const scale of ["linear", "log", "steps"] as const) {
    const svg = lineChart({
      title: "",
      x: { label: "", scale, format: String },
      y: { label: "", scale: scale === "steps" ? "linear" : scale, format: String },
      series: [{ name: "only", points: [[7, 7]] }],
    });
    assertEquals(/NaN|Infinity/.test(svg), false, scale);
  }
});

test("a bar chart draws the largest first", () => {
  const svg = barChart({
    title: "bars",
    scale: "log",
    format: formatCount,
    bars: [{ name: "small", value: 10 }, { name: "large", value: 1000, ours: true }],
  });
  assert(svg.indexOf("large") < svg.indexOf("small"));
  assertStringIncludes(svg, "<title>small: 10</title>");
  assertEquals(/NaN|Infinity/.test(svg), false);
});

test("a latency chart shows the slow events", () => {
  const sorted = Array.from({ length: 1000 }, (_, index) => index < 990 ? 0.2 : 5);
  const svg = latencyChart("latency", "note", [{ name: "files", sorted }]);
  assertStringIncludes(svg, ">99 %</text>");
  // Values under the pointer, although no dot is drawn.
  assertMatch(svg, /<circle class="hit"[^>]*><title>files: 5 ms at 99[.0-9]* %<\/title>/);
  assertEquals(/NaN|Infinity/.test(svg), false);
});

test("percentile() gives the value below which a share lies", () => {
  const sorted = Array.from({ length: 100 }, (_, index) => index + 1);
  assertEquals([0, 0.5, 0.99, 1].map((share) => percentile(sorted, share)), [1, 51, 100, 100]);
});

test("a page needs no other file, and escapes its input", () => {
  const html = page({
    title: "<title>",
    facts: { date: "today" },
    sections: [table(["what", "figure"], [["<b>", "1"]]), "<svg></svg>"],
  });
  assertStringIncludes(html, "&lt;title&gt;");
  assertStringIncludes(html, "<td>&lt;b&gt;</td><td>1</td>");
  assertStringIncludes(html, "<figure><svg></svg></figure>");
  assertEquals(/(src|href)=/.test(html), false);
});

test("on a phone, a page shows a chart as wide as its screen, with names and notes inside", () => {
  const chart = {
    title: "speed",
    note: "a note of more words than fit into one line of a narrow chart, which is divided between words",
    x: { label: "size", scale: "steps", format: String },
    y: { label: "events/s", scale: "log", format: formatCount },
    series: ["produce", "consume"].map((name) => ({
      name,
      points: [[1, 10], [2, 20]] as [number, number][],
    })),
  } as const;
  const narrow = lineChart(chart, "narrow");
  assertStringIncludes(narrow, 'viewBox="0 0 380 ');
  const texts = [...narrow.matchAll(/<text x="([\d.]+)"[^>]*>([^<]*)</g)].map(([, x, text]) =>
    [Number(x), text!] as const
  );
  assert(texts.every(([x, text]) => x < 380 && text.length < 56), JSON.stringify(texts));
  assertEquals(texts.filter(([, text]) => ["produce", "consume"].includes(text)).length, 2);
  const made = page({ title: "t", facts: {}, sections: [{ wide: lineChart(chart), narrow }] });
  assertStringIncludes(made, `<div class="narrow">${narrow}</div>`);
});
