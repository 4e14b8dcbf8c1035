import { existsSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { spawn } from "../child_processes.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

function installed(name: string): string {
  return `${root}node_modules/.bin/${name}`;
}

/** The one installed by npm, or the one that runs this test. */
function deno(): string[] {
  const program = existsSync(installed("deno")) ? installed("deno") : process.execPath;
  const npmOnly = `${root}deno.npm-only.json`;
  return [program, "run", "-A", "-q", "-c", existsSync(npmOnly) ? npmOnly : `${root}deno.json`];
}

/** How to start each runtime, up to the name of the program to run. */
export const RUNTIMES: Record<string, string[]> = {
  deno: deno(),
  node: [installed("tsx")],
  bun: [installed("bun")],
};

/** What a program printed and how it ended. */
export interface Run {
  code: number | null;
  output: string;
  errors: string;
}

/** Runs a command to its end. */
export function run([program, ...parameters]: string[], cwd: string): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, parameters, { cwd, stdio: ["ignore", "pipe", "pipe"] });
    const result: Run = { code: null, output: "", errors: "" };
    child.stdout.on("data", (bytes) => result.output += bytes);
    child.stderr.on("data", (bytes) => result.errors += bytes);
    child.on("error", reject);
    child.on("close", (code) => resolve({ ...result, code }));
  });
}
