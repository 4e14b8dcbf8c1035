/**
 * A worker. Start as many as you like, on any runtime, and kill any of them:
 *
 * ```sh
 * deno run -A examples/work_queue/work.ts /tmp/work-data /tmp/work-results
 * ```
 * It ends when no job has arrived for a few seconds.
 *
 * @module
 */
import { mkdirSync } from "node:fs";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { Driver, type Event, PartitionMovedError } from "../../mod.ts";
import { type DeadLetter, doJob, type Job } from "./job.ts";

const ATTEMPTS = 3;
const QUIET_MS = 4000;

const [rootPath = "/tmp/work-data", results = "/tmp/work-results"] = process.argv.slice(2);
mkdirSync(results, { recursive: true });

await using driver = await Driver.open("files", { root_path: rootPath });
await using jobs = await driver.openTopic<Job>("jobs");
await using deadLetters = await driver.openTopic<DeadLetter>("dead_letters");
await using failed = deadLetters.producer("workers");
await using worker = jobs.consumer("workers", { group: true });

/** Tries a job several times; one that keeps failing becomes a dead letter, and does not block the others. */
async function handle({ metadata: job, partition, id }: Event<Job>): Promise<void> {
  for (let attempts = 1;; attempts++) {
    try {
      return await doJob(job, results);
    } catch (error) {
      if (attempts === ATTEMPTS) {
        // Stored before the job is acknowledged: if killed in between, the letter may be stored twice but is
        // never lost.
        await failed.push({ job, partition, id, attempts, error: String(error) });
        return;
      }
      await delay(10 * 2 ** attempts);
    }
  }
}

let done = 0;
for await (const event of worker.events({ timeoutMs: QUIET_MS })) {
  await handle(event);
  try {
    await event.acknowledge();
    done++;
  } catch (error) {
    // The partition has moved to another worker, which does the job again, with the same result.
    if (!(error instanceof PartitionMovedError)) throw error;
  }
  if (done === 1) console.log("working");
}
console.log(`did ${done} jobs`);
