/**
 * The C++ library in the tables: a program that the user provides runs a workload with it. It is called as
 *
 *     PROGRAM produce|consume FOLDER EVENTS METADATA_BYTES DATA_BYTES
 *
 * `produce` creates a topic in FOLDER, which is empty, and pushes that many events; `consume` reads them from
 * the start, in another process, with their data. The clock starts when all events have been prepared. Either
 * ends by printing one line of JSON: `{"seconds": 1.2, "cpuSeconds": 1.1}`, the elapsed time and the
 * processor time (user and system) of the timed part; `"memoryBytes"`, the peak memory of the process, is
 * optional. An exit code other than 0 is a failure.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Measured } from "../../src/ctl/bench/stopwatch.ts";
import type { Shape } from "../../src/ctl/bench/workload.ts";

/** Lets the program push the workload and read it back. */
export function measureCpp(
  program: string,
  parent: string,
  shape: Shape,
): { produce: Measured; consume: Measured } {
  const folder = mkdtempSync(join(parent, "cpp-"));
  try {
    return {
      produce: runCpp(program, "produce", folder, shape),
      consume: runCpp(program, "consume", folder, shape),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function runCpp(program: string, work: "produce" | "consume", folder: string, shape: Shape): Measured {
  const { events, metadataBytes, dataBytes } = shape;
  const words = [work, folder, ...[events, metadataBytes, dataBytes].map(String)];
  const { status, signal, stdout, stderr, error } = spawnSync(program, words, { encoding: "utf8" });
  if (error !== undefined) throw new Error(`Cannot run "${program}": ${error.message}`, { cause: error });
  if (status !== 0) {
    throw new Error(`"${program} ${work}" failed (${signal ?? `exit code ${status}`}): ${stderr.trim()}`);
  }
  const line = stdout.trim().split("\n").pop() ?? "";
  const { seconds, cpuSeconds, memoryBytes = 0 } = figuresOf(line, `${program} ${work}`);
  const bytes = events * (metadataBytes + dataBytes);
  return { events, bytes, seconds, cpuSeconds, memoryBytes, begunAt: 0, endedAt: seconds * 1000 };
}

function figuresOf(
  line: string,
  command: string,
): { seconds: number; cpuSeconds: number; memoryBytes?: number } {
  try {
    const figures = JSON.parse(line);
    if (figures.seconds > 0 && figures.cpuSeconds > 0) return figures;
  } catch {
    // Not JSON: reported below.
  }
  throw new Error(
    `Cannot use what "${command}" printed last: "${line}"; expected {"seconds": …, "cpuSeconds": …}, both above 0`,
  );
}
