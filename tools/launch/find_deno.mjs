// @ts-check
import { spawnSync } from "node:child_process";
import process from "node:process";
import { existsSync } from "node:fs";
import { fromRoot } from "./root.mjs";

/**
 * The Deno to run tasks with: the one installed by npm (its version is pinned), otherwise the one running
 * this file, otherwise one on the PATH.
 * @returns {string | undefined}
 */
export function findDeno() {
  // On Windows, the executable itself: the one in `.bin` is a script, which only a shell starts.
  const installed = fromRoot(
    process.platform === "win32"
      ? `node_modules/@deno/win32-${process.arch}/deno.exe`
      : "node_modules/.bin/deno",
  );
  if (existsSync(installed)) return installed;
  if ("Deno" in globalThis) return process.execPath;
  return spawnSync("deno", ["--version"]).status === 0 ? "deno" : undefined;
}
