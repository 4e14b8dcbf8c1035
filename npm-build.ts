/**
 * Builds the npm package into `npm/`: with dnt where JSR answers, else with the compiler that npm brings.
 *
 * ```text
 * npm run build:npm
 * npm run build:npm -- --output /tmp/npm
 * ```
 */
import { parseArgs } from "@std/cli/parse-args";
import process from "node:process";

const args = parseArgs(process.argv.slice(2), { string: ["output"], default: { output: "npm" } });
const output = String(args.output);

if (process.env["DIASPORA_TOOLING"] === "connected") {
  const { buildWithDnt } = await import("./tools/npm/with_dnt.ts");
  await buildWithDnt(output);
} else {
  const { buildWithTypescript } = await import("./tools/npm/with_typescript.ts");
  buildWithTypescript(output);
}
console.log(`${output}: try it with "npm pack ./${output}"`);
