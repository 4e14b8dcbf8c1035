import type { Measured } from "../../src/ctl/bench/stopwatch.ts";
import type { Shape } from "../../src/ctl/bench/workload.ts";
import type { Contestant } from "./peers.ts";
import { median } from "./report.ts";

/** The contestants at one workload. */
export interface Comparison {
  workload: string;
  shape: Shape;
  rows: {
    name: string;
    kind: Contestant["kind"];
    /** Medians; undefined where it was not measured. */
    produce?: Measured;
    consume?: Measured;
    /** Why it was not measured. */
    missing?: string;
  }[];
}

/** Lets each do the work in turn, round after round. */
export async function comparison(
  workload: string,
  contestants: readonly Contestant[],
  { folder, shape, rounds, tell }: {
    folder: string;
    shape: Shape;
    rounds: number;
    tell: (text: string) => void;
  },
): Promise<Comparison> {
  const produced = new Map<string, Measured[]>();
  const consumed = new Map<string, Measured[]>();
  const able = contestants.filter((contestant) => contestant.missing(shape) === false);
  // A first pass that does not count, so that the system allocates memory for its file cache.
  for (let round = -1; round < rounds; round++) {
    for (const contestant of round < 0 ? able.slice(0, 1) : able) {
      tell(`${round < 0 ? "preparing" : `round ${round + 1} of ${rounds}`}, ${contestant.name}`);
      const { produce, consume } = await contestant.measure(folder, shape);
      if (round < 0) continue;
      produced.set(contestant.name, [...produced.get(contestant.name) ?? [], produce]);
      consumed.set(contestant.name, [...consumed.get(contestant.name) ?? [], consume]);
    }
  }
  return {
    workload,
    shape,
    rows: contestants.map((contestant) => {
      const { name, kind } = contestant;
      const missing = contestant.missing(shape);
      if (missing !== false) return { name, kind, missing };
      return { name, kind, produce: median(produced.get(name)!), consume: median(consumed.get(name)!) };
    }),
  };
}

const HEAD = ["", "produce, events/s", "µs CPU", "to ours", "consume, events/s", "µs CPU", "to ours"];

/** The comparison as a table in plain text. */
export function comparisonText(compared: Comparison): string {
  const widths = [42, 18, 9, 9, 19, 9, 9];
  const rows = [HEAD, ...cells(compared)].map((row) =>
    row.map((cell, column) => column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])).join("")
  );
  return [`\n${titleOf(compared)}`, ...rows].join("\n");
}

/** The comparison as a table in Markdown. */
export function comparisonMarkdown(compared: Comparison): string {
  const line = (row: readonly string[]): string => `| ${row.join(" | ")} |`;
  const rule = line(HEAD.map((_, column) => column === 0 ? "---" : "--:"));
  return [`\n${titleOf(compared)}\n`, line(HEAD), rule, ...cells(compared).map(line)].join("\n");
}

/** What was compared. */
export function titleOf({ workload, shape }: Comparison): string {
  return `${workload}: ${shape.events.toLocaleString("en")} events with ${
    shape.dataBytes.toLocaleString("en")
  } B data`;
}

function cells({ rows }: Comparison): string[][] {
  const ours = rows.find(({ kind }) => kind === "ours");
  return rows.map(({ name, produce, consume, missing }) => {
    if (produce === undefined || consume === undefined) {
      return [name, `not measured: ${missing}`, "", "", "", "", ""];
    }
    return [name, ...figures(produce, ours?.produce), ...figures(consume, ours?.consume)];
  });
}

/** Rate, processor time per event, and the latter as a multiple of ours. */
function figures({ events, seconds, cpuSeconds }: Measured, ours: Measured | undefined): string[] {
  const micros = cpuSeconds / events * 1e6;
  const ratio = ours === undefined
    ? ""
    : `${(micros / (ours.cpuSeconds / ours.events * 1e6)).toPrecision(2)}x`;
  return [
    Number((events / seconds).toPrecision(3)).toLocaleString("en"),
    micros >= 100 ? micros.toFixed(0) : micros.toPrecision(3),
    ratio,
  ];
}
