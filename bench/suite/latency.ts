import { percentile, PERCENTILES } from "../../src/ctl/bench/results.ts";
import { runInProcesses, type Starter } from "../../src/ctl/bench/worker_process.ts";
import { withStore } from "./store.ts";

/** Latencies from push to pull. */
export interface Latency {
  rate: number;
  /** Milliseconds of each event, sorted. */
  latency: number[];
  /** Milliseconds by which pushes were later than planned, sorted. */
  late: number[];
  /** Processor time of the pushing and the pulling process, as a share of one core. */
  cpu: { push: number; pull: number };
}

/** One process pushes at a fixed rate, another one pulls. */
export async function latency(
  starter: Starter,
  folder: string,
  { rate, seconds, dataBytes }: { rate: number; seconds: number; dataBytes: number },
): Promise<Latency> {
  const settings = { events: rate * seconds, rate, dataBytes };
  return await withStore(folder, { num_partitions: 1 }, async (target) => {
    const [pulled, pushed] = await runInProcesses([
      { kind: "paced pull", target, settings },
      { kind: "paced push", target, settings },
    ], starter);
    const sorted = (values: number[]): number[] => values.sort((one, other) => one - other);
    return {
      rate,
      latency: sorted(pulled.timings!.latency),
      late: sorted(pushed.timings!.late),
      cpu: { push: pushed.cpuSeconds / pushed.seconds, pull: pulled.cpuSeconds / pulled.seconds },
    };
  });
}

/** The same as text. */
export function latencyText(runtime: string, { rate, latency, late, cpu }: Latency): string {
  const row = (values: number[]): string =>
    [...PERCENTILES.map((share) => `p${share * 100} ${percentile(values, share).toFixed(3)}`)]
      .concat(`max ${values[values.length - 1].toFixed(3)}`).join("  ");
  return [
    `\nFrom push to pull, two processes on ${runtime}, ${rate} events/s, in milliseconds`,
    `latency                ${row(latency)}`,
    `pushed after its time  ${row(late)}`,
    `processor share        push ${(cpu.push * 100).toFixed(1)} %  pull ${(cpu.pull * 100).toFixed(1)} %`,
  ].join("\n");
}
