import { readFileSync } from "node:fs";
import process from "node:process";

/** What a piece of work took. */
export interface Measured {
  /** Number of events. */
  events: number;
  /** Metadata and data, in bytes. */
  bytes: number;
  /** Time on the wall clock. */
  seconds: number;
  /** Processor time, user and system, of all threads. */
  cpuSeconds: number;
  /** The largest the process ever was, in bytes. */
  memoryBytes: number;
  /** When it began and ended: milliseconds since 1970, with their fractions. */
  begunAt: number;
  endedAt: number;
  /** Milliseconds that each single step took, by what was timed; only where steps are timed. */
  timings?: Record<string, number[]>;
}

/** Milliseconds since 1970 with their fractions, the same in every process of a machine. */
export function clock(): number {
  return performance.timeOrigin + performance.now();
}

/** Times a piece of work. */
export class Stopwatch {
  readonly #cpu = process.cpuUsage();
  readonly #begunAt = clock();

  /** Ends the measurement. */
  stop(work: { events: number; bytes: number }): Measured {
    const endedAt = clock();
    const { user, system } = process.cpuUsage(this.#cpu);
    return {
      ...work,
      seconds: (endedAt - this.#begunAt) / 1000,
      cpuSeconds: (user + system) / 1e6,
      memoryBytes: peakMemoryBytes(),
      begunAt: this.#begunAt,
      endedAt,
    };
  }
}

/** The largest this process ever was, in bytes. */
export function peakMemoryBytes(): number {
  try {
    // What the system counts for a finished process begins with the size of the one that started it.
    const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"));
    if (peak !== null) return Number(peak[1]) * 1024;
  } catch {
    // Not Linux.
  }
  return process.resourceUsage().maxRSS * 1024;
}

/** What several processes did at the same time, as one measurement. */
export function together(all: readonly Measured[]): Measured {
  const sum = (pick: (measured: Measured) => number): number =>
    all.reduce((total, measured) => total + pick(measured), 0);
  const begunAt = Math.min(...all.map((measured) => measured.begunAt));
  const endedAt = Math.max(...all.map((measured) => measured.endedAt));
  return {
    events: sum((measured) => measured.events),
    bytes: sum((measured) => measured.bytes),
    seconds: (endedAt - begunAt) / 1000,
    cpuSeconds: sum((measured) => measured.cpuSeconds),
    memoryBytes: Math.max(...all.map((measured) => measured.memoryBytes)),
    begunAt,
    endedAt,
  };
}
