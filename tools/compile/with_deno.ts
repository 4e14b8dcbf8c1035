import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { bundleInParts, type Failure, KAFKA_ENTRY, runProgram } from "./bundle.ts";
import { PERMISSIONS } from "./permissions.ts";

/** Targets of `deno compile`. */
export const DENO_TARGETS: readonly string[] = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
  "aarch64-pc-windows-msvc",
];

/**
 * Bundles `cli.ts` and the library into a folder, in chunks that are loaded on demand. Compiled in the
 * repository, the program would include all of `node_modules`, 400 MB of tools. `deno bundle` would work, but
 * downloads what npm has already installed. The configuration in that folder maps imports by users' modules
 * (validators, drivers …) to this very library.
 */
export function bundleForDeno(folder: string): Failure {
  writeFileSync(
    join(folder, "deno.json"),
    JSON.stringify({
      imports: { "@diaspora/stream": "./mod.js", "@diaspora/stream/kafka": "./kafka.js" },
      nodeModulesDir: "none",
    }),
  );
  return bundleInParts(["cli.ts", "mod.ts", KAFKA_ENTRY], folder);
}

/**
 * Compiles `cli.ts` with Deno, which downloads its runtime for compiled programs unless `DENORT_BIN` names
 * one.
 */
export function compileWithDeno(output: string, target: string | undefined): Failure {
  const folder = mkdtempSync(join(tmpdir(), "diaspora-compile-"));
  try {
    return bundleForDeno(folder) ??
      runProgram(process.execPath, [
        ...["compile", "-q", "--no-check", "--no-lock", "--no-npm", "--output", output],
        ...["--config", join(folder, "deno.json")],
        ...["--include", join(folder, "mod.js"), "--include", join(folder, "kafka.js")],
        ...(target === undefined ? [] : ["--target", target]),
        ...PERMISSIONS,
        join(folder, "cli.js"),
      ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
