import { spawnSync } from "node:child_process";
import process from "node:process";

/** What ended badly, or undefined. */
export type Failure = string | undefined;

/** A program that npm installed. On Windows what stands in `.bin` is a script, which only a shell starts. */
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

/** The driver that the library looks for beside itself: in a bundle it is an entry of its own, by this name. */
export const KAFKA_ENTRY = "kafka=src/kafka/mod.ts";

/** Bundles modules, with the packages they need, into a folder, in parts that are loaded when they are needed. */
export function bundleInParts(entries: readonly string[], folder: string): Failure {
  return runProgram(installed("esbuild"), [
    ...entries,
    ...["--bundle", "--splitting", `--outdir=${folder}`, "--chunk-names=[name]-[hash]"],
    ...["--format=esm", "--platform=node", "--target=es2023", "--minify-whitespace", "--log-level=error"],
    // What the Kafka client has in WebAssembly: in the module, not in a file beside it.
    "--alias:@platformatic/wasm-utils=@platformatic/wasm-utils/bundled",
    // Packages of the older kind (CommonJS) ask for node: modules by this name; others import its maker themselves.
    '--banner:js=import { createRequire as makeRequire } from "node:module"; ' +
    "const require = makeRequire(import.meta.url);",
  ]);
}
