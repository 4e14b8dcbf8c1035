import { copyFileSync, cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleDependencies } from "../npm/bundle_dependencies.ts";
import type { RuntimeName } from "./bill_of_materials.ts";
import { mustRun } from "./programs.ts";

/** The launcher builds in the same way as for users of the repository, in either mode. */
const LAUNCHER = "tools/launch.mjs";

/** Packs a built package into a tarball. */
function pack(built: string, tarball: string): string {
  const { stdout } = mustRun("npm", [
    "pack",
    "--json",
    "--ignore-scripts",
    "--pack-destination",
    built,
    built,
  ]);
  const [{ filename }] = JSON.parse(stdout);
  copyFileSync(join(built, filename), tarball);
  return tarball;
}

/**
 * The npm package, alone and with all its dependencies; built now unless its folder is given. Returns the tarball of the
 * package alone, which is published.
 */
export function buildTarballs(folder: string, version: string, given: string | undefined): string {
  const work = mkdtempSync(join(tmpdir(), "diaspora-release-"));
  try {
    const [built, bundled] = [join(work, "npm"), join(work, "npm-bundled")];
    if (given === undefined) mustRun("node", [LAUNCHER, "build:npm", "--output", built]);
    else cpSync(given, built, { recursive: true });
    cpSync(built, bundled, { recursive: true });
    bundleDependencies(bundled);
    pack(bundled, join(folder, `diaspora-stream-${version}-with-dependencies.tgz`));
    return pack(built, join(folder, `diaspora-stream-${version}.tgz`));
  } finally {
    rmSync(work, { recursive: true });
  }
}

/** The command as a single binary for each target, e.g. `diaspora-ctl-0.2.0-aarch64-apple-darwin`. */
export function buildPrograms(folder: string, version: string, targets: readonly string[]): RuntimeName {
  let runtime: RuntimeName = "deno";
  for (const target of targets) {
    const output = join(folder, `diaspora-ctl-${version}-${target}`);
    const { stderr } = mustRun("node", [LAUNCHER, "compile", "--target", target, "--output", output]);
    if (stderr.includes("Compiling with Bun")) runtime = "bun";
  }
  return runtime;
}
