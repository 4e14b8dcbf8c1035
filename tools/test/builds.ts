import { resolve } from "node:path";
import { needsPackage, needsProgram } from "./suites.ts";
import { Supervised } from "./supervised.ts";

/** The program that the tests of the command run when they test the binary. */
export const BINARY = "dist/diaspora-ctl";

/** What many tests use, and is built once for all of them. */
interface Build {
  /** Where tests find its path. */
  variable: string;
  output: string;
  task: string;
  isNeededBy(file: string, runner: string): boolean;
}

const BUILDS: readonly Build[] = [
  {
    variable: "DIASPORA_TEST_PROGRAM",
    output: BINARY,
    task: "compile",
    isNeededBy: (file, runner) => runner === "Binary" || needsProgram(file),
  },
  {
    variable: "DIASPORA_TEST_PACKAGE",
    output: "dist/npm-package",
    task: "build:npm",
    isNeededBy: needsPackage,
  },
];

const made = new Map<Build, Promise<string | undefined>>();

/** Builds it anew, so that tests never use an outdated one, and only once; returns what went wrong. */
function make(build: Build): Promise<string | undefined> {
  const run = async (): Promise<string | undefined> => {
    let output = "";
    const command = ["node", "tools/launch.mjs", build.task, "--output", build.output];
    const code = await new Supervised(command, {}, (bytes) => output += new TextDecoder().decode(bytes))
      .ended;
    return code === 0 ? undefined : `"${build.task}" failed:\n${output}`;
  };
  const making = made.get(build) ?? run();
  made.set(build, making);
  return making;
}

/**
 * Builds what the files need on a runner; returns the variables that tell tests where it is, or what went
 * wrong.
 */
export async function makeBuilds(
  runner: string,
  files: readonly string[],
): Promise<{ environment: Record<string, string> } | { failure: string }> {
  const needed = BUILDS.filter(({ isNeededBy }) => files.some((file) => isNeededBy(file, runner)));
  const failures = (await Promise.all(needed.map(make))).filter((failure) => failure !== undefined);
  if (failures.length > 0) return { failure: failures.join("\n") };
  return {
    environment: Object.fromEntries(needed.map(({ variable, output }) => [variable, resolve(output)])),
  };
}
