import { existsSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** The working folder of the processes: Node finds tsx from there. */
export const ROOT: string = fileURLToPath(new URL("../../", import.meta.url));

const CONFIG = process.env["DIASPORA_TOOLING"] === "connected" ? "deno.json" : "deno.npm-only.json";
const BIN = `${ROOT}node_modules/.bin`;

/**
 * How to start each runtime, up to the name of the program; a single process each, so that a kill hits the
 * right one.
 */
const COMMANDS: Record<string, string[]> = {
  deno: [process.execPath, "run", "-A", "-q", "--no-check", "--no-lock", "-c", `${ROOT}${CONFIG}`],
  node: ["node", "--import", "tsx"],
  bun: [`${BIN}/bun`],
};

/** Why a runtime cannot be used, or false. */
function missing(runtime: string): string | false {
  if (runtime === "deno" || existsSync(`${BIN}/${runtime === "node" ? "tsx" : "bun"}`)) return false;
  return `${runtime} is not installed: run npm ci first`;
}

/** The runtimes that processes are started on. */
export const RUNTIMES: readonly string[] = Object.keys(COMMANDS).filter((name) => missing(name) === false);

/** Why not all of them are available, or false: the reason to skip what needs them all. */
export const MISSING: string | false = Object.keys(COMMANDS).map(missing).find((why) => why !== false) ??
  false;

/** The command line of a program on a runtime. */
export function commandOf(runtime: string, program: string, parameters: readonly string[]): string[] {
  return [...COMMANDS[runtime], program, ...parameters];
}

/** Environment variables that make a runtime keep little garbage. Bun has none. */
export const LITTLE_HEAP: Readonly<Record<string, Record<string, string>>> = {
  deno: { DENO_V8_FLAGS: "--max-semi-space-size=2,--max-old-space-size=32" },
  node: { NODE_OPTIONS: "--max-semi-space-size=2 --max-old-space-size=32" },
};
