import { percentile, PERCENTILES } from "./percentile.ts";
import type { Environment } from "./environment.ts";
import { type RoundsResult, spreadOf } from "./rounds.ts";
import type { BenchSettings } from "./settings.ts";
import type { Measured } from "./stopwatch.ts";
import type { Sweeps } from "./sweeps.ts";
import { withoutSecrets } from "../../secrets.ts";

/** All results of one run of `diaspora-ctl bench`. */
export interface BenchResults {
  environment: Environment;
  settings: BenchSettings;
  results: readonly RoundsResult[];
  /** Latencies in milliseconds, sorted. */
  latency?: readonly number[];
  sweeps?: Sweeps;
}

/** The numbers of one measurement as `--json` prints them. */
export interface Figures {
  events: number;
  bytes: number;
  seconds: number;
  eventsPerSecond: number;
  bytesPerSecond: number;
  cpuMicrosPerEvent: number;
  memoryBytes: number;
}

/** The numbers of a measurement. */
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
    settings: { ...shown, topicOptions: withoutSecrets(topicOptions) },
    results: results.map((result) => ({
      what: result.what,
      ...figuresOf(result.measured),
      ...(result.rounds === undefined
        ? {}
        : { roundsEventsPerSecond: result.rounds, spread: spreadOf(result) }),
    })),
    ...(latency === undefined ? {} : {
      latencyMs: {
        events: latency.length,
        ...Object.fromEntries(PERCENTILES.map((share) => [`p${share * 100}`, percentile(latency, share)])),
        max: latency[latency.length - 1],
      },
    }),
    ...(sweeps === undefined ? {} : {
      sweeps: Object.fromEntries(
        Object.entries(sweeps).map(([name, points]) => [
          name,
          points.map(({ value, produce, consume }: Sweeps["batchSize"][number]) => ({
            value,
            produce: figuresOf(produce),
            consume: figuresOf(consume),
          })),
        ]),
      ),
    }),
  };
}
