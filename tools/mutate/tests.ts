import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import ts from "typescript";
import { DENO_ONLY, findTests, NODE_ONLY } from "../test/suites.ts";

/** Registers some simulated histories as a test each; written into the copy. */
export const SEEDS_TEST = "tests/simulation/seeds_test.ts";
/** A file in the repository with the same imports. */
const SEEDS_TEST_LIKE = "tests/simulation/simulation_test.ts";
const SEEDS = 250;
/** Stories of a group take longer. */
const GROUP_SEEDS = 30;

/** The content of {@linkcode SEEDS_TEST}. */
export function seedsTest(): string {
  return `
import { test } from "../harness.ts";
import { runSeed } from "./world.ts";
for (let seed = 1; seed <= ${SEEDS}; seed++) test(\`seed \${seed}\`, () => runSeed(seed));
for (let seed = 1; seed <= ${GROUP_SEEDS}; seed++) test(\`group \${seed}\`, () => runSeed(seed, "group"));
`;
}

/** Tests that are not run for each mutant, in addition to those that start programs. */
const NOT_RUN = [
  // Thousands of seeds at once: seedsTest() has each as a separate test.
  /^tests\/simulation\/(?:simulation|seeds_to_\d+)_test\.ts$/,
  // In the copy, the core differs from the compiled one on purpose.
  /^tests\/wasm\/core_bytes_test\.ts$/,
  // These start programs, browsers or brokers, or look at files that mutants do not change.
  /^tests\/(?:ui|docs|bench|examples|ctl|packaging|model)\//,
  /^tests\/drivers\/kafka\//,
  /^tests\/types_test\.ts$/,
];

/** Tests that can run for each mutant. */
export function quickTests(): string[] {
  const isLeftOut = (file: string): boolean =>
    [...DENO_ONLY, ...NODE_ONLY, ...NOT_RUN].some((pattern) => pattern.test(file));
  return findTests(["tests"]).filter((file) => !isLeftOut(file));
}

const imports = new Map<string, string[]>();

function importsOf(of: string): string[] {
  const file = of === SEEDS_TEST ? SEEDS_TEST_LIKE : of;
  let found = imports.get(file);
  if (found === undefined) {
    const { importedFiles } = ts.preProcessFile(readFileSync(file, "utf8"), true, true);
    found = importedFiles.filter(({ fileName }) => fileName.startsWith("."))
      .map(({ fileName }) => normalize(join(dirname(file), fileName))).filter((path) => existsSync(path));
    imports.set(file, found);
  }
  return found;
}

/** The number of imports between a file and each file that it reaches. */
export function distances(file: string): Map<string, number> {
  const found = new Map([[file, 0]]);
  for (const [at, distance] of found) {
    for (const target of importsOf(at)) if (!found.has(target)) found.set(target, distance + 1);
  }
  return found;
}

/**
 * Where a source file's own tests are: for `src/log/positions/cursor.ts` and `wasm/crc.ts`, in `tests/log/`
 * and `tests/wasm/`. Stories of faults are near to all but the core, whose tests they would leave no time for.
 */
export function isNear(test: string, source: string): boolean {
  const folder = dirname(test).replace(/^tests\/?/, "");
  const own = source.replace(/^src\//, "").replace(/\.ts$/, "");
  return folder !== "" && (own === folder || own.startsWith(`${folder}/`)) ||
    (test.startsWith("tests/issues/") && !source.startsWith("wasm/"));
}
