import { cpus, loadavg, release, totalmem, type } from "node:os";
import process from "node:process";
import { VERSION } from "../program.ts";
import { formatBytes } from "./chart/format.ts";

/** Where and when something was measured: without this the results mean nothing. */
export interface Environment {
  date: string;
  processors: string;
  memory: string;
  system: string;
  runtime: string;
  version: string;
  /** Other load at the start: the average number of runnable processes over the last minute. */
  load: string;
}

/** A measurement is unreliable if others use more than this share of the processors. */
const LOAD_SHARE_MAX = 0.25;

/** Why measurements on this machine are unreliable now; undefined if they are not. */
export function busyText(
  load: number = loadOfMinute(),
  processors: number = cpus().length,
): string | undefined {
  if (load <= processors * LOAD_SHARE_MAX) return undefined;
  return `This machine is busy: ${
    load.toFixed(1)
  } programs want its ${processors} processors, so the figures will be lower ` +
    "than on an idle one; measure again when it is idle";
}

function loadOfMinute(): number {
  const [load = 0] = loadavg();
  return load;
}

/** The environment of this process. */
export function environment(): Environment {
  const processors = cpus();
  return {
    date: new Date().toISOString(),
    processors: `${processors.length} x ${processors[0]?.model.trim() ?? "unknown"}`,
    memory: formatBytes(totalmem()),
    system: `${type()} ${release()}`,
    runtime: runtimeName(),
    version: VERSION,
    load: loadOfMinute().toFixed(2),
  };
}

function runtimeName(): string {
  const { Deno: deno } = globalThis as { Deno?: { version: { deno: string } } };
  if (deno !== undefined) return `Deno ${deno.version.deno}`;
  const { bun, node } = process.versions;
  return bun === undefined ? `Node ${node}` : `Bun ${bun}`;
}
