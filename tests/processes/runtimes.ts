import { spawnSync } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { basename, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { DENO_CONFIG } from "../../tools/deno_config.ts";

/** The working folder of the processes: packages are found from there. */
export const ROOT: string = fileURLToPath(new URL("../../", import.meta.url));

const BIN = `${ROOT}node_modules/.bin`;
/** Within the repository, where they find its packages. */
const BUNDLES = `${ROOT}dist/test-programs`;

/**
 * How to start each runtime, up to the name of the program; a single process each, so that a kill hits the
 * right one.
 */
const COMMANDS: Record<string, string[]> = {
  deno: [process.execPath, "run", "-A", "-q", "--no-check", "--no-lock", "-c", `${ROOT}${DENO_CONFIG}`],
  node: ["node"],
  bun: [`${BIN}/bun`],
};

/** Why a runtime cannot be used, or false. */
function missing(runtime: string): string | false {
  if (runtime === "deno" || existsSync(`${BIN}/${runtime === "node" ? "esbuild" : "bun"}`)) return false;
  return `${runtime} is not installed: run npm ci first`;
}

/** The runtimes that processes are started on. */
export const RUNTIMES: readonly string[] = Object.keys(COMMANDS).filter((name) => missing(name) === false);

/** Why not all of them are available, or false: the reason to skip what needs them all. */
export const MISSING: string | false = Object.keys(COMMANDS).map(missing).find((why) => why !== false) ??
  false;

/** The command line of a program on a runtime. */
export function commandOf(runtime: string, program: string, parameters: readonly string[]): string[] {
  return [...COMMANDS[runtime], runtime === "node" ? bundled(program) : program, ...parameters];
}

const bundles = new Map<string, string>();

/** A program and its imports as one module for Node, which starts in a fifth of the time of its sources. */
function bundled(program: string): string {
  const known = bundles.get(program);
  if (known !== undefined) return known;
  mkdirSync(BUNDLES, { recursive: true });
  const unfinished = `${BUNDLES}/${randomUUID()}.mjs`;
  const { status, stderr } = spawnSync(`${BIN}/esbuild`, [
    resolve(ROOT, program),
    ...["--bundle", "--format=esm", "--platform=node", "--target=node20.9", "--packages=external"],
    ...["--log-level=error", `--outfile=${unfinished}`],
  ], { encoding: "utf8" });
  if (status !== 0) throw new Error(`Cannot bundle "${program}": ${stderr}`);
  // Renamed into place, since other tests may be making the same one.
  const hash = createHash("sha256").update(readFileSync(unfinished)).digest("hex").slice(0, 16);
  const path = `${BUNDLES}/${basename(program, ".ts")}-${hash}.mjs`;
  renameSync(unfinished, path);
  bundles.set(program, path);
  return path;
}

/** Environment variables that make a runtime keep little garbage. Bun has none. */
export const LITTLE_HEAP: Readonly<Record<string, Record<string, string>>> = {
  deno: { DENO_V8_FLAGS: "--max-semi-space-size=2,--max-old-space-size=32" },
  node: { NODE_OPTIONS: "--max-semi-space-size=2 --max-old-space-size=32" },
};
