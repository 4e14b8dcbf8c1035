/**
 * Measures Diaspora Stream, plain files and other ways to keep events at the same work, in turn in one run.
 *
 * ```text
 * npm run bench:peers
 * npm run bench:peers -- --scale 0.2 --workloads W1,W3 --rounds 3 --only 'Diaspora|floor|LMDB' --markdown
 * ```
 */
import { parseArgs } from "@std/cli/parse-args";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { comparison, comparisonMarkdown, comparisonText } from "../bench/suite/comparison.ts";
import { contestants, PEERS_FOLDER, peersInstalled, peerVersions } from "../bench/suite/peers.ts";
import { environment } from "../src/ctl/bench/environment.ts";
import { scaled, WORKLOADS } from "../src/ctl/bench/workload.ts";

const args = parseArgs(process.argv.slice(2), {
  string: ["workloads", "on", "folder", "only", "json"],
  boolean: ["markdown"],
  default: { workloads: "W1,W2,W3,W4", on: "deno,node", folder: tmpdir(), scale: 1, rounds: 3 },
});
if (!peersInstalled()) {
  console.error(`Installing the peers in ${PEERS_FOLDER}`);
  const { status } = spawnSync("npm", ["ci", "--no-audit", "--no-fund"], {
    cwd: PEERS_FOLDER,
    stdio: "inherit",
  });
  if (status !== 0) process.exit(1);
}
const only = args.only === undefined ? undefined : new RegExp(String(args.only));
const all = contestants(String(args.on).split(",")).filter(({ name }) =>
  only === undefined || only.test(name)
);
const folder = mkdtempSync(join(String(args.folder), "diaspora-bench-"));
const results = [];
console.log(Object.values(environment()).join(", "));
console.log(Object.entries(peerVersions()).map((pair) => pair.join(" ")).join(", "));
try {
  for (const workload of String(args.workloads).split(",")) {
    const shape = scaled(WORKLOADS[workload], Number(args.scale));
    const tell = (text: string): void => console.error(`${workload}: ${text}`);
    const compared = await comparison(workload, all, { folder, shape, rounds: Number(args.rounds), tell });
    results.push(compared);
    console.log(args["markdown"] === true ? comparisonMarkdown(compared) : comparisonText(compared));
  }
} finally {
  rmSync(folder, { recursive: true });
}
if (args.json !== undefined) {
  const document = { environment: environment(), versions: peerVersions(), results };
  writeFileSync(String(args.json), JSON.stringify(document, null, 2));
}
