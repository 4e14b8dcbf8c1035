import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { readJunit, type TestOutcome } from "./junit.ts";

/** A program that runs test files. */
export interface Runner {
  /** The runtime, as it is printed. */
  name: "Deno" | "Node" | "Bun";
  /** What to start. */
  command(run: RunRequest): string[];
}

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
  return [{
    name: "Deno",
    command: ({ files, report, seed, filter }) => [
      process.execPath,
      ...[
        "test",
        "-A",
        "--no-lock",
        "-c",
        denoConfig,
        "--parallel",
        `--shuffle=${seed}`,
        `--junit-path=${report}`,
      ],
      ...(filter === undefined ? [] : [`--filter=${filter}`]),
      ...files,
    ],
  }, {
    name: "Node",
    command: ({ files, report, filter }) => [
      "node",
      ...["--import", "tsx", "--test", "--test-concurrency=2"],
      ...["--test-reporter=spec", "--test-reporter-destination=stdout"],
      ...["--test-reporter=junit", `--test-reporter-destination=${report}`],
      ...(filter === undefined ? [] : [`--test-name-pattern=${escapeForRegExp(filter)}`]),
      ...files,
    ],
  }, {
    name: "Bun",
    command: ({ files, report, filter }) => [
      "node_modules/.bin/bun",
      ...["test", "--reporter=junit", `--reporter-outfile=${report}`],
      ...(filter === undefined ? [] : [`--test-name-pattern=${escapeForRegExp(filter)}`]),
      ...files.map((file) => `./${file}`),
    ],
  }];
}

let running: ChildProcess | undefined;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    running?.kill(signal);
    process.exit(signal === "SIGINT" ? 130 : 143);
  });
}

/** Runs a program with this process's output and gives its exit code. */
function run([program, ...parameters]: string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    running = spawn(program, parameters, { stdio: ["ignore", "inherit", "inherit"] });
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
    const code = await run(runner.command({ ...request, report }));
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
