/** What a job is, and how it is done.
 *
 * @module
 */
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** A job: compute the factorial of a number. With a negative number, it fails at every attempt. */
export type Job = { name: string; n: number };

/** A job that was given up, with what is needed to investigate it and to push it again. */
export type DeadLetter = { job: Job; partition: number; id: number; attempts: number; error: string };

/**
 * Does a job. Its result is a file with the job's name, renamed into place: doing the job twice writes the
 * same file, and readers never see half of it. This matters because a worker may be killed between writing
 * the file and the acknowledgement.
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
