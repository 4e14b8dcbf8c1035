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
import type { Answer, Request, TestFacts } from "./protocol.ts";

const here = (file: string): string => pathToFileURL(`${process.cwd()}/${file}`).href;
const { mutationSwitch, RunsAway } = await import(here("mutation_switch.ts"));
const { collected } = await import(here("tests/harness.ts"));

type Outcome = "passed" | "failed" | "timeout";

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

/** `mayLeave`: it leaves something behind even without a mutant. */
async function runTest(index: number, limitMs: number, mayLeave: boolean): Promise<Outcome> {
  stray = undefined;
  mutationSwitch.deadline = performance.now() + limitMs;
  let isLate = false;
  const runOnce = async (): Promise<Outcome | "leaving something"> => {
    try {
      const leftovers = new Leftovers();
      await collected.tests[index].body();
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
  for (let index = from; index < collected.tests.length; index++) {
    const { file, name } = collected.tests[index];
    mutationSwitch.hits = new Uint8Array(mutants);
    const begun = performance.now();
    let outcome = await runTest(index, limitMs, false);
    const mayLeave = outcome === "failed";
    if (mayLeave) outcome = await runTest(index, limitMs, true);
    const ms = performance.now() - begun;
    const hits: number[] = [];
    (mutationSwitch.hits as Uint8Array).forEach((hit, number) => hit === 1 && hits.push(number));
    tests.push({ file, name, ms, outcome, hits, mayLeave });
    if (outcome === "timeout") break; // What is still running would be attributed to the next test.
    if (index % 50 === 49) tell({ kind: "looked", tests: tests.splice(0) });
  }
  tell({ kind: "looked", tests });
  tell({ kind: "done" });
}

/** Runs tests with a mutant until one fails. */
async function tryMutant({ number, tests, recheck }: Extract<Request, { kind: "try" }>): Promise<void> {
  for (const { index, limitMs, mayLeave } of tests) {
    mutationSwitch.active = number;
    const outcome = await runTest(index, limitMs, mayLeave);
    if (outcome === "passed") continue;
    if (recheck) mutationSwitch.active = -1;
    // The cause may be something that an earlier mutant left behind in this process.
    const isOwn = outcome === "timeout" || !recheck || await runTest(index, limitMs, mayLeave) === "passed";
    return tell({ kind: "tried", outcome, by: index, isOwn });
  }
  if (recheck) mutationSwitch.active = -1;
  tell({ kind: "tried", outcome: "passed", by: -1, isOwn: true });
}

async function load(files: readonly string[], mutants: number): Promise<void> {
  mutationSwitch.hits = new Uint8Array(mutants);
  for (const file of files) {
    collected.file = file;
    await import(here(file));
  }
  const hits: number[] = [];
  (mutationSwitch.hits as Uint8Array).forEach((hit, number) => hit === 1 && hits.push(number));
  mutationSwitch.hits = undefined;
  tell({ kind: "loaded", tests: collected.tests.map(({ file, name }: TestFacts) => ({ file, name })), hits });
}

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line) as Request;
  if (request.kind === "load") await load(request.files, request.mutants);
  else if (request.kind === "look") await look(request);
  else await tryMutant(request);
}
process.exit(0);
