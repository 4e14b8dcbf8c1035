import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleInParts, type Failure, installed } from "./bundle.ts";

/** Bun's names of Deno's targets. */
const TARGETS: Record<string, string> = {
  "x86_64-unknown-linux-gnu": "bun-linux-x64",
  "aarch64-unknown-linux-gnu": "bun-linux-arm64",
  "x86_64-apple-darwin": "bun-darwin-x64",
  "aarch64-apple-darwin": "bun-darwin-arm64",
  "x86_64-pc-windows-msvc": "bun-windows-x64",
  "aarch64-pc-windows-msvc": "bun-windows-arm64",
};

/**
 * Compiles `cli.ts` with Bun, whose runtime comes with npm. Bundled beforehand, since Bun leaves out files that
 * packages read beside their modules. `tsconfig.json` leads the `@std` imports to their stand-ins. The program
 * must not be changed by a `.env` or `bunfig.toml` where it happens to be started.
 */
export function compileWithBun(output: string, target: string | undefined): Failure {
  const folder = mkdtempSync(join(tmpdir(), "diaspora-compile-"));
  try {
    return bundleInParts(["tools/compile/bun_entry.ts"], folder) ??
      compileBundle(join(folder, "bun_entry.js"), output, target);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function compileBundle(entry: string, output: string, target: string | undefined): Failure {
  const { status, stdout, stderr } = spawnSync(installed("bun"), [
    ...["build", "--compile", "--minify-syntax", "--minify-whitespace", "--outfile", output],
    // Compiled ahead of time, the program starts in 30 ms; else in 80.
    ...["--bytecode", "--format=esm"],
    ...["--no-compile-autoload-dotenv", "--no-compile-autoload-bunfig"],
    ...(target === undefined ? [] : [`--target=${TARGETS[target] ?? target}`]),
    entry,
  ], { encoding: "utf8" });
  return status === 0 ? undefined : `${stdout}${stderr}`.trim();
}
