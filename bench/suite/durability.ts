import { join } from "node:path";
import { runTogether, type Starter } from "../../src/ctl/bench/worker_process.ts";
import { scaled, WORKLOADS } from "../../src/ctl/bench/workload.ts";
import { median, type Row, type Section } from "./report.ts";
import { starterOn } from "./runtimes.ts";
import { withStore } from "./store.ts";
import { percentile } from "../../src/ctl/bench/results.ts";

/** What to measure. */
export interface DurabilitySettings {
  folder: string;
  scale: number;
  rounds: number;
}

/** The cost of single durable pushes. */
export interface DurablePushes {
  /** Milliseconds of each push, one at a time, sorted. */
  push: number[];
  /**
   * Milliseconds of each write and fdatasync of the same number of bytes, with nothing else running, sorted.
   */
  blocking: number[];
  /** The same, but the program may continue while the disk works, as it may during a push. */
  awaited: number[];
  /** Milliseconds per event with many in flight. */
  togetherMs: number;
}

/** Pushes in flight when they share syncs. */
export const CONCURRENT = 64;

/** Measures pushing with each durability, one workload after the other. */
export async function durability(runtime: string, settings: DurabilitySettings): Promise<Section> {
  const starter = starterOn(runtime);
  const rows: Row[] = [];
  for (const workload of Object.keys(WORKLOADS)) {
    const shape = scaled(WORKLOADS[workload], settings.scale);
    for (const flush_behavior of ["buffered", "on_flush", "immediate"]) {
      const all = [];
      for (let round = 0; round < settings.rounds; round++) {
        all.push(
          await withStore(
            settings.folder,
            { num_partitions: 1, flush_behavior },
            (target) =>
              runTogether([{
                kind: "produce",
                target,
                settings: { ...shape, form: "object", producer: {} },
              }], starter),
          ),
        );
      }
      rows.push({ what: `${workload}, ${flush_behavior}`, measured: median(all) });
    }
  }
  return { title: `Produce by durability on ${runtime}`, rows };
}

/** Durable pushes one at a time and many at once, alternating with plain durable writes. */
export async function durablePushes(
  starter: Starter,
  folder: string,
  events: number,
): Promise<DurablePushes> {
  const path = join(folder, "bare");
  const measured = await withStore(
    folder,
    { num_partitions: 1, flush_behavior: "immediate" },
    (target) =>
      runTogether([{
        kind: "durable",
        target,
        settings: { events, concurrent: CONCURRENT, metadataBytes: 100, path },
      }], starter),
  );
  const { push, blocking, awaited, together } = measured.timings!;
  const sorted = (values: number[]): number[] => values.sort((one, other) => one - other);
  return {
    push: sorted(push),
    blocking: sorted(blocking),
    awaited: sorted(awaited),
    togetherMs: together[0],
  };
}

/** The same as text. */
export function durablePushesText(runtime: string, pushes: DurablePushes): string {
  const { push, blocking, awaited, togetherMs } = pushes;
  const p50 = percentile(push, 0.5);
  const row = (what: string, values: number[]): string =>
    `${what.padEnd(30)}p50 ${percentile(values, 0.5).toFixed(3)}  p99 ${
      percentile(values, 0.99).toFixed(3)
    }` +
    `  push to it ${(p50 / percentile(values, 0.5)).toFixed(2)}x`;
  return [
    `\nDurable pushes of 100 B on ${runtime}, in milliseconds`,
    row("write and fdatasync, blocking", blocking),
    row("write and fdatasync, awaited", awaited),
    row("push, one at a time", push),
    `push, ${CONCURRENT} under way`.padEnd(30) +
    `${togetherMs.toFixed(4)} each  rate to one at a time ${(p50 / togetherMs).toFixed(1)}x`,
  ].join("\n");
}
