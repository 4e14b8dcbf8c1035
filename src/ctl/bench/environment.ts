import { cpus, release, totalmem, type } from "node:os";
import process from "node:process";
import { VERSION } from "../version.ts";
import { formatBytes } from "./chart/format.ts";

/** Where and when something was measured: without it the figures say nothing. */
export interface Environment {
  date: string;
  processors: string;
  memory: string;
  system: string;
  runtime: string;
  version: string;
}

/** What this process runs on. */
export function environment(): Environment {
  const processors = cpus();
  return {
    date: new Date().toISOString(),
    processors: `${processors.length} x ${processors[0]?.model.trim() ?? "unknown"}`,
    memory: formatBytes(totalmem()),
    system: `${type()} ${release()}`,
    runtime: runtimeName(),
    version: VERSION,
  };
}

function runtimeName(): string {
  const { Deno: deno } = globalThis as { Deno?: { version: { deno: string } } };
  if (deno !== undefined) return `Deno ${deno.version.deno}`;
  const { bun, node } = process.versions;
  return bun === undefined ? `Node ${node}` : `Bun ${bun}`;
}
