/**
 * Tests the npm package in empty projects: on every supported Node, Bun and Deno, with `import` and
 * `require`, with types, bundlers and package managers. All of them come from the npm registry.
 *
 * ```text
 * npm run packages
 * npm run packages -- --only webpack
 * npm run packages -- --tarball dist/release/diaspora-stream-0.1.0.tgz
 * ```
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { taskArguments } from "./arguments.ts";
import { CHECKS } from "./packages/checks.ts";
import { makeProject } from "./packages/project.ts";
import { mustRun, needsShell } from "./release/programs.ts";
import { messageOf } from "../src/text/message.ts";

const { only = "", tarball: named } = taskArguments({ string: ["only", "tarball"] }).texts;
const checks = CHECKS.filter(({ name }) => name.includes(only));
if (checks.length === 0) {
  console.error(
    `Cannot find a check with "${only}" in its name:\n${CHECKS.map(({ name }) => name).join("\n")}`,
  );
  process.exit(2);
}

function pack(folder: string): string {
  const built = join(folder, "npm");
  mustRun("node", ["tools/launch.mjs", "build:npm", "--output", built]);
  mustRun("npm", ["pack", "--ignore-scripts", "--pack-destination", folder, built]);
  return join(folder, readdirSync(folder).find((name) => name.endsWith(".tgz"))!);
}

function tryAll(folder: string): number {
  const tarball = named === undefined ? pack(folder) : resolve(named);
  let failed = 0;
  for (const [n, { name, manifest, check }] of checks.entries()) {
    const home = join(folder, String(n));
    mkdirSync(home);
    try {
      check(makeProject(home, manifest), tarball);
      console.log(`ok: ${name}`);
    } catch (error) {
      failed++;
      console.log(`not ok: ${name}: ${messageOf(error)}`);
    }
    rmSync(home, { recursive: true });
  }
  console.log(`${checks.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

const answers =
  spawnSync("npm", ["ping"], { stdio: "ignore", timeout: 20_000, shell: needsShell("npm") }).status === 0;
if (answers) {
  const folder = mkdtempSync(join(tmpdir(), "diaspora-packages-"));
  try {
    process.exitCode = tryAll(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
} else {
  for (const { name } of checks) console.log(`skipped: ${name}: the npm registry does not answer`);
}
