/**
 * Runs tests with one mutant after the other active, in one process. It is started in the copy of the
 * repository, and answers each line of its standard input (a {@linkcode Request} as JSON) with a line (an
 * {@linkcode Answer}).
 *
 * @module
 */
import { Leftovers, turn } from "./leftovers.ts";
import { writeSync } from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import type { CollectedTest } from "./collector.ts";
import type { Answer, Request, TestFacts, TestToRun } from "./protocol.ts";

const here = (file: string): string => pathToFileURL(`${process.cwd()}/${file}`).href;
const { mutationSwitch, RunsAway } = await import(here("mutation_switch.ts"));
const { collected } = await import(here("tests/harness.ts"));

type Outcome = "passed" | "failed" | "timeout";

/** A test file, and all that it imports, is loaded in far less processor time. */
const LOAD_CPU_MS = 30_000;

/** An unhandled rejection belongs to the running test. */
let stray: unknown;
globalThis.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  stray ??= event.reason ?? "rejected";
});
globalThis.addEventListener("error", (event) => {
  event.preventDefault();
  stray ??= event.error ?? "thrown";
});

function tell(answer: Answer): void {
  writeSync(1, `\n\u0001${JSON.stringify(answer)}\n`);
}

/** The tests of the files that were imported. */
const testsOf = new Map<string, CollectedTest[]>();

async function importTests(file: string): Promise<CollectedTest[]> {
  let found = testsOf.get(file);
  if (found === undefined) {
    collected.file = file;
    collected.tests = [];
    await import(here(file));
    testsOf.set(file, found = collected.tests as CollectedTest[]);
  }
  return found;
}

/** `mayLeave`: it leaves something behind even without a mutant. */
async function runTest(
  { body }: CollectedTest,
  { limitMs, mayLeave }: Pick<TestToRun, "limitMs" | "mayLeave">,
): Promise<Outcome> {
  stray = undefined;
  mutationSwitch.deadline = performance.now() + limitMs;
  let isLate = false;
  const runOnce = async (): Promise<Outcome | "leaving something"> => {
    try {
      const leftovers = new Leftovers();
      await body();
      if (!isLate && !mayLeave && await leftovers.hasMore()) return "leaving something";
      return stray === undefined ? "passed" : stray instanceof RunsAway ? "timeout" : "failed";
    } catch (error) {
      return error instanceof RunsAway ? "timeout" : "failed";
    }
  };
  const run = async (): Promise<Outcome> => {
    // Something may be opened once and stay open: only what a second run leaves again counts.
    for (let time = 1;; time++) {
      const outcome = await runOnce();
      if (outcome !== "leaving something") return outcome;
      if (time === 2) return "failed";
    }
  };
  const outcome = await Promise.race([run(), late(limitMs)]);
  isLate = true;
  mutationSwitch.deadline = Infinity;
  return outcome;
}

/** Resolves when a test has taken too long. */
async function late(ms: number): Promise<Outcome> {
  await turn(ms);
  return "timeout";
}

/** Runs every test from a given one on, once, without a mutant, and records which code it executes. */
async function look({ mutants, limitMs, from }: Extract<Request, { kind: "look" }>): Promise<void> {
  const tests: TestFacts[] = [];
  const all = [...testsOf.values()].flatMap((its) => its.map((test, at) => ({ test, at })));
  for (let index = from; index < all.length; index++) {
    const { test, at } = all[index];
    mutationSwitch.hits = new Uint8Array(mutants);
    const begun = performance.now();
    const cpuBegun = process.cpuUsage();
    let outcome = await runTest(test, { limitMs, mayLeave: false });
    const mayLeave = outcome === "failed";
    if (mayLeave) outcome = await runTest(test, { limitMs, mayLeave: true });
    const ms = performance.now() - begun;
    const { user, system } = process.cpuUsage(cpuBegun);
    const cpuMs = (user + system) / 1000;
    const hits: number[] = [];
    (mutationSwitch.hits as Uint8Array).forEach((hit, number) => hit === 1 && hits.push(number));
    tests.push({ file: test.file, name: test.name, at, ms, cpuMs, outcome, hits, mayLeave });
    if (outcome === "timeout") break; // What is still running would be attributed to the next test.
    if (index % 50 === 49) tell({ kind: "looked", tests: tests.splice(0) });
  }
  tell({ kind: "looked", tests });
  tell({ kind: "done" });
}

/** Runs tests with a mutant until one fails. */
async function tryMutant({ number, tests, recheck }: Extract<Request, { kind: "try" }>): Promise<void> {
  for (const [index, how] of tests.entries()) {
    let test: CollectedTest;
    tell({ kind: "begun", cpuMsMax: LOAD_CPU_MS });
    try {
      test = (await importTests(how.file))[how.at];
    } catch {
      return tell({ kind: "tried", outcome: "failed", by: index, isOwn: true });
    }
    // A test may run twice, see runTest(). In the core an endless loop can only be left by ending the process.
    tell({ kind: "begun", cpuMsMax: 2 * how.limitMs });
    mutationSwitch.active = number;
    const outcome = await runTest(test, how);
    if (recheck) mutationSwitch.active = -1;
    if (outcome === "passed") continue;
    tell({ kind: "begun", cpuMsMax: 2 * how.limitMs });
    // The cause may be something that an earlier mutant left behind in this process.
    const isOwn = outcome === "timeout" || !recheck || await runTest(test, how) === "passed";
    return tell({ kind: "tried", outcome, by: index, isOwn });
  }
  tell({ kind: "tried", outcome: "passed", by: -1, isOwn: true });
}

async function load(files: readonly string[], mutants: number): Promise<void> {
  mutationSwitch.hits = new Uint8Array(mutants);
  for (const file of files) await importTests(file);
  const hits: number[] = [];
  (mutationSwitch.hits as Uint8Array).forEach((hit, number) => hit === 1 && hits.push(number));
  mutationSwitch.hits = undefined;
  const tests = [...testsOf.values()].reduce((sum, { length }) => sum + length, 0);
  tell({ kind: "loaded", tests, hits });
}

async function answer(request: Request): Promise<void> {
  if (request.kind === "load") await load(request.files, request.mutants);
  else if (request.kind === "look") await look(request);
  else await tryMutant(request);
}

try {
  for await (const line of createInterface({ input: process.stdin })) await answer(JSON.parse(line));
  process.exit(0);
} catch (error) {
  // Not thrown, since the listeners above would keep it, and the parent would wait.
  console.error(error);
  process.exit(1);
}
