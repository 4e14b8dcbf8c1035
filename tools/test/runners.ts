import { isAbsolute, resolve } from "node:path";
import process from "node:process";
import { groupFiles } from "./node_groups.ts";
import { needsBrowser, runsOn, testsCommand } from "./suites.ts";

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

/**
 * Test files that run at the same time on Deno, whatever the machine: many of them wait, or start processes of their
 * own. The other runtimes, which have fewer files, run beside it with one at a time.
 */
const DENO_JOBS = "3";

/** The program that the tests of the command run where they are to run a binary. */
export const BINARY = "dist/diaspora-ctl";

/** What a runner is asked to run. */
export interface RunRequest {
  /** Test files, from the root of the repository. */
  files: readonly string[];
  /** Where the report goes. */
  report: string;
  /** Where the runner may make files. */
  folder: string;
  /** Seed of the order, where the runtime can shuffle. */
  seed: number;
  /** Only tests whose name has this in it. */
  filter?: string;
  /** What the tests find in their environment, beside what the runtime's have there. */
  environment?: Record<string, string>;
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
    { name: "Deno", takes: (file) => runsOn("Deno", file), command: deno, environment: { DENO_JOBS } },
    {
      name: "Node",
      takes: (file) => runsOn("Node", file),
      command: ({ files, report, filter, folder }) => [
        "node",
        ...["--import", "tsx", "--test", "--test-concurrency=1"],
        ...["--test-reporter=spec", "--test-reporter-destination=stdout"],
        ...["--test-reporter=junit", `--test-reporter-destination=${report}`],
        ...(filter === undefined ? [] : [`--test-name-pattern=${escapeForRegExp(filter)}`]),
        ...groupFiles(files, folder, needsBrowser),
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
      environment: { DENO_JOBS: "1", DIASPORA_CTL: resolve(BINARY) },
    },
  ];
}
