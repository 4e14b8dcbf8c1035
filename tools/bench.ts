/**
 * Measures the files driver through the public interface, beside plain reads and writes of the same bytes.
 *
 * ```text
 * npm run bench
 * npm run bench -- --scale 0.1 --workloads W1,W3 --on deno,node --rounds 3
 * ```
 */
import { parseArgs } from "@std/cli/parse-args";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { sectionText } from "../bench/suite/report.ts";
import { throughput } from "../bench/suite/throughput.ts";

const args = parseArgs(process.argv.slice(2), {
  string: ["workloads", "on", "folder", "partitions", "only"],
  default: { workloads: "W1,W2,W3,W4", on: "deno", folder: tmpdir(), partitions: "1", scale: 1, rounds: 1 },
});
const list = (name: string): string[] => String(args[name]).split(",");
const folder = mkdtempSync(join(String(args.folder), "diaspora-bench-"));
try {
  for (const runtime of list("on")) {
    const sections = throughput(runtime, {
      folder,
      workloads: list("workloads"),
      partitions: list("partitions").map(Number),
      scale: Number(args.scale),
      rounds: Number(args.rounds),
      only: args.only === undefined ? undefined : new RegExp(String(args.only)),
    });
    for await (const section of sections) console.log(sectionText(section));
  }
} finally {
  rmSync(folder, { recursive: true });
}
