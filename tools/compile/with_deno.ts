import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { PERMISSIONS } from "./permissions.ts";

/** Targets of `deno compile`. */
export const DENO_TARGETS: readonly string[] = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
];

/** What ended badly, or undefined. */
export type Failure = string | undefined;

function runProgram(program: string, parameters: string[]): Failure {
  const { status, stderr } = spawnSync(program, parameters, {
    encoding: "utf8",
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, NO_COLOR: "1" },
  });
  return status === 0 ? undefined : stderr.trim();
}

/**
 * Bundles `cli.ts` and the library into a folder, in parts that are loaded when they are needed. Compiled where
 * it lies, the program would carry all of `node_modules`, four hundred megabytes of tools. `deno bundle` would
 * do, but it downloads what npm has already brought. The folder's configuration gives the modules that users
 * load (validators, drivers …) this very library.
 */
export function bundleForDeno(folder: string): Failure {
  writeFileSync(
    join(folder, "deno.json"),
    JSON.stringify({ imports: { "@diaspora/stream": "./mod.js" }, nodeModulesDir: "none" }),
  );
  return runProgram("node_modules/.bin/esbuild", [
    ...[
      "cli.ts",
      "mod.ts",
      "--bundle",
      "--splitting",
      `--outdir=${folder}`,
      "--chunk-names=parts/[name]-[hash]",
    ],
    ...["--format=esm", "--platform=node", "--target=es2023", "--minify-whitespace", "--log-level=error"],
    // Packages of the older kind (CommonJS) ask for node: modules by this name.
    '--banner:js=import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
  ]);
}

/** Compiles `cli.ts` with Deno, whose runtime for compiled programs it downloads unless `DENORT_BIN` names one. */
export function compileWithDeno(output: string, target: string | undefined): Failure {
  const folder = mkdtempSync(join(tmpdir(), "diaspora-compile-"));
  try {
    return bundleForDeno(folder) ??
      runProgram(process.execPath, [
        ...["compile", "-q", "--no-check", "--no-lock", "--no-npm", "--output", output],
        ...["--config", join(folder, "deno.json"), "--include", join(folder, "mod.js")],
        ...(target === undefined ? [] : ["--target", target]),
        ...PERMISSIONS,
        join(folder, "cli.js"),
      ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
