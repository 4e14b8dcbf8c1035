// @ts-check

/** Tasks that the launcher hands to a script of the same name. */
export const DENO_TASKS = [
  "quickstart",
  "test",
  "ok",
  "simulate",
  "compile",
  "build:npm",
  "build:wasm",
  "bench",
  "bench:peers",
];

/** Tasks whose script lies elsewhere than `tools/TASK.ts`. */
const ELSEWHERE = new Map([["build:npm", "npm-build.ts"]]);

/**
 * The script of a task, from the root of the repository.
 * @param {string} task
 * @returns {string}
 */
export function scriptOf(task) {
  return ELSEWHERE.get(task) ?? `tools/${task.replace(":", "_")}.ts`;
}
