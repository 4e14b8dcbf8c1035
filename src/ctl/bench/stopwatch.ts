import process from "node:process";

/** What a piece of work took. */
export interface Measured {
  /** Number of events. */
  events: number;
  /** Metadata and data, in bytes. */
  bytes: number;
  /** Time on the wall clock. */
  seconds: number;
  /** Processor time of the process, user and system, all threads. */
  cpuSeconds: number;
  /** The largest the process ever was, in bytes. */
  memoryBytes: number;
  /** How much larger than before the work that is, in bytes. */
  grownBytes: number;
}

/** Times a piece of work. */
export class Stopwatch {
  readonly #memory = process.memoryUsage().rss;
  readonly #cpu = process.cpuUsage();
  readonly #begun = performance.now();

  /** Ends the measurement. */
  stop(work: { events: number; bytes: number }): Measured {
    const seconds = (performance.now() - this.#begun) / 1000;
    const { user, system } = process.cpuUsage(this.#cpu);
    const memoryBytes = process.resourceUsage().maxRSS * 1024;
    return {
      ...work,
      seconds,
      cpuSeconds: (user + system) / 1e6,
      memoryBytes,
      grownBytes: Math.max(0, memoryBytes - this.#memory),
    };
  }
}
