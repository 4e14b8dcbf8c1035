import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { readJunit, type TestOutcome } from "./junit.ts";
import { runsOn, testsCommand } from "./suites.ts";

/** A program that runs test files. */
export interface Runner {
  /** The runtime, as it is printed; or "Binary", the compiled program under tests that run on Deno. */
  name: "Deno" | "Node" | "Bun" | "Binary";
  /** Whether a test file runs here. */
  takes(file: string): boolean;
  /** What to start. */
  command(run: RunRequest): string[];
  /** What the tests find in their environment. */
  environment?: Record<string, string>;
}

/** Test files that run at the same time, whatever the machine: many of them start processes of their own. */
const JOBS = "2";

/** The program that the tests of the command run where they are to run a binary. */
export const BINARY = "dist/diaspora-ctl";

/** What a runner is asked to run. */
export interface RunRequest {
  /** Test files, from the root of the repository. */
  files: readonly string[];
  /** Where the report goes. */
  report: string;
  /** Seed of the order, where the runtime can shuffle. */
  seed: number;
  /** Only tests whose name has this in it. */
  filter?: string;
}

function escapeForRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** The runtimes that the tests run on. */
export function runners(denoConfig: string): Runner[] {
  const deno: Runner["command"] = ({ files, report, seed, filter }) => [
    process.execPath,
    ...["test", "-A", "--no-lock", "-c", denoConfig],
    ...["--parallel", `--shuffle=${seed}`, `--junit-path=${report}`],
    ...(filter === undefined ? [] : [`--filter=${filter}`]),
    ...files,
  ];
  return [
    { name: "Deno", takes: (file) => runsOn("Deno", file), command: deno, environment: { DENO_JOBS: JOBS } },
    {
      name: "Node",
      takes: (file) => runsOn("Node", file),
      command: ({ files, report, filter }) => [
        "node",
        ...["--import", "tsx", "--test", `--test-concurrency=${JOBS}`],
        ...["--test-reporter=spec", "--test-reporter-destination=stdout"],
        ...["--test-reporter=junit", `--test-reporter-destination=${report}`],
        ...(filter === undefined ? [] : [`--test-name-pattern=${escapeForRegExp(filter)}`]),
        ...files,
      ],
    },
    {
      name: "Bun",
      takes: (file) => runsOn("Bun", file),
      command: ({ files, report, filter }) => [
        "node_modules/.bin/bun",
        ...["test", "--reporter=junit", `--reporter-outfile=${report}`],
        ...(filter === undefined ? [] : [`--test-name-pattern=${escapeForRegExp(filter)}`]),
        ...files.map((file) => `./${file}`),
      ],
    },
    {
      name: "Binary",
      takes: testsCommand,
      command: deno,
      environment: { DENO_JOBS: JOBS, DIASPORA_CTL: resolve(BINARY) },
    },
  ];
}

let running: ChildProcess | undefined;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    running?.kill(signal);
    process.exit(signal === "SIGINT" ? 130 : 143);
  });
}

/** Runs a program with this process's output and gives its exit code. */
function run([program, ...parameters]: string[], environment: Record<string, string> = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    running = spawn(program, parameters, {
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...process.env, ...environment },
    });
    running.on("error", reject);
    running.on("exit", (code) => {
      running = undefined;
      resolve(code ?? 1);
    });
  });
}

/**
 * Runs test files in one runtime. A runner that fails without naming a failed test (a file that does not
 * load, a crash) counts as one failure, so that it is never taken for success.
 */
export async function runTests(runner: Runner, request: Omit<RunRequest, "report">): Promise<TestOutcome[]> {
  const folder = mkdtempSync(join(tmpdir(), "diaspora-test-report-"));
  const report = join(folder, "report.xml");
  try {
    const code = await run(runner.command({ ...request, report }), runner.environment);
    const outcomes = readReport(report);
    if (code !== 0 && !outcomes.some(({ result }) => result === "failed")) {
      outcomes.push({ name: `the run itself: it ended with exit code ${code}`, result: "failed" });
    }
    return outcomes;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function readReport(path: string): TestOutcome[] {
  try {
    return readJunit(readFileSync(path, "utf8"));
  } catch {
    return [];
  }
}
