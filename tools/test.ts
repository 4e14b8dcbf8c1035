/**
 * Runs the tests: all of them under Deno, those of the library under Node and Bun too, and those of the command
 * once more with the compiled program.
 *
 * ```text
 * npm test
 * npm test -- tests/log --on deno --filter "append()" --seed 7
 * ```
 */
import { parseArgs } from "@std/cli/parse-args";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import process from "node:process";
import type { TestOutcome } from "./test/junit.ts";
import { BINARY, runners, runTests } from "./test/runners.ts";
import { findTests } from "./test/suites.ts";

const args = parseArgs(process.argv.slice(2), {
  string: ["_", "on", "filter"],
  default: { on: "deno,node,bun,binary" },
});
const wanted = String(args.on).toLowerCase().split(",");
const seed = typeof args["seed"] === "number" ? args["seed"] : Math.floor(Math.random() * 2 ** 31);
const filter = typeof args.filter === "string" ? args.filter : undefined;
const paths = args._.map(String);
const missing = paths.find((path) => !existsSync(path));
if (missing !== undefined) {
  console.error(`Cannot find tests "${missing}": no such file or folder`);
  process.exit(2);
}
const files = findTests(paths.length === 0 ? ["tests"] : paths);

/** Compiles the command afresh, so that its tests never run an older one. */
function compile(): boolean {
  const { status } = spawnSync("node", ["tools/launch.mjs", "compile", "--output", BINARY], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  return status === 0;
}

const config = process.env["DIASPORA_TOOLING"] === "connected" ? "deno.json" : "deno.npm-only.json";
const outcomes: (TestOutcome & { runtime: string })[] = [];
for (const runner of runners(config)) {
  if (!wanted.includes(runner.name.toLowerCase())) continue;
  const its = files.filter(runner.takes);
  if (its.length === 0) continue;
  // Bun and tsx come with npm; without them the tests of these runtimes did not run, which must be seen.
  if (runner.name !== "Deno" && !existsSync("node_modules/.bin/bun")) {
    outcomes.push({ name: "all: run npm ci first", result: "skipped", runtime: runner.name });
    continue;
  }
  const order = ["Deno", "Binary"].includes(runner.name) ? `, order from seed ${seed}` : "";
  console.log(`\n${runner.name}: ${its.length} files${order}`);
  if (runner.name === "Binary" && !compile()) {
    outcomes.push({ name: "all: the program does not compile", result: "failed", runtime: runner.name });
    continue;
  }
  const ended = await runTests(runner, { files: its, seed, filter });
  // Deno and Bun report what the filter left out as skipped; a skip with a reason has it in its name.
  const meant = ended.filter(({ name, result }) =>
    filter === undefined || result !== "skipped" || name.includes(" (skipped: ")
  );
  outcomes.push(...meant.map((outcome) => ({ ...outcome, runtime: runner.name })));
}

const of = (result: TestOutcome["result"]): typeof outcomes =>
  outcomes.filter((outcome) => outcome.result === result);
const [passed, failed, skipped] = [of("passed"), of("failed"), of("skipped")];
if (outcomes.length === 0) failed.push({ name: "no test was found", result: "failed", runtime: "Deno" });
console.log("");
for (const { name, runtime } of skipped) console.log(`skipped on ${runtime}: ${name}`);
for (const { name, runtime } of failed) console.log(`failed on ${runtime}: ${name}`);
const skippedText = skipped.length === 0 ? "" : `, ${skipped.length} skipped`;
console.log(`${passed.length} passed, ${failed.length} failed${skippedText}`);
process.exitCode = failed.length === 0 ? 0 : 1;
