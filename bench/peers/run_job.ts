/**
 * Makes one measurement of a peer that standard input describes; started by `tools/bench_peers.ts`.
 *
 * @module
 */
import { work } from "../../src/ctl/bench/worker.ts";
import { measurePeer } from "./measure_peer.ts";

await work(measurePeer);
