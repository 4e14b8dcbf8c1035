import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
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

function runDeno(parameters: string[]): Failure {
  const { status, stderr } = spawnSync(process.execPath, parameters, {
    encoding: "utf8",
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, NO_COLOR: "1" },
  });
  return status === 0 ? undefined : stderr.trim();
}

/**
 * Compiles `cli.ts` with Deno. It is bundled first, into a folder of its own: compiled where it lies, the
 * program would carry all of `node_modules`, four hundred megabytes of tools.
 */
export function compileWithDeno(config: string, output: string, target: string | undefined): Failure {
  const folder = mkdtempSync(join(tmpdir(), "diaspora-compile-"));
  const bundle = join(folder, "diaspora-ctl.js");
  try {
    return runDeno([
      "bundle",
      "-q",
      "--no-lock",
      "-c",
      config,
      "--platform=deno",
      "--output",
      bundle,
      "cli.ts",
    ]) ??
      runDeno([
        ...["compile", "-q", "--no-check", "--no-config", "--no-lock", "--no-npm", "--output", output],
        ...(target === undefined ? [] : ["--target", target]),
        ...PERMISSIONS,
        bundle,
      ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
