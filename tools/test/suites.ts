import { walkSync } from "@std/fs/walk";

/**
 * Tests of very many cases, or of much data, which do not depend on the runtime; a few of each kind run
 * everywhere.
 */
export const MANY_CASES: readonly RegExp[] = [
  /^tests\/damage\/flip_sweep_test\.ts$/,
  /^tests\/fuzz\//,
  /^tests\/issues\/(?:clock_set_back|frame_whole_between_two_looks|position_folded_while_stored)_test\.ts$/,
  /^tests\/model\//,
  /^tests\/storage\/windows_test\.ts$/,
  /^tests\/ui\/quick_test\.ts$/,
  /^tests\/wasm\/core_bytes_test\.ts$/,
];

/**
 * Tests that run on Deno only: those of the tools, the documentation and the repository itself, which users
 * do not import, those that start programs or brokers, and the many seeds of the simulation.
 */
export const DENO_ONLY: readonly RegExp[] = [
  /^tests\/tools\//,
  /^tests\/(?:architecture|words)_test\.ts$/,
  /^tests\/packaging\//,
  /^tests\/processes\//,
  /^tests\/faults\/processes\//,
  /^tests\/cli\//,
  /^tests\/kafka\//,
  /^tests\/bench\/(chart|cpp|guard|options)_test\.ts$/,
  /^tests\/docs\//,
  /^tests\/simulation\//,
  ...MANY_CASES,
  /^tests\/issues\/(?:administration_cut_short|hanging_tests|misspelled_options_of_tasks|permissions_for_the_store_alone|programs_on_files_downloaded_kafka|relative_root_path|scripts_of_the_package)_test\.ts$/,
  // They start programs on every runtime themselves.
  /^tests\/examples\/\w+_test\.ts$/,
  /^tests\/readme_test\.ts$/,
];

/** Tests that run on Node only: those in a browser, which is driven from Node. */
export const NODE_ONLY: readonly RegExp[] = [/^tests\/ui\/(?:\w*page|accessible)_test\.ts$/];

/** Whether a test file starts a browser. */
export function needsBrowser(file: string): boolean {
  return NODE_ONLY.some((pattern) => pattern.test(file));
}

/** Whether a test file measures the memory and the processor time that a page takes. */
export function measuresPage(file: string): boolean {
  return file === "tests/ui/live_page_test.ts";
}

/** Whether a test file starts Kafka brokers. */
export function needsBrokers(file: string): boolean {
  return /^tests\/kafka\//.test(file);
}

/** Tests that take long: they start programs, build packages, or try very many cases. */
const SLOW: readonly RegExp[] = [
  /^tests\/(?:cli|docs|examples|faults\/processes|kafka|model|packaging|processes|simulation|tools|ui)\//,
  /^tests\/bench\/(?:guard|options)_test\.ts$/,
  /^tests\/conformance\/files_test\.ts$/,
  /^tests\/damage\/flip_sweep_test\.ts$/,
  /^tests\/fuzz\//,
  /^tests\/cpp_files\/(?:cut_short|round_trip)_test\.ts$/,
  /^tests\/issues\/(?:administration_at_once|administration_cut_short|clock_set_back|consumer_names|hanging_tests)_test\.ts$/,
  /^tests\/issues\/(?:partition_without_leader|position_newer_than_log|programs_on_files_downloaded_kafka|scripts_of_the_package)_test\.ts$/,
  /^tests\/issues\/(?:stopped_writer_and_retention|trim_cut_short|two_imports_at_once|write_in_two_parts)_test\.ts$/,
  /^tests\/log\/check\/repair_test\.ts$/,
  /^tests\/reader\//,
  /^tests\/readme_test\.ts$/,
  /^tests\/storage\/windows_test\.ts$/,
  /^tests\/wasm\/core_bytes_test\.ts$/,
];

/** Whether a test file is quick enough to run repeatedly while working. */
export function isQuick(file: string): boolean {
  return !SLOW.some((pattern) => pattern.test(file)) && runsOn("Deno", file);
}

/** Whether a test file runs the compiled program, which is built once for all of them. */
export function needsProgram(file: string): boolean {
  return /^tests\/(?:packaging\/(?:compiled_program|cold_start)|cli\/documentation)_test\.ts$/.test(file);
}

/** Whether a test file uses the npm package, which is built once for all of them. */
export function needsPackage(file: string): boolean {
  return /^tests\/(?:packaging\/(?:npm_package|offline_package|cold_start)|tools\/(?:dnt|release\/dry_run)|cli\/stored_modules|issues\/scripts_of_the_package)_test\.ts$/
    .test(file);
}

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

/**
 * Tests of the command that also run with the compiled program: its input and output, signals and daemons, the
 * processes it starts, its web page and the modules that users give it; `stored_modules` starts nearly every
 * command. The others test what commands do and print, which compiling does not change.
 */
const FOR_BINARY =
  /^tests\/cli\/(?:doctor|fifo|getting_started|keys_at_a_terminal|stored_modules|streams|terminal|ui)_test\.ts$/;

/** Whether a test file runs `diaspora-ctl` as a process, and also has to run the compiled one. */
export function testsCommand(file: string): boolean {
  return FOR_BINARY.test(file);
}
