/**
 * Results as a self-contained page with plots.
 *
 * @module
 */
import { barChart } from "../../src/ctl/bench/chart/bar_chart.ts";
import { formatBytes, formatCount } from "../../src/ctl/bench/chart/format.ts";
import { lineChart } from "../../src/ctl/bench/chart/line_chart.ts";
import { environment } from "../../src/ctl/bench/environment.ts";
import { page } from "../../src/ctl/bench/page.ts";
import { type Figures, figuresOf } from "../../src/ctl/bench/results.ts";
import { type Comparison, titleOf } from "./comparison.ts";
import type { Section } from "./report.ts";

const MIB = 2 ** 20;

/** The charts of one page, and the conditions of the measurement. */
export function reportPage(
  title: string,
  charts: readonly string[],
  versions: Record<string, string> = {},
): string {
  const peers = Object.entries(versions).map((pair) => pair.join(" ")).join(", ");
  const facts = { ...environment(), ...(peers === "" ? {} : { peers }) };
  return page({ title, facts, sections: charts });
}

/** A section as charts: lines if something grows, otherwise bars. */
export function sectionCharts({ title, rows, growth }: Section): string[] {
  if (growth === undefined) {
    return [barChart({
      title,
      note: "events/s",
      scale: "log",
      format: formatCount,
      bars: rows.map(({ what, measured }) => ({
        name: what,
        value: figuresOf(measured).eventsPerSecond,
        ours: /^(produce|consume)/.test(what),
      })),
    })];
  }
  const { label, bytes, values } = growth;
  const x = { label, scale: "steps", format: bytes ? formatBytes : formatCount } as const;
  const series = (pick: (figures: Figures) => number): { name: string; points: [number, number][] }[] =>
    ["produce", "consume"].map((name) => ({
      name,
      points: rows.filter(({ what }) => what.endsWith(name)).map((
        { measured },
        at,
      ) => [values[at], pick(figuresOf(measured))]),
    }));
  return [
    lineChart({
      title,
      note: "processor time an event",
      x,
      y: { label: "µs", scale: "log", format: (value) => String(Number(value.toPrecision(2))) },
      series: series(({ cpuMicrosPerEvent }) => cpuMicrosPerEvent),
    }),
    lineChart({
      title,
      note: "the most memory a process had",
      x,
      y: { label: "MiB", scale: "linear", format: String },
      series: series(({ memoryBytes }) => memoryBytes / MIB),
    }),
  ];
}

/** The contestants side by side, writing and reading. */
export function comparisonCharts(compared: Comparison): string[] {
  return (["produce", "consume"] as const).map((kind) =>
    barChart({
      title: `${titleOf(compared)}: ${kind}`,
      note: "events/s",
      scale: "log",
      format: formatCount,
      bars: compared.rows.flatMap((row) => {
        const measured = row[kind];
        return measured === undefined
          ? []
          : [{ name: row.name, value: figuresOf(measured).eventsPerSecond, ours: row.kind === "ours" }];
      }),
    })
  );
}
