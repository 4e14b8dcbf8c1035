import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import process from "node:process";
import { emptyDirSync } from "@std/fs/empty-dir";
import { ensureDirSync } from "@std/fs/ensure-dir";
import { walkSync } from "@std/fs/walk";
import { transformSync } from "esbuild";
import { COMMAND, entryPoints, manifest } from "./manifest.ts";

/** Written beside deno.json while packing, since paths in it count from there; git does not see it. */
const PACK_CONFIG = "deno.npm-pack.json";

interface DenoConfig {
  imports: Record<string, string>;
}

function run(program: string, parameters: string[]): void {
  const { status, stderr, stdout } = spawnSync(program, parameters, { encoding: "utf8" });
  if (status !== 0) throw new Error(`Cannot run "${program} ${parameters.join(" ")}":\n${stdout}${stderr}`);
}

/** Lets `deno pack` compile every entry point and the command, and unpacks the result. */
function packInto(folder: string, config: DenoConfig): void {
  writeFileSync(
    PACK_CONFIG,
    JSON.stringify({
      ...config,
      exports: { ...entryPoints, "./cli": COMMAND.source },
      // Modules come along by being imported; nothing else is wanted.
      publish: { include: ["LICENSE"] },
    }),
  );
  try {
    const tarball = join(folder, "packed.tgz");
    const options = ["--allow-dirty", "--no-source-maps", "--output", tarball];
    run(process.execPath, ["pack", "-q", "-c", PACK_CONFIG, ...options]);
    run("tar", ["-xzf", tarball, "-C", folder]);
  } finally {
    rmSync(PACK_CONFIG);
  }
}

/** Leads the imports that a configuration maps to files of this repository to those files. */
function withRelativeImports(path: string, text: string, imports: Record<string, string>): string {
  return text.replace(/((?:from|import)\s*\(?\s*")(@std\/[^"]+)(")/g, (_, before, name: string, after) => {
    const target = imports[name];
    if (target === undefined) throw new Error(`Cannot pack "${path}": nothing stands in for "${name}"`);
    const from = relative(dirname(path), target.replace(/\.ts$/, ".js"));
    return before + (from.startsWith(".") ? from : `./${from}`) + after;
  });
}

/**
 * Builds the npm package with `deno pack`, and adds what that lacks: the command, the engines, the packages
 * the library needs, and syntax that Node 20 reads.
 */
export function buildWithPack(output: string): void {
  const config: DenoConfig = JSON.parse(readFileSync("deno.npm-only.json", "utf8"));
  const folder = mkdtempSync(join(tmpdir(), "diaspora-npm-"));
  try {
    packInto(folder, config);
    emptyDirSync(output);
    const root = join(folder, "package");
    for (const { path } of walkSync(root, { match: [/(?<!\bcli)\.d\.ts$|\.js$/], includeDirs: false })) {
      const name = relative(root, path);
      const text = withRelativeImports(name, readFileSync(path, "utf8"), config.imports);
      const plain = name.endsWith(".js")
        ? transformSync(text, { target: "node20", format: "esm" }).code
        : text;
      ensureDirSync(dirname(join(output, name)));
      writeFileSync(join(output, name), plain.replace(/^#!.*/, "#!/usr/bin/env node"));
    }
    for (const name of ["LICENSE", "README.md"]) copyFileSync(name, join(output, name));
    writeFileSync(join(output, "package.json"), JSON.stringify(manifest(), null, 2) + "\n");
  } finally {
    rmSync(folder, { recursive: true });
  }
}
