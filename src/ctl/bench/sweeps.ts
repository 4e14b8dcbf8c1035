import type { EngineBench } from "./measure_engine.ts";
import type { Measured } from "./stopwatch.ts";
import type { Shape } from "./workload.ts";
import { counted } from "../../text/counted.ts";

/** The throughput for one value of the varied parameter. */
export interface SweepPoint {
  value: number;
  produce: Measured;
  consume: Measured;
}

/** Throughput by batch size, and by data size. */
export interface Sweeps {
  batchSize: SweepPoint[];
  dataSize: SweepPoint[];
}

const BATCH_SIZES = [1, 8, 64, 512, 4096];
const DATA_SIZES = [0, 1024, 16 * 1024, 128 * 1024, 1024 * 1024];
/** Total bytes pushed by all processes for each data size. */
const BYTES_EACH = 256 * 1024 * 1024;

/** Runs both; `begin` is called with the name of the next measurement. */
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
