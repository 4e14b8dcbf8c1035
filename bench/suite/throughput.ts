import { rmSync } from "node:fs";
import { join } from "node:path";
import type { ConsumeSettings } from "../../src/ctl/bench/consume.ts";
import type { Job } from "../../src/ctl/bench/job.ts";
import type { Measured } from "../../src/ctl/bench/stopwatch.ts";
import { runTogether, type Starter } from "../../src/ctl/bench/worker_process.ts";
import { scaled, type Shape, WORKLOADS } from "../../src/ctl/bench/workload.ts";
import { measureCpp } from "./cpp.ts";
import { providePageCache } from "./page_cache.ts";
import { median, type Row, type Section } from "./report.ts";
import { starterOn } from "./runtimes.ts";
import { withStore } from "./store.ts";
import { counted } from "../../src/text/counted.ts";

/** What to measure. */
export interface ThroughputSettings {
  folder: string;
  workloads: string[];
  partitions: number[];
  scale: number;
  rounds: number;
  /** Only measurements whose name matches, and the floors. */
  only?: RegExp;
  /** A program that runs the workloads with the C++ library. */
  cpp?: string;
}

/**
 * Measures the workloads on a runtime alternately, round after round; yields each table as soon as it is
 * done.
 */
export async function* throughput(runtime: string, settings: ThroughputSettings): AsyncGenerator<Section> {
  const starter = starterOn(runtime);
  for (const workload of settings.workloads) {
    const shape = scaled(WORKLOADS[workload], settings.scale);
    const rounds: Map<string, Measured>[] = [];
    for (let round = 0; round < settings.rounds; round++) {
      rounds.push(await measureRound(shape, settings, starter));
    }
    const title = `${workload} on ${runtime}: ${
      counted(shape.events, "event")
    } with ${shape.dataBytes} B data each`;
    yield { title, rows: [...rounds[0].keys()].map((what) => rowOf(what, rounds)) };
  }
}

function rowOf(what: string, rounds: readonly Map<string, Measured>[]): Row {
  const measured = median(rounds.map((round) => round.get(what)!));
  const floor = median(rounds.map((round) => round.get(floorOf(what))!));
  return { what, measured, toFloor: measured.cpuSeconds / floor.cpuSeconds };
}

/** What a measurement is compared with. */
function floorOf(what: string): string {
  const reads = /^(raw reads|plain reads|consume)/.test(what);
  return reads ? "plain reads and JSON.parse" : "JSON.stringify and plain writes";
}

async function measureRound(
  shape: Shape,
  { folder, partitions, only, cpp }: ThroughputSettings,
  starter: Starter,
): Promise<Map<string, Measured>> {
  const measured = new Map<string, Measured>();
  const run = async (what: string, job: Job, always = false): Promise<void> => {
    if (!always && only !== undefined && !only.test(what)) return;
    if (job.kind === "produce" || job.kind === "raw write") providePageCache(folder, shape);
    measured.set(what, await runTogether([job], starter));
  };
  const path = join(folder, "floor");
  await run("raw writes of 1 MiB", { kind: "raw write", path, settings: shape }, true);
  await run("raw reads of 1 MiB", { kind: "raw read", path, settings: shape }, true);
  await run("JSON.stringify and plain writes", { kind: "plain write", path, settings: shape }, true);
  await run("plain reads and JSON.parse", { kind: "plain read", path, settings: shape }, true);
  rmSync(path);
  if (cpp !== undefined) {
    const { produce, consume } = measureCpp(cpp, folder, shape);
    measured.set("produce, C++ library", produce);
    measured.set("consume, C++ library, with data", consume);
  }
  for (const count of partitions) {
    const suffix = count === 1 ? "" : `, ${counted(count, "partition")}`;
    await withStore(folder, { num_partitions: count }, async (target) => {
      await run(`produce, ready text${suffix}`, {
        kind: "produce",
        target,
        settings: { ...shape, form: "text", producer: {} },
      });
    });
    await withStore(folder, { num_partitions: count }, async (target) => {
      await run(`produce, objects${suffix}`, {
        kind: "produce",
        target,
        settings: { ...shape, form: "object", producer: {} },
      }, true);
      for (const [what, settings] of waysToConsume(shape)) {
        await run(`consume, ${what}${suffix}`, { kind: "consume", target, settings });
      }
    });
  }
  return measured;
}

function waysToConsume({ dataBytes }: Shape): [string, ConsumeSettings][] {
  const way: ConsumeSettings = {
    parse: true,
    dataInterest: 0,
    dataSelectivity: 1,
    by: "batches",
    consumer: {},
  };
  const ways: [string, ConsumeSettings][] = [
    ["parsed", way],
    ["untouched", { ...way, parse: false }],
    ["parsed, event by event", { ...way, by: "events" }],
    ["untouched, event by event", { ...way, by: "events", parse: false }],
    ["parsed, one pull each", { ...way, by: "pull" }],
  ];
  if (dataBytes > 0) {
    ways.push(["with data, parsed", { ...way, dataInterest: 1 }]);
    ways.push([
      "with data into one buffer, parsed",
      { ...way, dataInterest: 1, by: "events", ownBuffer: true },
    ]);
    ways.push(["with data, untouched", { ...way, dataInterest: 1, parse: false }]);
  }
  return ways;
}
