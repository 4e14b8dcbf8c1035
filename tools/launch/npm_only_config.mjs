// @ts-check
import { readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fromRoot } from "./root.mjs";

/**
 * The stand-ins: `tools/std/fs/ensure_dir.ts` is `@std/fs/ensure-dir`, `tools/std/fs/mod.ts` is `@std/fs`.
 * Files that begin with `_` are internal.
 */
const STAND_INS = "tools/std";

/**
 * @typedef {{ imports?: Record<string, string> } & Record<string, unknown>} DenoConfig
 */

/**
 * Deno's configuration with every `jsr:` import replaced by its stand-in, one entry per entry point.
 * @param {DenoConfig} config what deno.json says
 * @param {(folder: string) => string[]} filesIn names of the stand-in files of one package, e.g. of "fs"
 * @returns {DenoConfig}
 */
export function toNpmOnly(config, filesIn) {
  /** @type {[string, string][]} */
  const imports = [];
  for (const [name, target] of Object.entries(config.imports ?? {})) {
    if (!target.startsWith("jsr:@std/")) {
      imports.push([name, target]);
      continue;
    }
    const folder = name.replace("@std/", "");
    for (const file of filesIn(folder).filter((file) => /^[^_].*\.ts$/.test(file)).sort()) {
      const entry = file === "mod.ts" ? "" : "/" + file.replace(/\.ts$/, "").replaceAll("_", "-");
      imports.push([name + entry, `./${STAND_INS}/${folder}/${file}`]);
    }
  }
  return { ...config, imports: Object.fromEntries(imports), lock: false };
}

/** Writes `deno.npm-only.json` next to `deno.json`, atomically and only when it changes. */
export function writeNpmOnlyConfig() {
  const config = JSON.parse(readFileSync(fromRoot("deno.json"), "utf8"));
  const derived = toNpmOnly(config, (folder) => readdirSync(fromRoot(`${STAND_INS}/${folder}`)));
  const text = JSON.stringify(derived, null, 2) + "\n";
  const path = fromRoot("deno.npm-only.json");
  try {
    if (readFileSync(path, "utf8") === text) return;
  } catch {
    // It does not exist yet.
  }
  // Renamed into place, because several tasks may start at the same time.
  writeFileSync(`${path}.${process.pid}`, text);
  renameSync(`${path}.${process.pid}`, path);
}
