import { walkSync } from "@std/fs/walk";

/**
 * Tests that run under Deno alone: those of the tools and of the repository itself, which are no part of
 * what users import, those that start programs or brokers by themselves, and the many seeds of the simulation.
 */
export const DENO_ONLY: readonly RegExp[] = [
  /^tests\/tools\//,
  /^tests\/architecture_test\.ts$/,
  /^tests\/packaging\//,
  /^tests\/processes\//,
  /^tests\/faults\/processes\//,
  /^tests\/cli\//,
  /^tests\/kafka\//,
  /^tests\/bench\/(guard|options)_test\.ts$/,
  /^tests\/simulation\//,
  /^tests\/issues\/hanging_tests_test\.ts$/,
  /^tests\/readme_test\.ts$/,
];

/** Tests that run under Node alone: those in a browser, which is driven from there. */
export const NODE_ONLY: readonly RegExp[] = [/^tests\/ui\/(?:\w*page|accessible)_test\.ts$/];

/** Every test file at or under the paths, sorted. */
export function findTests(paths: readonly string[]): string[] {
  return paths
    .flatMap((path) =>
      path.endsWith(".ts") ? [path] : [...walkSync(path, { match: [/_test\.ts$/] })].map(({ path }) => path)
    )
    .map((path) => path.replace(/^\.\//, ""))
    .sort();
}

/** Whether a test file runs on a runtime. */
export function runsOn(runtime: "Deno" | "Node" | "Bun", file: string): boolean {
  const belongs = (patterns: readonly RegExp[]): boolean => patterns.some((pattern) => pattern.test(file));
  if (belongs(DENO_ONLY)) return runtime === "Deno";
  return !belongs(NODE_ONLY) || runtime === "Node";
}

/** Whether a test file runs on Deno, Node and Bun. */
export function runsEverywhere(file: string): boolean {
  return ![...DENO_ONLY, ...NODE_ONLY].some((pattern) => pattern.test(file));
}

/** Whether a test file runs `diaspora-ctl` as a process, so that it can run the compiled one too. */
export function testsCommand(file: string): boolean {
  return file.startsWith("tests/cli/");
}
