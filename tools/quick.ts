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
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { taskArguments } from "./arguments.ts";
import { groupFiles } from "./test/groups.ts";
import { findTests, isQuick } from "./test/suites.ts";
import { DENO_CONFIG } from "./deno_config.ts";

/** Modules that import the tests: as many can run at the same time. */
const GROUPS = 4;

const { words } = taskArguments({ words: true });
const tests = findTests(words.length === 0 ? ["tests"] : words).filter(isQuick);
if (tests.length === 0) {
  // Without a file, Deno would run every test there is.
  console.error(`No quick test is in ${words.join(", ")}: run "npm test -- ${words.join(" ")} --on deno"`);
  process.exit(2);
}
// For a part of the tests, checks their types and those of everything they import.
const sources = words.length === 0 ? ["mod.ts", "cli.ts", "src", "tools"] : [];
const withConfig = ["--no-lock", "-c", DENO_CONFIG];
const folder = mkdtempSync(join(tmpdir(), "diaspora-quick-"));
const groups = groupFiles(tests, folder, "quick", GROUPS);

const steps: [name: string, parameters: string[]][] = [
  ["format", ["fmt", "--check", "-q", "-c", DENO_CONFIG]],
  ["lint", ["lint", "-q", "-c", DENO_CONFIG]],
  ["types", ["check", "-q", ...withConfig, ...sources, ...tests]],
  ["tests", ["test", "-A", "-q", "--no-check", "--parallel", "--reporter=dot", ...withConfig, ...groups]],
];
const began = performance.now();
const failed = steps.filter(([name, parameters]) => {
  console.log(`== ${name}`);
  if (name === "tests" && !process.stdout.isTTY) return !testsPass(parameters);
  return spawnSync(process.execPath, parameters, { stdio: "inherit" }).status !== 0;
});

rmSync(folder, { recursive: true });
const seconds = ((performance.now() - began) / 1000).toFixed(0);
console.log(
  failed.length === 0 ? `ok in ${seconds} s` : `not ok: ${failed.map(([name]) => name).join(", ")}`,
);
process.exitCode = failed.length === 0 ? 0 : 1;

/** Without a terminal, Deno puts each test's dot on a line of its own: thousands of lines. */
function testsPass(parameters: string[]): boolean {
  const { status, stdout } = spawnSync(process.execPath, parameters, {
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
    maxBuffer: Infinity,
    stdio: ["inherit", "pipe", "inherit"],
  });
  console.log(stdout.replaceAll(/^[.,!]\n/gm, "").trim());
  return status === 0;
}
