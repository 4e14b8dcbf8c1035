/**
 * Measures Diaspora Stream, plain files and other event stores at the same work, alternating in one run: `npm
 * run bench:peers -- --help`.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { comparison, comparisonMarkdown, comparisonText } from "../bench/suite/comparison.ts";
import { benchOptions } from "../bench/suite/options.ts";
import { contestants, PEERS_FOLDER, peersInstalled, peerVersions } from "../bench/suite/peers.ts";
import { comparisonCharts, reportPage } from "../bench/suite/report_page.ts";
import { RUNTIMES } from "../bench/suite/runtimes.ts";
import { environment } from "../src/ctl/bench/environment.ts";
import { scaled, WORKLOADS } from "../src/ctl/bench/workload.ts";

const args = benchOptions({
  program: "npm run bench:peers",
  about: "Measures Diaspora Stream, plain files and other ways to keep events at the same work, in turn.",
  examples: ["", "--scale 0.2 --workloads W1,W3 --only 'Diaspora|floor|LMDB' --markdown"],
}, {
  workloads: {
    about: "events of 100 B metadata with 0, 1 KiB, 64 KiB or 1 MiB of data: some",
    among: Object.keys(WORKLOADS),
    default: "W1,W2,W3,W4",
  },
  on: { about: "runtimes of ours, some", among: RUNTIMES, default: "deno,node" },
  scale: { about: "of the number of events", default: 1 },
  rounds: { about: "medians are of this many", default: 3 },
  only: { about: "contestants whose name matches this pattern" },
  markdown: { about: "prints tables in Markdown", flag: true },
  folder: { about: "where the files go", default: tmpdir() },
  json: { about: "a file for the results" },
  report: { about: "a file for a page (HTML) with plots" },
});
if (!peersInstalled()) {
  console.error(`Installing the peers in ${PEERS_FOLDER}`);
  const { status } = spawnSync("npm", ["ci", "--no-audit", "--no-fund"], {
    shell: process.platform === "win32",
    cwd: PEERS_FOLDER,
    stdio: "inherit",
  });
  if (status !== 0) process.exit(1);
}
const only = args["only"] === undefined ? undefined : new RegExp(String(args["only"]));
const all = contestants(String(args["on"]).split(",")).filter(({ name }) =>
  only === undefined || only.test(name)
);
mkdirSync(String(args["folder"]), { recursive: true });
const folder = mkdtempSync(join(String(args["folder"]), "diaspora-bench-"));
const results = [];
console.log(Object.values(environment()).join(", "));
console.log(Object.entries(peerVersions()).map((pair) => pair.join(" ")).join(", "));
try {
  for (const workload of String(args["workloads"]).split(",")) {
    const shape = scaled(WORKLOADS[workload], Number(args["scale"]));
    const tell = (text: string): void => console.error(`${workload}: ${text}`);
    const compared = await comparison(workload, all, { folder, shape, rounds: Number(args["rounds"]), tell });
    results.push(compared);
    console.log(args["markdown"] === "true" ? comparisonMarkdown(compared) : comparisonText(compared));
  }
} finally {
  rmSync(folder, { recursive: true });
}
if (args["json"] !== undefined) {
  const document = { environment: environment(), versions: peerVersions(), results };
  writeFileSync(String(args["json"]), JSON.stringify(document, null, 2));
}
if (args["report"] !== undefined) {
  const charts = results.flatMap(comparisonCharts);
  writeFileSync(args["report"], reportPage("Diaspora Stream beside its peers", charts, peerVersions()));
}
