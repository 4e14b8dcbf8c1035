import type { EngineBench } from "./measure_engine.ts";
import type { Measured } from "./stopwatch.ts";
import type { Shape } from "./workload.ts";
import { counted } from "../../counted.ts";

/** Throughput at one value of what is varied. */
export interface SweepPoint {
  value: number;
  produce: Measured;
  consume: Measured;
}

/** The same work in batches of different sizes, and events with data of different sizes. */
export interface Sweeps {
  batchSize: SweepPoint[];
  dataSize: SweepPoint[];
}

const BATCH_SIZES = [1, 8, 64, 512, 4096];
const DATA_SIZES = [0, 1024, 16 * 1024, 128 * 1024, 1024 * 1024];
/** Pushed by all processes together at each size of data. */
const BYTES_EACH = 256 * 1024 * 1024;

/** Measures both; `begin` learns what is measured next. */
export async function measureSweeps(
  bench: EngineBench,
  { batchSize, processes, ...shape }: Shape & { batchSize?: number | undefined; processes: number },
  begin: (what: string) => void,
): Promise<Sweeps> {
  const sweeps: Sweeps = { batchSize: [], dataSize: [] };
  for (const value of BATCH_SIZES) {
    begin(`batches of ${value}`);
    sweeps.batchSize.push({ value, ...await bench.both(shape, value) });
  }
  for (const value of DATA_SIZES) {
    begin(`data of ${counted(value, "byte")}`);
    const fitting = Math.ceil(BYTES_EACH / processes / (value + shape.metadataBytes));
    const events = Math.min(shape.events, fitting);
    sweeps.dataSize.push({ value, ...await bench.both({ ...shape, dataBytes: value, events }, batchSize) });
  }
  return sweeps;
}
