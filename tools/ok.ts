/**
 * The gate: format, lint, types, documentation and tests, in that order. It continues after a failure, so
 * that one run shows everything that needs fixing.
 *
 * ```text
 * npm run ok
 * npm run ok -- --no-test
 * ```
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { taskArguments } from "./arguments.ts";
import { DENO_CONFIG } from "./deno_config.ts";

const folders = ["src", "tests", "tools", "bench", "examples"].filter((folder) => existsSync(folder));
const roots = ["mod.ts", "cli.ts", "npm-build.ts"].filter((file) => existsSync(file));
// Of a folder, only code is checked.
const guide = readdirSync("docs", { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".md"))
  .map((path) => `docs/${path}`);
const { exports } = JSON.parse(readFileSync("deno.json", "utf8")) as { exports: Record<string, string> };

const withConfig = ["--no-lock", "-c", DENO_CONFIG];
const gates: [string, string[]][] = [
  ["format", ["fmt", "--check", "-c", DENO_CONFIG]],
  ["lint", ["lint", "-c", DENO_CONFIG]],
  ["types", ["check", ...withConfig, ...roots, ...folders]],
  ["types of examples", ["check", "-q", "--doc-only", ...withConfig, "mod.ts", "src", ...guide]],
  ["strict types", ["run", "-A", ...withConfig, "tools/strict_types.ts"]],
  ["documentation", ["doc", "-q", "--lint", "--no-lock", ...Object.values(exports)]],
  ["tests", ["run", "-A", ...withConfig, "tools/test.ts"]],
];

const { flags } = taskArguments({ negatable: ["test"] });
const failed: string[] = [];
for (const [name, parameters] of gates) {
  if (name === "tests" && !flags["test"]) continue;
  console.log(`\n== ${name}`);
  const { status } = spawnSync(process.execPath, parameters, { stdio: "inherit" });
  if (status !== 0) failed.push(name);
}
console.log(failed.length === 0 ? "\nok" : `\nnot ok: ${failed.join(", ")}`);
process.exitCode = failed.length === 0 ? 0 : 1;
