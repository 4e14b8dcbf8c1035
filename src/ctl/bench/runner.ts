import process from "node:process";
import { readFileSync } from "node:fs";
import type { Driver } from "../../../mod.ts";
import { type Job, runJob } from "./job.ts";
import type { Measured } from "./stopwatch.ts";
import { runInProcesses } from "./worker_process.ts";

/** Runs measurements at the same time. */
export type Runner = (jobs: readonly Job[]) => Promise<Measured[]>;

/** Runs each in a process of its own, started like this one. */
export function processRunner(signal: AbortSignal): Runner {
  const [program, ...words] = ownCommand();
  const command = [program, ...words, "bench", "--worker", "--driver", "memory"] as const;
  return (jobs) => runInProcesses(jobs, { command, signal });
}

/** Runs them in this process, for engines that keep their topics in it. */
export function inProcessRunner(driver: Driver, signal: AbortSignal): Runner {
  return async (jobs) => {
    const measured = await Promise.all(jobs.map((job) => runJob(job, async () => {}, driver)));
    signal.throwIfAborted();
    return measured;
  };
}

/** The command that starts this program again, without its own arguments. */
function ownCommand(): [program: string, ...words: string[]] {
  const { Deno: deno } = globalThis as { Deno?: { build: { standalone?: boolean } } };
  // A program compiled by Deno may not read its command line, and consists of the executable only.
  if (deno?.build.standalone === true) return [process.execPath];
  const [, program = "", ...own] = process.argv;
  const words = commandLine();
  // Options of the runtime before the program's name, such as permissions, are available nowhere else.
  if (words !== undefined) return [process.execPath, ...words.slice(1, words.length - own.length)];
  if (deno !== undefined) return [process.execPath, "run", "-A", program];
  return [process.execPath, ...process.execArgv, program];
}

/** The command line of this process, if the system provides it. */
function commandLine(): string[] | undefined {
  try {
    const words = readFileSync("/proc/self/cmdline", "utf8").split("\0").slice(0, -1);
    return words.length > process.argv.length - 2 ? words : undefined;
  } catch {
    return undefined;
  }
}
