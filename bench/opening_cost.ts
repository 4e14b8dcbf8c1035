/**
 * What it costs to open a topic and to look up an event in it, by size: times and memory must not grow with
 * the log.
 *
 * ```sh
 * # A table; it needs 3 GB of space in the temporary folder. With --json, JSON.
 * deno run -A -c deno.npm-only.json bench/opening_cost.ts
 * deno run -A -c deno.npm-only.json bench/opening_cost.ts --events 1000000 --segments 200 --folder /data/bench
 * ```
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { Driver } from "../mod.ts";
import { measure, type Measured, type Times } from "./opening/measure.ts";
import { makeStore, type Store, stores } from "./opening/stores.ts";
import { commandOn } from "./suite/runtimes.ts";

/** The goal for opening, seeking and the first pull together, in milliseconds. */
const GOAL_MS = 10;

/** Measures a store in a separate process. */
function measureApart(rootPath: string, { name, events }: Store): Measured {
  const [command, ...parameters] = commandOn("deno", "bench/opening_cost.ts");
  const { status, stdout, stderr } = spawnSync(command, [
    ...parameters,
    ...["--measure", name, "--folder", rootPath, "--events", String(events)],
  ], { encoding: "utf8" });
  if (status !== 0) throw new Error(`Cannot measure "${name}": ${stderr}`);
  return JSON.parse(stdout);
}

function total({ open, firstPull, seekId, seekTime }: Times): number {
  return open + firstPull + Math.max(seekId, seekTime);
}

function row(what: string, { cold, warm, worst, memory }: Measured): string {
  const ms = (value: number): string => value.toFixed(2).padStart(8);
  const { open, firstPull, seekId, seekTime } = warm;
  const parts = [open, firstPull, seekId, seekTime, total(warm), total(worst), total(cold)].map(ms).join("");
  return `${what.padEnd(36)}${parts}${memory.toFixed(0).padStart(8)}`;
}

async function main(folder: string, events: number, segments: number, asJson: boolean): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const rootPath = mkdtempSync(join(folder, "diaspora-opening-"));
  const results: { store: Store; measured: Measured }[] = [];
  try {
    await using driver = await Driver.open("files", { root_path: rootPath });
    if (!asJson) {
      console.log("milliseconds, median of 30 in one process; MiB that the process grew by at first\n");
      const names = ["open", "pull", "seek id", "time", "all", "worst", "cold", "memory"];
      console.log(" ".repeat(36) + names.map((name) => name.padStart(8)).join(""));
    }
    for (const store of stores(events, segments)) {
      await makeStore(driver, rootPath, store);
      const measured = measureApart(rootPath, store);
      results.push({ store, measured });
      if (!asJson) console.log(row(store.what, measured));
      await driver.deleteTopic(store.name);
    }
  } finally {
    rmSync(rootPath, { recursive: true });
  }
  if (asJson) console.log(JSON.stringify({ goalMs: GOAL_MS, results }, null, 2));
  const slow = results.filter(({ measured }) => total(measured.warm) > GOAL_MS);
  for (const { store } of slow) console.error(`Over ${GOAL_MS} ms: ${store.what}`);
  process.exitCode = slow.length === 0 ? 0 : 1;
}

const args = parseArgs(process.argv.slice(2), {
  string: ["measure", "folder"],
  boolean: ["json"],
  default: { folder: tmpdir(), events: 10_000_000, segments: 1000 },
});
const folder = String(args.folder);
if (typeof args.measure === "string") {
  console.log(JSON.stringify(await measure(folder, args.measure, Number(args.events))));
} else {
  await main(folder, Number(args.events), Number(args.segments), args.json === true);
}
