import { formatTable } from "../console/table.ts";
import { formatBytes, formatCount, formatMs, formatSpeed } from "./chart/format.ts";
import { percentile, PERCENTILES } from "./percentile.ts";
import { type BenchResults, figuresOf } from "./results.ts";

const HEAD = ["measured", "events/s", "data/s", "CPU an event", "memory", "events", "time"];

/** The results as a table, a line each. */
export function resultsText({ results, latency }: BenchResults): string[] {
  const rows = results.map(({ what, measured }) => {
    const figures = figuresOf(measured);
    return [
      what,
      formatCount(figures.eventsPerSecond),
      figures.bytes === 0 ? "-" : formatSpeed(figures.bytesPerSecond),
      formatMs(figures.cpuMicrosPerEvent / 1000),
      formatBytes(figures.memoryBytes),
      figures.events.toLocaleString("en"),
      formatMs(figures.seconds * 1000),
    ];
  });
  const lines = rows.length === 0 ? [] : formatTable(HEAD, rows);
  if (latency !== undefined) lines.push(latencyLine(latency));
  return lines;
}

/** `latency: p50 0.24 ms  p90 …`. */
export function latencyLine(latency: readonly number[]): string {
  const shares = PERCENTILES.map((share) => `p${share * 100} ${formatMs(percentile(latency, share))}`);
  return `latency: ${[...shares, `max ${formatMs(latency[latency.length - 1])}`].join("  ")}`;
}
