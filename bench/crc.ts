/**
 * CRC-32 of the log core compared with the runtime's own zlib, in GB/s.
 *
 * ```sh
 * deno run -A bench/crc.ts          # Deno, Node and Bun one after the other
 * deno run -A bench/crc.ts --here   # only the runtime that runs it
 * ```
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { crc32 as zlibCrc32 } from "node:zlib";
import { instantiateCore } from "../src/log/format/core/exports.ts";
import { counted } from "../src/text/counted.ts";

const SIZES = [16, 64, 256, 512, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576];
const ROUNDS = 15;
const ROUND_BYTES = 2 * 1024 * 1024;

const bin = (name: string): string => fileURLToPath(new URL(`../node_modules/.bin/${name}`, import.meta.url));
const SELF = fileURLToPath(import.meta.url);
const RUNTIMES: Record<string, string[]> = {
  Deno: [bin("deno"), "run", "-A", SELF, "--here"],
  Node: ["node", "--import", "tsx", SELF, "--here"],
  Bun: [bin("bun"), SELF, "--here"],
};

type Crc32 = (bytes: number) => number;

/** Seconds per call: the best of several rounds, since every disturbance makes it longer. */
function secondsOf(crc32: Crc32, bytes: number): number {
  const calls = Math.ceil(ROUND_BYTES / (bytes + 64));
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    for (let call = 0; call < calls; call++) crc32(bytes);
    best = Math.min(best, (performance.now() - start) / 1000 / calls);
  }
  return best;
}

async function measureHere(): Promise<void> {
  const wasm = instantiateCore();
  wasm.memory.grow(17);
  const ptr = wasm.staticEnd();
  const message = new Uint8Array(wasm.memory.buffer, ptr, Math.max(...SIZES));
  // Also touches the memory, because the system allocates pages only then.
  for (let at = 0, state = 1; at < message.length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    message[at] = state >>> 24;
  }
  const views = new Map(SIZES.map((bytes) => [bytes, message.subarray(0, bytes)]));
  const contestants: Record<"core" | "zlib", Crc32> = {
    core: (bytes) => wasm.crc32(ptr, bytes, 0),
    zlib: (bytes) => zlibCrc32(views.get(bytes)!),
  };
  for (const bytes of SIZES) {
    const [core, zlib] = [contestants.core, contestants.zlib].map((crc32) => crc32(bytes) >>> 0);
    if (core !== zlib) throw new Error(`Wrong CRC of ${counted(bytes, "byte")}: ${core}, not ${zlib}`);
    for (let call = 0; call < 2000; call++) {
      for (const crc32 of Object.values(contestants)) crc32(Math.min(bytes, 4096));
    }
  }
  for (let call = 0; call < 50; call++) for (const crc32 of Object.values(contestants)) crc32(65_536);
  await new Promise((resolve) => setTimeout(resolve, 300)); // The optimizing compilers run at the same time.

  console.log("    bytes      core      zlib   core/zlib");
  for (const bytes of SIZES) {
    const core = secondsOf(contestants.core, bytes);
    const zlib = secondsOf(contestants.zlib, bytes);
    const rate = (seconds: number): string => (bytes / seconds / 1e9).toFixed(2).padStart(10);
    const ratio = `x${(zlib / core).toFixed(2)}`.padStart(12);
    console.log(`${String(bytes).padStart(9)}${rate(core)}${rate(zlib)}${ratio}`);
  }
}

function measureEverywhere(): void {
  for (const [name, [program, ...parameters]] of Object.entries(RUNTIMES)) {
    console.log(`\n${name}, CRC-32 in GB/s`);
    const { error, status } = spawnSync(program, parameters, { stdio: "inherit" });
    if (error) console.log(`not measured: ${error.message}`);
    else if (status !== 0) process.exitCode = 1;
  }
}

if (process.argv.includes("--here")) await measureHere();
else measureEverywhere();
