import { existsSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { Starter } from "../../src/ctl/bench/worker_process.ts";
import { DENO_CONFIG } from "../../tools/deno_config.ts";

const root = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** How to start a module on each runtime; measurements collect garbage before they begin. */
const COMMANDS: Readonly<Record<string, Starter["command"]>> = {
  deno: [
    process.execPath,
    "run",
    "--v8-flags=--expose-gc",
    "-A",
    "-q",
    "--no-check",
    "--no-lock",
    "-c",
    root(DENO_CONFIG),
  ],
  node: ["node", "--expose-gc", "--import", root("node_modules/tsx/dist/loader.mjs")],
  bun: [root("node_modules/.bin/bun")],
};

/** Names of the runtimes that can be measured. */
export const RUNTIMES: readonly string[] = Object.keys(COMMANDS);

/** How to start measuring processes on a runtime. */
export function starterOn(runtime: string): Starter {
  return { command: commandOn(runtime, "bench/run_job.ts") };
}

/** The command that starts a module of this repository on a runtime. */
export function commandOn(runtime: string, module: string): Starter["command"] {
  const command = COMMANDS[runtime];
  if (command === undefined) {
    throw new Error(`Cannot measure on "${runtime}": known runtimes are ${RUNTIMES.join(", ")}`);
  }
  if (runtime !== "deno" && !existsSync(root("node_modules/tsx"))) {
    throw new Error(`Cannot measure on "${runtime}": run npm ci first`);
  }
  return [...command, root(module)];
}
