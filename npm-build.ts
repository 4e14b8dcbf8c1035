/**
 * Builds the npm package into `npm/`: with dnt where JSR answers, else with the compiler that npm brings.
 *
 * ```text
 * npm run build:npm
 * npm run build:npm -- --output /tmp/npm
 * npm run build:npm -- --bundled     # with all that it needs, for machines without a registry
 * ```
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { taskArguments } from "./tools/arguments.ts";
import { assemblePackage } from "./tools/npm/assemble.ts";

/** Compiles the modules one by one into a folder; gives the folder where they lie. */
async function compile(folder: string): Promise<string> {
  if (process.env["DIASPORA_TOOLING"] === "connected") {
    const { compileWithDnt } = await import("./tools/npm/with_dnt.ts");
    return await compileWithDnt(folder);
  }
  const { compileWithTypescript } = await import("./tools/npm/with_typescript.ts");
  compileWithTypescript(folder);
  return folder;
}

const { texts, flags } = taskArguments({ string: ["output"], boolean: ["bundled"] });
const output = texts["output"] ?? (flags["bundled"] ? "npm-bundled" : "npm");

const work = mkdtempSync(join(tmpdir(), "diaspora-npm-"));
try {
  await assemblePackage(await compile(work), output);
} finally {
  rmSync(work, { recursive: true });
}
if (flags["bundled"]) {
  const { bundleDependencies } = await import("./tools/npm/bundle_dependencies.ts");
  bundleDependencies(output);
}
console.log(`${output}: make a tarball of it with "npm pack ${resolve(output)}"`);
