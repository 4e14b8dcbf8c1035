/** Creates the queue and pushes jobs to it; every tenth one fails:
 *
 * ```sh
 * deno run -A examples/work_queue/push_jobs.ts /tmp/work-data 200
 * ```
 *
 * @module
 */
import process from "node:process";
import { Driver } from "../../mod.ts";
import type { Job } from "./job.ts";

/** Enough for four workers, with room for more: see "How many partitions" in docs/groups.md. */
const PARTITIONS = 16;

const [rootPath = "/tmp/work-data", count = "200"] = process.argv.slice(2);

await using driver = await Driver.open("files", { root_path: rootPath });
if (!await driver.topicExists("jobs")) await driver.createTopic("jobs", { num_partitions: PARTITIONS });
if (!await driver.topicExists("dead_letters")) await driver.createTopic("dead_letters");

await using topic = await driver.openTopic<Job>("jobs");
await using producer = topic.producer("app");
for (let n = 0; n < Number(count); n++) producer.push({ name: `job-${n}`, n: n % 10 === 9 ? -n : n });
await producer.flush();
console.log(`pushed ${count} jobs`);
