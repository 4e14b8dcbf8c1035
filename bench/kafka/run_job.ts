/**
 * Makes one measurement of the bare client that standard input describes; started by `tools/bench.ts`.
 *
 * @module
 */
import { work } from "../../src/ctl/bench/worker.ts";
import { measureBare } from "./bare_client.ts";

await work(measureBare);
