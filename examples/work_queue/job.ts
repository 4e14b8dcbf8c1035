/**
 * What is in the queue, and how a job is done.
 *
 * @module
 */
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** A job: the factorial of a number. Negative ones cannot be done, however often they are tried. */
export type Job = { name: string; n: number };

/** A job that was given up, with what it takes to look into it and to push it again. */
export type DeadLetter = { job: Job; partition: number; id: number; attempts: number; error: string };

/**
 * Does a job. Its result is a file with the job's name that appears at once: done twice, it is the same file, and
 * no one sees half of it. A worker may be killed after that and before the acknowledgement, so this matters.
 */
export async function doJob({ name, n }: Job, results: string): Promise<void> {
  await delay(2);
  if (n < 0) throw new Error(`there is no factorial of ${n}`);
  let factorial = 1n;
  for (let factor = 2n; factor <= n; factor++) factorial *= factor;
  const path = join(results, `${name}.txt`);
  const draft = `${path}.${crypto.randomUUID()}`;
  writeFileSync(draft, `${factorial}\n`);
  renameSync(draft, path);
}
