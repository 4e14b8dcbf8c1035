/**
 * Builds the documentation as a site that needs no server, into `dist/docs`: the guide, the reference, the
 * API with a separate search, examples and decisions. It also checks that every public symbol is documented,
 * every link works, and every example runs.
 *
 * ```text
 * npm run docs
 * npm run docs -- --output /tmp/docs --no-check
 * npm run docs -- --pictures                      # takes new screenshots of the web page, with a browser
 * ```
 */
import { emptyDirSync } from "@std/fs/empty-dir";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { taskArguments } from "./arguments.ts";
import { PICTURES } from "./docs/render.ts";
import { buildSite, deadLinks } from "./docs/site.ts";
import { findTests } from "./test/suites.ts";
import { DENO_CONFIG } from "./deno_config.ts";

const { texts, flags } = taskArguments({ string: ["output"], boolean: ["pictures"], negatable: ["check"] });
const output = texts["output"] ?? "dist/docs";
const { name, exports } = JSON.parse(readFileSync("deno.json", "utf8")) as {
  name: string;
  exports: Record<string, string>;
};
const entries = Object.entries(exports).filter(([entry]) => entry !== "./cli").map(([, path]) => path);

/** Runs Deno; returns whether it succeeded. */
function deno(parameters: string[]): boolean {
  return spawnSync(process.execPath, parameters, { stdio: "inherit" }).status === 0;
}

/** Writes the other pages; returns whether all links work. */
function site(): boolean {
  buildSite(".", output);
  const dead = deadLinks(output);
  for (const link of dead) console.error(`dead link: ${link}`);
  return dead.length === 0;
}

if (flags["pictures"]) {
  const { takePictures } = await import("./docs/pictures.ts");
  await takePictures(PICTURES);
}
emptyDirSync(output);
const api = ["--html", `--name=${name}`, `--output=${join(output, "api")}`];
const steps = [() => deno(["doc", "-q", "--no-lock", ...api, ...entries]), site];
if (flags["check"]) {
  steps.push(
    () => deno(["doc", "-q", "--lint", "--no-lock", ...entries]),
    () => deno(["test", "-A", "-q", "--no-lock", "-c", DENO_CONFIG, ...findTests(["tests/docs"])]),
  );
}
const failed = steps.filter((step) => !step()).length;
console.log(failed === 0 ? `${output}/index.html` : "not ok");
process.exitCode = failed === 0 ? 0 : 1;
