/**
 * Builds the npm package into `npm/`: with dnt where JSR answers, else with the compiler that npm brings.
 *
 * ```text
 * npm run build:npm
 * npm run build:npm -- --output /tmp/npm
 * npm run build:npm -- --bundled     # with all that it needs, for machines without a registry
 * ```
 */
import { parseArgs } from "@std/cli/parse-args";
import { resolve } from "node:path";
import process from "node:process";

const args = parseArgs(process.argv.slice(2), { string: ["output"], boolean: ["bundled"] });
const output = typeof args.output === "string" ? args.output : args.bundled ? "npm-bundled" : "npm";

if (process.env["DIASPORA_TOOLING"] === "connected") {
  const { buildWithDnt } = await import("./tools/npm/with_dnt.ts");
  await buildWithDnt(output);
} else {
  const { buildWithTypescript } = await import("./tools/npm/with_typescript.ts");
  buildWithTypescript(output);
}
if (args.bundled) {
  const { bundleDependencies } = await import("./tools/npm/bundle_dependencies.ts");
  bundleDependencies(output);
}
console.log(`${output}: make a tarball of it with "npm pack ${resolve(output)}"`);
