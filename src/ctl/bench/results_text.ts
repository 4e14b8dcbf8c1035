import { formatTable } from "../console/table.ts";
import { formatBytes, formatCount, formatMs, formatSpeed } from "./chart/format.ts";
import { type BenchResults, figuresOf, percentile, PERCENTILES, spreadOf } from "./results.ts";

const HEAD = ["measured", "events/s", "spread", "bytes/s", "CPU per event", "memory", "events", "time"];

/** The results as a table, one line each, for a terminal of that width. */
export function resultsText({ results, latency }: BenchResults, columnsMax = Infinity): string[] {
  const rows = results.map((result) => {
    const figures = figuresOf(result.measured);
    const spread = spreadOf(result);
    return [
      result.what,
      formatCount(figures.eventsPerSecond),
      spread === undefined ? "-" : `${Math.round(spread * 100)} %`,
      figures.bytes === 0 ? "-" : formatSpeed(figures.bytesPerSecond),
      formatMs(figures.cpuMicrosPerEvent / 1000),
      formatBytes(figures.memoryBytes),
      figures.events.toLocaleString("en"),
      formatMs(figures.seconds * 1000),
    ];
  });
  const lines = rows.length === 0 ? [] : formatTable(HEAD, rows, columnsMax);
  if (latency !== undefined) lines.push(latencyLine(latency));
  return lines;
}

/** `latency: p50 0.24 ms  p90 …`. */
function latencyLine(latency: readonly number[]): string {
  const shares = PERCENTILES.map((share) => `p${share * 100} ${formatMs(percentile(latency, share))}`);
  return `latency: ${[...shares, `max ${formatMs(percentile(latency, 1))}`].join("  ")}`;
}
