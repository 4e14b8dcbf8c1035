import type { Measured } from "../../src/ctl/bench/stopwatch.ts";

/** One line of a result table. */
export interface Row {
  /** What was measured, e.g. `produce, objects`. */
  what: string;
  /** The median of the rounds. */
  measured: Measured;
  /** Processor time per event, as a multiple of the floor's. */
  toFloor?: number;
}

/** A table of results. */
export interface Section {
  title: string;
  rows: Row[];
  /** If the rows are steps of something that grows, two each (produce, consume): what it is, and how much. */
  growth?: { label: string; bytes: boolean; values: number[] };
}

/** The measurement with the median processor time. */
export function median(all: readonly Measured[]): Measured {
  return [...all].sort((one, other) => one.cpuSeconds - other.cpuSeconds)[all.length >> 1];
}

const WHAT_WIDTH = 40;

/** A table as text. */
export function sectionText({ title, rows }: Section): string {
  const head = "events/s     MB/s   µs CPU  µs wall  to floor  MiB peak";
  return [`\n${title}`, " ".repeat(WHAT_WIDTH) + head.padStart(61), ...rows.map(rowText)].join("\n");
}

function rowText({ what, measured, toFloor }: Row): string {
  const { events, bytes, seconds, cpuSeconds, memoryBytes } = measured;
  const cells = [
    whole(events / seconds).padStart(14),
    (bytes === 0 ? "" : whole(bytes / seconds / 1e6)).padStart(9),
    micros(cpuSeconds / events).padStart(9),
    micros(seconds / events).padStart(9),
    (toFloor === undefined ? "" : `${toFloor.toFixed(2)}x`).padStart(10),
    whole(memoryBytes / 2 ** 20).padStart(10),
  ];
  return what.padEnd(WHAT_WIDTH) + cells.join("");
}

function whole(value: number): string {
  return Math.round(value).toLocaleString("en");
}

function micros(seconds: number): string {
  const value = seconds * 1e6;
  return value >= 100 ? whole(value) : value.toPrecision(3);
}
