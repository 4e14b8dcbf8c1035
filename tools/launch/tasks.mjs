// @ts-check
import process from "node:process";

/** Tasks that the launcher passes to a script of the same name. */
export const DENO_TASKS = [
  "quickstart",
  "test",
  "quick",
  "ok",
  "simulate",
  "storm",
  "model",
  "mutate",
  "compile",
  "build:npm",
  "build:wasm",
  "build:ui",
  "reference",
  "docs",
  "bench",
  "bench:peers",
  "kafka",
  "release",
  "packages",
  "ctl",
];

/** Tasks whose script is not `tools/TASK.ts`. */
const ELSEWHERE = new Map([
  ["build:npm", "npm-build.ts"],
  ["ctl", "cli.ts"],
  ["simulate", "tests/simulation/simulate.ts"],
  ["storm", "tests/processes/group_storm.ts"],
  ["model", "tests/model/model.ts"],
]);

/** Tasks whose script handles `--help`; the help of the others is the comment at the top of the script. */
export const HAVE_HELP = ["bench", "bench:peers", "ctl"];

/** Tasks that take no arguments. */
export const WITHOUT_ARGUMENTS = ["quickstart", "model", "build:wasm", "build:ui", "reference"];

/**
 * A script's help: the comment at its top, as plain text.
 * @param {string} text
 * @returns {string}
 */
export function headOf(text) {
  const comment = /^(?:#!.*\n)?(?:\/\/.*\n)*\/\*\*([^]*?)\*\//.exec(text)?.[1] ?? "";
  return comment.replace(/^ \* ?/gm, "").replace(/^```\w*\n/gm, "").replace(/\n?@module\s*$/, "").trim();
}

/** Tasks that run in the caller's folder, because their arguments are paths relative to it. */
const IN_CALLERS_FOLDER = ["ctl"];

/**
 * The folder a task runs in.
 * @param {string} task
 * @param {string} root the root of the repository
 * @returns {string}
 */
export function folderOf(task, root) {
  return IN_CALLERS_FOLDER.includes(task) ? process.env["INIT_CWD"] ?? process.cwd() : root;
}

/**
 * The script of a task, relative to the root of the repository.
 * @param {string} task
 * @returns {string}
 */
export function scriptOf(task) {
  return ELSEWHERE.get(task) ?? `tools/${task.replace(":", "_")}.ts`;
}
