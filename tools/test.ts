/**
 * Runs the tests: all of them on Deno, those of the library also on Node and Bun, and those of the command
 * again with the compiled program.
 *
 * ```text
 * npm test
 * npm test -- tests/log --on deno --filter "append()" --seed 7
 * npm test -- --timings --minutes 20
 * ```
 *
 * `--timings` lists the slowest files, `--minutes` limits the time of the whole run (default: 40).
 */
import { existsSync } from "node:fs";
import process from "node:process";
import { taskArguments } from "./arguments.ts";
import { makeBuilds } from "./test/builds.ts";
import type { TestOutcome } from "./test/junit.ts";
import { endRuns, type RunResult, runTests } from "./test/run.ts";
import { type Runner, runners } from "./test/runners.ts";
import { findTests } from "./test/suites.ts";
import { watchParent } from "./test/supervised.ts";
import { Transcripts } from "./test/transcripts.ts";
import { counted } from "../src/text/counted.ts";
import { DENO_CONFIG } from "./deno_config.ts";

/** How many files are listed as the slowest of each runtime. */
const TIMINGS_MAX = 30;

const RUNTIMES = ["deno", "node", "bun", "binary"];

const { words: paths, texts, numbers, flags } = taskArguments({
  string: ["on", "filter"],
  number: ["seed", "minutes"],
  boolean: ["timings"],
  words: true,
});
const wanted = texts["on"]?.toLowerCase().split(",") ?? RUNTIMES;
const seed = numbers["seed"] ?? Math.floor(Math.random() * 2 ** 31);
const { filter } = texts;
const { minutes = 40 } = numbers;
const deadlineMs = performance.now() + minutes * 60_000;
const strange = wanted.find((name) => !RUNTIMES.includes(name));
if (strange !== undefined) {
  console.error(`Cannot run tests on "${strange}": known are ${RUNTIMES.join(", ")}`);
  process.exit(2);
}
const missing = paths.find((path) => !existsSync(path));
if (missing !== undefined) {
  console.error(`Cannot find tests "${missing}": no such file or folder`);
  process.exit(2);
}
if (minutes === 0) {
  console.error(`Option "--minutes" takes a number above 0, found "${minutes}"`);
  process.exit(2);
}
const files = findTests(paths.length === 0 ? ["tests"] : paths);

for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const) {
  process.on(signal, () => {
    endRuns();
    process.exit(code);
  });
}
watchParent(() => {
  endRuns();
  process.exit(1);
});

/** Runs the tests on one runtime. */
async function runOn(
  runner: Runner,
  its: string[],
  onOutput: (bytes: Uint8Array) => void,
): Promise<RunResult> {
  const only = (name: string, result: TestOutcome["result"]): RunResult => ({
    outcomes: [{ name, result }],
    timings: [],
  });
  // Bun and tsx are installed by npm; without them, their tests did not run, which must be visible.
  if (runner.name !== "Deno" && !existsSync("node_modules/.bin/bun")) {
    return only("all: run npm ci first", "skipped");
  }
  const order = ["Deno", "Binary"].includes(runner.name) ? `, order from seed ${seed}` : "";
  onOutput(new TextEncoder().encode(`\n${runner.name}: ${counted(its.length, "file")}${order}\n`));
  const builds = await makeBuilds(runner.name, its);
  if ("failure" in builds) {
    onOutput(new TextEncoder().encode(builds.failure));
    return only("all: what they need cannot be built", "failed");
  }
  const request = { files: its, seed, filter, environment: builds.environment };
  const { outcomes, timings } = await runTests(runner, request, { deadlineMs, onOutput });
  // Deno and Bun report tests that the filter left out as skipped; a skip with a reason has it in its name.
  const meant = outcomes.filter(({ name, result }) =>
    filter === undefined || result !== "skipped" || name.includes(" (skipped: ")
  );
  return { outcomes: meant, timings };
}

const outcomes: (TestOutcome & { runtime: string })[] = [];
const timings: string[] = [];
const transcripts = new Transcripts((bytes) => process.stdout.write(bytes));
// All at once: tests spend much of their time waiting.
await Promise.all(
  runners(DENO_CONFIG).filter(({ name }) => wanted.includes(name.toLowerCase())).map(async (runner) => {
    const its = files.filter(runner.takes);
    if (its.length === 0) return;
    const transcript = transcripts.open();
    const result = await runOn(runner, its, (bytes) => transcript.write(bytes));
    transcript.close();
    outcomes.push(...result.outcomes.map((outcome) => ({ ...outcome, runtime: runner.name })));
    timings.push(...timingLines(runner.name, result));
  }),
);

/** The slowest files of a runtime. */
function timingLines(runtime: string, { timings }: RunResult): string[] {
  const seconds = (ms: number): string => (ms / 1000).toFixed(1).padStart(7);
  const sum = timings.reduce((sum, [, ms]) => sum + ms, 0);
  return [
    `\n${runtime}: ${seconds(sum).trim()} s in ${counted(timings.length, "file")}, the slowest:`,
    ...timings.slice(0, TIMINGS_MAX).map(([file, ms]) => `${seconds(ms)} s  ${file}`),
  ];
}

const of = (result: TestOutcome["result"]): typeof outcomes =>
  outcomes.filter((outcome) => outcome.result === result);
const [passed, failed, skipped] = [of("passed"), of("failed"), of("skipped")];
if (outcomes.length === 0) failed.push({ name: "no test was found", result: "failed", runtime: "Deno" });
if (flags["timings"]) { for (const line of timings) console.log(line); }
console.log("");
for (const { name, runtime } of skipped) console.log(`skipped on ${runtime}: ${name}`);
for (const { name, file, runtime } of failed) {
  console.log(`failed on ${runtime}: ${name}${file ? ` (${file})` : ""}`);
}
const skippedText = skipped.length === 0 ? "" : `, ${skipped.length} skipped`;
console.log(`${passed.length} passed, ${failed.length} failed${skippedText}`);
process.exitCode = failed.length === 0 ? 0 : 1;
