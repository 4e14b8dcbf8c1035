import { isAbsolute, resolve } from "node:path";
import process from "node:process";
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
        ...files.map((file) => isAbsolute(file) ? file : `./${file}`),
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
