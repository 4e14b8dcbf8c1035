/**
 * Compiles `diaspora-ctl` into a single binary that needs nothing else installed: `dist/diaspora-ctl`.
 *
 * ```text
 * npm run compile
 * npm run compile -- --target aarch64-apple-darwin --output dist/diaspora-ctl-mac
 * ```
 *
 * Deno compiles it if its runtime for compiled programs is available: downloaded, or named by `DENORT_BIN`.
 * Otherwise Bun compiles it, and a message says so.
 */
import { ensureDirSync } from "@std/fs/ensure-dir";
import { rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { taskArguments } from "./arguments.ts";
import { compileWithBun } from "./compile/with_bun.ts";
import type { Failure } from "./compile/bundle.ts";
import { compileWithDeno, DENO_TARGETS } from "./compile/with_deno.ts";
import {
  IN_THE_PAGE,
  noticesFileBeside,
  noticesOf,
  PACKAGES_INSIDE,
  withDependencies,
} from "./licences/notices.ts";

const connected = process.env["DIASPORA_TOOLING"] === "connected";
const { target, output: named = "dist/diaspora-ctl" } = taskArguments({ string: ["target", "output"] }).texts;
// Windows starts only programs with this extension, and both compilers add it.
const output = target?.includes("windows") && !named.endsWith(".exe") ? `${named}.exe` : named;

if (target !== undefined && !DENO_TARGETS.includes(target)) {
  console.error(`Cannot compile for "${target}": known targets are ${DENO_TARGETS.join(", ")}`);
  process.exit(2);
}

/** Why Deno cannot compile here, as far as is known before trying. */
function denoIsOut(): Failure {
  if (process.env["DENORT_BIN"] || connected) return undefined;
  return "Deno's runtime for compiled programs cannot be downloaded here, and DENORT_BIN names none";
}

function compile(): Failure {
  const failure = denoIsOut() ?? compileWithDeno(output, target);
  if (failure === undefined) return undefined;
  // The whole output: the first line is often what was downloaded, and the last one is the cause.
  console.error(`Compiling with Bun, not Deno: ${failure}`);
  return compileWithBun(output, target);
}

ensureDirSync(dirname(output));
// Writes a new file: a running program keeps its own, and a failed run leaves no old one behind.
rmSync(output, { force: true });
const failure = compile();
if (failure === undefined) {
  writeFileSync(noticesFileBeside(output), noticesOf(withDependencies(PACKAGES_INSIDE).concat(IN_THE_PAGE)));
  console.log(`${output}: ${(statSync(output).size / 1e6).toFixed(0)} MB`);
} else console.error(`Cannot compile cli.ts: ${failure}`);
process.exitCode = failure === undefined ? 0 : 1;
