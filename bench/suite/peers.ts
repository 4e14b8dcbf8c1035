import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { PeerJob } from "../peers/measure_peer.ts";
import type { Peer } from "../peers/peer.ts";
import { PEERS } from "../peers/peers.ts";
import { isInstalled } from "../peers/server.ts";
import type { Measured } from "../../src/ctl/bench/stopwatch.ts";
import { runTogether } from "../../src/ctl/bench/worker_process.ts";
import type { Shape } from "../../src/ctl/bench/workload.ts";
import { commandOn, starterOn } from "./runtimes.ts";
import { withStore } from "./store.ts";

/** What is compared: a peer, ours, or the floor. */
export interface Contestant {
  name: string;
  kind: "ours" | "floor" | "peer";
  /** Why it cannot do this work, or false. */
  missing(shape: Shape): string | false;
  /** Pushes the events and reads them back. */
  measure(folder: string, shape: Shape): Promise<{ produce: Measured; consume: Measured }>;
}

const PEER_FOLDER = fileURLToPath(new URL("../peers/", import.meta.url));

/** Everything that is compared, the floor and ours first. */
export function contestants(runtimes: readonly string[]): Contestant[] {
  const own = [
    ...runtimes.map((runtime) => ours(runtime, "new memory")),
    ...runtimes.slice(0, 1).map((runtime) => ours(runtime, "one buffer")),
  ];
  return [...FLOORS, ...own, ...PEERS.map(peerContestant)];
}

const FLOORS: readonly Contestant[] = (["raw", "plain"] as const).map((kind) => ({
  name: kind === "raw"
    ? "floor: plain writes and reads of 1 MiB"
    : "floor: the same with JSON made and parsed",
  kind: "floor",
  missing: () => false,
  async measure(folder, settings) {
    const starter = starterOn("deno");
    const path = join(folder, "floor");
    const produce = await runTogether([{ kind: `${kind} write`, path, settings }], starter);
    const consume = await runTogether([{ kind: `${kind} read`, path, settings }], starter);
    rmSync(path);
    return { produce, consume };
  },
}));

/** `into`: whether the data of every event gets new memory, or the reader supplies one buffer for all. */
function ours(runtime: string, into: "new memory" | "one buffer"): Contestant {
  const name = runtime === "deno" ? "Deno" : runtime === "node" ? "Node" : "Bun";
  const way = into === "new memory" ? { by: "batches" } as const : { by: "events", ownBuffer: true } as const;
  return {
    name: `Diaspora Stream on ${name}${into === "new memory" ? "" : ", data into one buffer"}`,
    kind: "ours",
    missing: ({ dataBytes }) => into === "one buffer" && dataBytes === 0 ? "there is no data" : false,
    measure: (folder, shape) =>
      withStore(folder, { num_partitions: 1 }, async (target) => ({
        produce: await runTogether([{
          kind: "produce",
          target,
          settings: { ...shape, form: "object", producer: {} },
        }], starterOn(runtime)),
        consume: await runTogether([{
          kind: "consume",
          target,
          settings: { parse: true, dataInterest: 1, dataSelectivity: 1, consumer: {}, ...way },
        }], starterOn(runtime)),
      })),
  };
}

function peerContestant(peer: Peer): Contestant {
  return {
    name: peer.name,
    kind: "peer",
    missing: (shape) => whyMissing(peer, shape),
    async measure(parent, shape) {
      const folder = mkdtempSync(join(parent, "peer-"));
      const starter = { command: commandOn(peer.runtime, "bench/peers/run_job.ts") };
      const job: PeerJob = { peer: peer.name, kind: "produce", folder, shape, parse: true };
      try {
        return {
          produce: await runTogether([job], starter),
          consume: await runTogether([{ ...job, kind: "consume" }], starter),
        };
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}

function whyMissing({ server, recordBytesMax = Infinity }: Peer, shape: Shape): string | false {
  if (shape.metadataBytes + shape.dataBytes > recordBytesMax) {
    return `takes no records over ${recordBytesMax} B`;
  }
  if (server !== undefined && !isInstalled(server)) return `${server} is not installed`;
  return false;
}

/** Whether the packages of the peers are installed. */
export function peersInstalled(): boolean {
  return existsSync(join(PEER_FOLDER, "node_modules"));
}

/** Where the packages of the peers are installed. */
export const PEERS_FOLDER: string = PEER_FOLDER;

/** Versions of the packages that were measured. */
export function peerVersions(): Record<string, string> {
  const require = createRequire(join(PEER_FOLDER, "package.json"));
  const { dependencies } = require("./package.json") as { dependencies: Record<string, string> };
  const lock = require("./package-lock.json") as { packages: Record<string, { version: string }> };
  return Object.fromEntries(
    Object.keys(dependencies).map((name) => [name, lock.packages[`node_modules/${name}`].version]),
  );
}
