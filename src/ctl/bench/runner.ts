import type { Driver } from "../../../mod.ts";
import { type Job, runJob } from "./job.ts";
import { ownCommand } from "./own_command.ts";
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
