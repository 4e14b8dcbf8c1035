import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { JOURNAL, Journal } from "./journal.ts";
import { readJunit, type TestOutcome } from "./junit.ts";
import type { Runner, RunRequest } from "./runners.ts";
import { Supervised } from "./supervised.ts";

/** A test that blocks cannot report that it reached its limit; it is ended after this additional time, */
const GRACE_MS = 5_000;
/** and this additional share of its limit, because timers of a busy process are late. */
const GRACE_PART = 0.2;
/** Longest time in which no test runs, starts or ends: types are being checked, or a file does not end. */
const SILENCE_MS_MAX = 300_000;
const LOOK_MS = 500;

/** The result of a run. */
export interface RunResult {
  outcomes: TestOutcome[];
  /** Milliseconds of the tests of each file, longest first. */
  timings: [file: string, ms: number][];
}

/** Runs in progress, to be ended with this process. */
const underWay = new Set<Supervised>();

/** Ends every run in progress, with all processes of its tests. */
export function endRuns(): void {
  for (const run of underWay) run.end();
}

/**
 * Runs test files on one runtime. A runner that fails without naming a failed test (a file that does not
 * load, a crash) counts as one failure, so that it never counts as success.
 */
export async function runTests(
  runner: Runner,
  request: Omit<RunRequest, "report" | "folder">,
  { deadlineMs, onOutput }: { deadlineMs: number; onOutput: (bytes: Uint8Array) => void },
): Promise<RunResult> {
  const folder = mkdtempSync(join(tmpdir(), "diaspora-test-report-"));
  const report = join(folder, "report.xml");
  const path = join(folder, "journal");
  const journal = new Journal(path, performance.now());
  const environment = { ...request.environment, ...runner.environment, [JOURNAL]: path };
  const run = new Supervised(runner.command({ ...request, report, folder }), environment, onOutput);
  underWay.add(run);
  let why: string | undefined;
  const timer = setInterval(() => {
    const nowMs = performance.now();
    journal.follow(nowMs);
    why ??= whyToEnd(journal, nowMs, deadlineMs);
    if (why !== undefined) run.end();
  }, LOOK_MS);
  try {
    const code = await run.ended;
    journal.follow(performance.now());
    const outcomes = why === undefined ? readReport(report) : outcomesOf(journal);
    for (const outcome of outcomes) {
      if (outcome.result === "failed") outcome.file = journal.fileOfFailed(outcome.name);
    }
    if (why !== undefined) outcomes.push({ name: `the run itself: ${why}`, result: "failed" });
    else if (code !== 0 && !outcomes.some(({ result }) => result === "failed")) {
      outcomes.push({ name: `the run itself: it ended with exit code ${code}`, result: "failed" });
    }
    return { outcomes, timings: journal.timings() };
  } finally {
    clearInterval(timer);
    underWay.delete(run);
    rmSync(folder, { recursive: true });
  }
}

/** Why a run has to be ended, if it has to. */
export function whyToEnd(journal: Journal, nowMs: number, deadlineMs: number): string | undefined {
  const running = journal.running();
  const stuck = running.find(({ seenMs, limitMs }) => nowMs - seenMs > limitMs * (1 + GRACE_PART) + GRACE_MS);
  if (stuck !== undefined) {
    return `test "${stuck.name}" of ${stuck.file} reached its time limit of ${stuck.limitMs / 1000} s`;
  }
  const names = running.map(({ name, file }) => `"${name}" of ${file}`).join(", ");
  if (nowMs > deadlineMs) return `it reached its time limit${names && ` during ${names}`}`;
  if (running.length === 0 && nowMs - journal.changedMs > SILENCE_MS_MAX) {
    const last = [...journal.tests.values()].at(-1);
    return `no test began or ended for ${SILENCE_MS_MAX / 1000} s${
      last === undefined ? "" : `; the last one was "${last.name}" of ${last.file}`
    }`;
  }
  return undefined;
}

/** The results of a run that was ended, and therefore has no report. */
function outcomesOf(journal: Journal): TestOutcome[] {
  return [...journal.tests.values()].map(({ name, ended }) => ({
    name,
    result: ended?.passed ? "passed" : "failed",
  }));
}

function readReport(path: string): TestOutcome[] {
  try {
    return readJunit(readFileSync(path, "utf8"));
  } catch {
    return [];
  }
}
