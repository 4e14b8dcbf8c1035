import { readFileSync } from "node:fs";
import process from "node:process";

/** The cost of a piece of work. */
export interface Measured {
  /** Number of events. */
  events: number;
  /** Of what was pushed, metadata and data; of what was read, the data. */
  bytes: number;
  /** Wall-clock time. */
  seconds: number;
  /** Processor time, user and system, of all threads. */
  cpuSeconds: number;
  /** Peak memory of the process, in bytes. */
  memoryBytes: number;
  /** Start and end, in milliseconds since 1970 with fractions. */
  begunAt: number;
  endedAt: number;
  /** Milliseconds of each single step, by kind of step; only if steps are timed. */
  timings?: Record<string, number[]>;
}

/** Milliseconds since 1970 with fractions, consistent over all processes of a machine. */
export function clock(): number {
  return performance.timeOrigin + performance.now();
}

/**
 * Collects the garbage of what prepared a measurement, which would otherwise be collected during it, or not, by chance.
 * Programs may do that on Bun, and elsewhere if the runtime was started with `--expose-gc`.
 */
export function collectGarbage(): void {
  const { gc, Bun: bun } = globalThis as { gc?: () => void; Bun?: { gc: (waits: boolean) => void } };
  if (bun !== undefined) bun.gc(true);
  else gc?.();
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

/** Peak memory of this process, in bytes. */
export function peakMemoryBytes(): number {
  try {
    // The system's count for a finished process starts with the size of its parent.
    const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"));
    if (peak !== null) return Number(peak[1]) * 1024;
  } catch {
    // This is not Linux.
  }
  return process.resourceUsage().maxRSS * 1024;
}

/** Concurrent measurements of several processes, combined into one. */
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
