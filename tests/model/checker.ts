// Runs Spin on the model of the append protocol: it generates a C program that explores every state.
import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** One size of the model, complete or with a remedy taken out. */
export interface ModelCase {
  name: string;
  /** The parts of the model that are switched on: names, or `NAME=VALUE`. */
  defines: readonly string[];
  /** The remedy that is taken out: Spin must find a broken promise. */
  remedy?: string;
  /** Takes more than a few seconds. */
  isLong?: boolean;
}

const READING = ["CUTS=1", "EVENTS=1", "MORE=1"];
const ROLLING = ["CUTS=0", "EVENTS=1", "MORE=3", "FULL=1", "RETENTION"];

/** All cases. */
export const CASES: readonly ModelCase[] = [
  { name: "two writers, a full disk, kills and a reader", defines: READING },
  { name: "the same, of a reader that does not look twice", defines: READING, remedy: "ONE_LOOK" },
  { name: "the same, of a writer that looks at its header alone", defines: READING, remedy: "HEADER_ONLY" },
  { name: "segments that are sealed, followed and removed", defines: ROLLING, isLong: true },
  {
    name: "the same, of a writer that does not ask before it makes one",
    defines: ROLLING,
    remedy: "NO_QUESTION",
  },
];

/** Why the model cannot be checked here. */
export const MISSING: string | false = isThere("spin", "-V")
  ? isThere("cc", "--version") ? false : "there is no C compiler"
  : "the model checker Spin is not installed";

/** The result of a run. */
export interface ModelResult {
  violated: boolean;
  states: number;
  seconds: number;
}

/** Explores all states of a case; stops at the first broken promise. */
export async function check({ defines, remedy }: ModelCase, signal?: AbortSignal): Promise<ModelResult> {
  const folder = mkdtempSync(join(tmpdir(), "diaspora-model-"));
  try {
    copyFileSync(fileURLToPath(new URL("append.pml", import.meta.url)), join(folder, "append.pml"));
    const options = [...defines, ...(remedy === undefined ? [] : [remedy])].map((define) => `-D${define}`);
    await run("spin", ["-a", ...options, "append.pml"], folder, signal);
    await run("cc", ["-w", "-O2", "-DCOLLAPSE", "-DMEMLIM=8000", "-o", "pan", "pan.c"], folder, signal);
    const began = performance.now();
    const output = await run(join(folder, "pan"), ["-m1000000"], folder, signal);
    const [, errors] = /errors: (\d+)/.exec(output) ?? [];
    const [, states] = /(\d+) states, stored/.exec(output) ?? [];
    const isWhole = errors !== undefined && states !== undefined &&
      !/out of memory|max search depth/.test(output);
    if (!isWhole) throw new Error(`The checker did not go through all states: ${output.slice(-2000)}`);
    return { violated: errors !== "0", states: Number(states), seconds: (performance.now() - began) / 1000 };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function isThere(program: string, parameter: string): boolean {
  return spawnSync(program, [parameter], { stdio: "ignore" }).error === undefined;
}

function run(
  program: string,
  parameters: readonly string[],
  cwd: string,
  signal?: AbortSignal,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, parameters, { cwd, signal, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (text) => output += text);
    child.stderr.on("data", (text) => output += text);
    child.on("error", reject);
    child.on(
      "close",
      (code) =>
        code === 0
          ? resolve(output)
          : reject(new Error(`${program} ended with exit code ${code}: ${output}`)),
    );
  });
}
