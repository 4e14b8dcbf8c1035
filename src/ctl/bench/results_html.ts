import { formatBytes, formatCount, formatMs, formatSpeed } from "./chart/format.ts";
import { latencyChart } from "./chart/latency_chart.ts";
import { type ChartSize, type LineChart, lineChart } from "./chart/line_chart.ts";
import { page, type Pictures, table } from "./page.ts";
import { type BenchResults, figuresOf, percentile, PERCENTILES } from "./results.ts";
import type { SweepPoint } from "./sweeps.ts";
import { counted, countedGrouped } from "../../text/counted.ts";

/** The results as a self-contained page. */
export function resultsPage(all: BenchResults): string {
  const { settings, sweeps, latency } = all;
  const charts: Pictures[] = [];
  const shape = `${formatBytes(settings.metadataBytes)} metadata`;
  const processes = settings.processes === 1
    ? "one process"
    : counted(settings.processes, "process", "processes");
  if (sweeps !== undefined) {
    charts.push(inSizes({
      title: "Throughput by batch size",
      note: `${shape}, ${formatBytes(settings.dataBytes)} data, ${processes}`,
      x: { label: "events per batch", scale: "steps", format: String },
      y: { label: "events/s", scale: "log", format: formatCount },
      series: bothSeries(sweeps.batchSize, (figures) => figures.eventsPerSecond),
    }));
    charts.push(inSizes({
      title: "Throughput by data size",
      note: `${shape}, ${processes}`,
      x: { label: "data of an event", scale: "steps", format: formatBytes },
      y: { label: "events/s", scale: "log", format: formatCount },
      series: bothSeries(sweeps.dataSize, (figures) => figures.eventsPerSecond),
    }));
    charts.push(inSizes({
      title: "Bandwidth by data size",
      note: `${shape}, ${processes}`,
      x: { label: "data of an event", scale: "steps", format: formatBytes },
      y: { label: "metadata and data", scale: "log", format: formatSpeed },
      series: bothSeries(
        sweeps.dataSize,
        ({ eventsPerSecond }, value) => eventsPerSecond * (value + settings.metadataBytes),
      ),
    }));
  }
  if (latency !== undefined) {
    // The topics of this driver are in one process.
    const apart = settings.driver === "memory" ? "one process" : "two processes";
    const note = `${apart}, ${settings.rate.toLocaleString("en")} events/s; half of the events within ${
      formatMs(percentile(latency, 0.5))
    }`;
    const draw = (size: ChartSize): string =>
      latencyChart("From push to pull", note, [{ name: settings.driver, sorted: latency }], size);
    charts.push({ wide: draw("wide"), narrow: draw("narrow") });
  }
  return page({
    title: `Diaspora Stream: driver "${settings.driver}"`,
    facts: { ...all.environment, work: workOf(all) },
    sections: [resultsTable(all), ...charts],
  });
}

function inSizes(chart: LineChart): Pictures {
  return { wide: lineChart(chart, "wide"), narrow: lineChart(chart, "narrow") };
}

function bothSeries(
  points: readonly SweepPoint[],
  pick: (figures: ReturnType<typeof figuresOf>, value: number) => number,
): { name: string; points: [number, number][] }[] {
  return (["produce", "consume"] as const).map((name) => ({
    name,
    points: points.map((point) => [point.value, pick(figuresOf(point[name]), point.value)]),
  }));
}

function workOf({ settings }: BenchResults): string {
  const batch = settings.batchSize === undefined ? "adaptive batches" : `batches of ${settings.batchSize}`;
  return `${countedGrouped(settings.events, "event")} ${
    settings.processes === 1
      ? "by one process"
      : `by each of ${counted(settings.processes, "process", "processes")}`
  }, ` +
    `${formatBytes(settings.metadataBytes)} metadata, ${formatBytes(settings.dataBytes)} data, ${batch}`;
}

function resultsTable({ results, latency }: BenchResults): string {
  const rows = results.map(({ what, measured }) => {
    const { eventsPerSecond, bytes, bytesPerSecond, cpuMicrosPerEvent, memoryBytes } = figuresOf(measured);
    return [
      what,
      formatCount(eventsPerSecond),
      bytes === 0 ? "–" : formatSpeed(bytesPerSecond),
      formatMs(cpuMicrosPerEvent / 1000),
      formatBytes(memoryBytes),
    ];
  });
  const speeds = table(["", "events/s", "bytes/s", "CPU per event", "memory"], rows);
  if (latency === undefined) return speeds;
  return speeds + table(
    ["from push to pull", ...PERCENTILES.map((share) => `${share * 100} %`), "slowest"],
    [[
      "latency",
      ...PERCENTILES.map((share) => formatMs(percentile(latency, share))),
      formatMs(percentile(latency, 1)),
    ]],
  );
}
