import { spawnSync } from "node:child_process";
import process from "node:process";

/** Why a step failed, or undefined if it did not. */
export type Failure = string | undefined;

/** A program installed by npm. On Windows the one in `.bin` is a script, which only a shell starts. */
export function installed(name: "bun" | "esbuild"): string {
  if (process.platform !== "win32") return `node_modules/.bin/${name}`;
  const folder = name === "bun"
    ? `@oven/bun-windows-${process.arch === "x64" ? "x64" : "aarch64"}/bin`
    : `@esbuild/win32-${process.arch}`;
  return `node_modules/${folder}/${name}.exe`;
}

/** Runs a program to its end. */
export function runProgram(program: string, parameters: readonly string[]): Failure {
  const { status, stderr } = spawnSync(program, parameters, {
    encoding: "utf8",
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, NO_COLOR: "1" },
  });
  return status === 0 ? undefined : stderr.trim();
}

/**
 * The driver that the library looks for in its own folder: in a bundle it is a separate entry with this name.
 */
export const KAFKA_ENTRY = "kafka=src/kafka/mod.ts";

/** Bundles modules, with the packages they need, into a folder, in chunks that are loaded on demand. */
export function bundleInParts(entries: readonly string[], folder: string): Failure {
  return runProgram(installed("esbuild"), [
    ...entries,
    ...["--bundle", "--splitting", `--outdir=${folder}`, "--chunk-names=[name]-[hash]"],
    ...["--format=esm", "--platform=node", "--target=es2023", "--minify-whitespace", "--log-level=error"],
    // The Kafka client's WebAssembly is embedded in the module, not read from a file next to it.
    "--alias:@platformatic/wasm-utils=@platformatic/wasm-utils/bundled",
    // CommonJS packages `require` node: modules by this name; others import `createRequire` themselves.
    '--banner:js=import { createRequire as makeRequire } from "node:module"; ' +
    "const require = makeRequire(import.meta.url);",
  ]);
}
