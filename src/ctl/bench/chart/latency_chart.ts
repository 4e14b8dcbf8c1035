import { percentile } from "../results.ts";
import { formatMs } from "./format.ts";
import { type ChartSize, lineChart, type Series } from "./line_chart.ts";

/** Labelled ticks, as "one event in N is slower": 0, 50, 90, 99 % and so on. */
const NAMED = [1, 2, 10, 100, 1000, 10_000, 100_000];

/** Draws the latency by percentile, on an axis with as much room for the slowest events as for the others. */
export function latencyChart(
  title: string,
  note: string,
  lines: readonly { name: string; sorted: readonly number[] }[],
  size?: ChartSize,
): string {
  return lineChart({
    title,
    note,
    x: { label: "share of the events", scale: "log", format: formatShare, ticks: NAMED },
    y: { label: "latency", scale: "log", format: formatMs },
    series: lines.map(({ name, sorted }): Series => ({ name, points: curve(sorted), smooth: true })),
  }, size);
}

/** Points as "one event in N is slower", from percentile 0 up to all but the last few events. */
function curve(sorted: readonly number[]): [number, number][] {
  const points: [number, number][] = [];
  for (let oneOf = 1; oneOf <= Math.max(2, sorted.length / 2); oneOf *= 1.1) {
    points.push([oneOf, Math.max(1e-4, percentile(sorted, 1 - 1 / oneOf))]);
  }
  return points;
}

/** One in 1,000 events is slower: 99.9 %. */
function formatShare(oneOf: number): string {
  return `${Number((100 - 100 / oneOf).toFixed(4))} %`;
}
