/**
 * Makes one measurement that standard input describes; started by `tools/bench.ts` on every runtime.
 *
 * @module
 */
import { runJob } from "../src/ctl/bench/job.ts";
import { work } from "../src/ctl/bench/worker.ts";

await work(runJob);
