import type { Environment } from "./environment.ts";
import type { BenchSettings } from "./settings.ts";
import type { Measured } from "./stopwatch.ts";
import type { SweepPoint, Sweeps } from "./sweeps.ts";
import { withoutSecrets } from "../../secrets.ts";
import type { Result } from "./measure_engine.ts";

/** All results of one run of `diaspora-ctl bench`. */
export interface BenchResults {
  environment: Environment;
  settings: BenchSettings;
  results: readonly RoundsResult[];
  /** Latencies in milliseconds, sorted. */
  latency?: readonly number[];
  sweeps?: Sweeps;
}

/** The numbers of one measurement. */
export interface Figures {
  events: number;
  bytes: number;
  seconds: number;
  eventsPerSecond: number;
  bytesPerSecond: number;
  cpuMicrosPerEvent: number;
  memoryBytes: number;
}

/** The numbers of what was measured. */
export function figuresOf({ events, bytes, seconds, cpuSeconds, memoryBytes }: Measured): Figures {
  return {
    events,
    bytes,
    seconds,
    eventsPerSecond: events / seconds,
    bytesPerSecond: bytes / seconds,
    cpuMicrosPerEvent: cpuSeconds / events * 1e6,
    memoryBytes,
  };
}

/** The document that `--json` prints. */
export function resultsDocument({ environment, settings, results, latency, sweeps }: BenchResults): unknown {
  const { driverOptions: _, topicOptions, ...shown } = settings;
  return {
    environment,
    settings: snakeKeys({ ...shown, topicOptions: withoutSecrets(topicOptions) }),
    results: results.map((result) => ({
      what: result.what,
      ...snakeKeys(figuresOf(result.measured)),
      ...(result.rounds === undefined
        ? {}
        : { rounds_events_per_second: result.rounds, spread: spreadOf(result) }),
    })),
    ...(latency === undefined ? {} : {
      latency_ms: {
        events: latency.length,
        ...Object.fromEntries(PERCENTILES.map((share) => [`p${share * 100}`, percentile(latency, share)])),
        max: latency[latency.length - 1],
      },
    }),
    ...(sweeps === undefined ? {} : {
      sweeps: { batch_size: pointsOf(sweeps.batchSize), data_size: pointsOf(sweeps.dataSize) },
    }),
  };
}

function pointsOf(points: readonly SweepPoint[]): unknown {
  return points.map(({ value, produce, consume }) => ({
    value,
    produce: snakeKeys(figuresOf(produce)),
    consume: snakeKeys(figuresOf(consume)),
  }));
}

/** The same values under keys as the command's JSON has them: `events_per_second` for `eventsPerSecond`. */
function snakeKeys(values: object): Record<string, unknown> {
  const snake = (key: string): string => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [snake(key), value]));
}

/** The percentile of sorted values, given as a share from 0 to 1. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

/** The percentiles to report for latencies. */
export const PERCENTILES: readonly number[] = [0.5, 0.9, 0.99, 0.999];

/** A measurement that was repeated: the median round, and the spread of the others. */
interface RoundsResult extends Result {
  /** Events/s of every round, in order; only if there were several. */
  rounds?: readonly number[];
}

/** The median round of each measurement, unaffected by outliers. */
export function medianOf(rounds: readonly (readonly Result[])[]): RoundsResult[] {
  const speed = ({ measured }: Result): number => measured.events / measured.seconds;
  const [first = [], ...others] = rounds;
  return first.map((one, at) => {
    // Every round has the same measurements.
    const results = [one, ...others.map((round) => round[at]!)];
    const sorted = results.toSorted((one, other) => speed(one) - speed(other));
    const middle = sorted[Math.floor((sorted.length - 1) / 2)]!;
    return results.length === 1 ? middle : { ...middle, rounds: results.map(speed) };
  });
}

/** The difference of the fastest and the slowest round, relative to the median one. */
export function spreadOf({ measured, rounds }: RoundsResult): number | undefined {
  if (rounds === undefined) return undefined;
  return (Math.max(...rounds) - Math.min(...rounds)) / (measured.events / measured.seconds);
}
