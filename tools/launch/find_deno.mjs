// @ts-check
import { spawnSync } from "node:child_process";
import process from "node:process";
import { existsSync } from "node:fs";
import { fromRoot } from "./root.mjs";

/**
 * The Deno to run tasks with: the one that npm brought (its version is pinned), else the one running this
 * file, else one on the PATH.
 * @returns {string | undefined}
 */
export function findDeno() {
  const installed = fromRoot(`node_modules/.bin/deno${process.platform === "win32" ? ".cmd" : ""}`);
  if (existsSync(installed)) return installed;
  if ("Deno" in globalThis) return process.execPath;
  return spawnSync("deno", ["--version"]).status === 0 ? "deno" : undefined;
}
