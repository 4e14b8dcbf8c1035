import { isAbsolute, resolve } from "node:path";
import process from "node:process";
import { BINARY } from "./builds.ts";
import { groupFiles } from "./groups.ts";
import { measuresPage, needsBrokers, needsBrowser, runsEverywhere, runsOn, testsCommand } from "./suites.ts";

/** A program that runs test files. */
export interface Runner {
  /** The runtime's name as printed; or "Binary", the compiled program tested from Deno. */
  name: "Deno" | "Node" | "Bun" | "Binary";
  /** Whether a test file runs here. */
  takes(file: string): boolean;
  /** The command to start. */
  command(run: RunRequest): string[];
  /** Additional environment variables for the tests. */
  environment?: Record<string, string>;
}

/**
 * Number of test files that run at the same time on Deno, on any machine: many of them wait, or start
 * processes. The other runtimes, which have fewer files, run at the same time with one file each.
 */
const DENO_JOBS = "3";

/** Modules that import the tests of the library on Deno: several of them run at the same time. */
const DENO_GROUPS = 8;
/** The same on Node, where they run one after the other. */
const NODE_GROUPS = 2;

/** What a runner is asked to run. */
export interface RunRequest {
  /** Test files, relative to the root of the repository. */
  files: readonly string[];
  /** Where to write the report. */
  report: string;
  /** Where the runner may create files. */
  folder: string;
  /** Seed of the order, if the runtime can shuffle. */
  seed: number;
  /** Only tests whose name contains this. */
  filter?: string;
  /** Environment variables for the tests, in addition to those of the runner. */
  environment?: Record<string, string>;
}

function escapeForRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** The runtimes that the tests run on. */
export function runners(denoConfig: string): Runner[] {
  const deno: Runner["command"] = ({ files, report, folder, seed, filter }) => [
    process.execPath,
    // Types are checked by `npm run ok`, all at once.
    ...["test", "-A", "--no-check", "--no-lock", "-c", denoConfig],
    ...["--parallel", `--shuffle=${seed}`, `--junit-path=${report}`],
    ...(filter === undefined ? [] : [`--filter=${filter}`]),
    ...files.filter((file) => !runsEverywhere(file)),
    ...groupFiles(files.filter(runsEverywhere), folder, "library", DENO_GROUPS),
  ];
  return [
    {
      name: "Deno",
      takes: (file) => runsOn("Deno", file) && !needsBrokers(file),
      command: deno,
      environment: { DENO_JOBS },
    },
    // They mostly wait for brokers: beside the others, one after the other, they take nearly no time.
    {
      name: "Deno",
      takes: (file) => runsOn("Deno", file) && needsBrokers(file),
      command: deno,
      environment: { DENO_JOBS: "1" },
    },
    {
      name: "Node",
      takes: (file) => runsOn("Node", file),
      command: ({ files, report, filter, folder }) => [
        "node",
        ...["--import", "tsx", "--test", "--test-concurrency=1"],
        ...["--test-reporter=spec", "--test-reporter-destination=stdout"],
        ...["--test-reporter=junit", `--test-reporter-destination=${report}`],
        ...(filter === undefined ? [] : [`--test-name-pattern=${escapeForRegExp(filter)}`]),
        ...files.filter(measuresPage),
        ...groupFiles(
          files.filter((file) => needsBrowser(file) && !measuresPage(file)),
          folder,
          "browser",
          1,
        ),
        ...groupFiles(files.filter((file) => !needsBrowser(file)), folder, "library", NODE_GROUPS),
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
