/**
 * What to run while working on something: format, lint, types, and the quick tests, on Deno only. It takes
 * less than a minute; `npm run ok` and `npm test` run everything.
 *
 * ```text
 * npm run quick
 * npm run quick -- tests/log
 * ```
 */
import { spawnSync } from "node:child_process";
import process from "node:process";
import { taskArguments } from "./arguments.ts";
import { findTests, isQuick } from "./test/suites.ts";

const config = process.env["DIASPORA_TOOLING"] === "connected" ? "deno.json" : "deno.npm-only.json";
const { words } = taskArguments({ words: true });
const tests = findTests(words.length === 0 ? ["tests"] : words).filter(isQuick);
// For a part of the tests, checks their types and those of everything they import.
const sources = words.length === 0 ? ["mod.ts", "cli.ts", "src", "tools"] : [];
const withConfig = ["--no-lock", "-c", config];

const steps: [name: string, parameters: string[]][] = [
  ["format", ["fmt", "--check", "-q", "-c", config]],
  ["lint", ["lint", "-q", "-c", config]],
  ["types", ["check", "-q", ...withConfig, ...sources, ...tests]],
  ["tests", ["test", "-A", "-q", "--no-check", "--parallel", "--reporter=dot", ...withConfig, ...tests]],
];
const began = performance.now();
const failed = steps.filter(([name, parameters]) => {
  console.log(`== ${name}`);
  return spawnSync(process.execPath, parameters, { stdio: "inherit" }).status !== 0;
});
const seconds = ((performance.now() - began) / 1000).toFixed(0);
console.log(
  failed.length === 0 ? `ok in ${seconds} s` : `not ok: ${failed.map(([name]) => name).join(", ")}`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
