import process from "node:process";
import { randomNumbers } from "../wasm/reference.ts";

/** Draws whole numbers from 0 to `below` - 1. */
export type Random = (below: number) => number;

const MILLISECONDS_A_TEST = 1500;

/**
 * Runs a case repeatedly, each time with another seed, for a second and a half. If one fails, the error says
 * how to run only that one. `DIASPORA_FUZZ_SEED` replays a seed; `DIASPORA_FUZZ_MS` sets another time.
 */
export function fuzz(file: string, runCase: (random: Random, seed: number) => void): void {
  const replayed = process.env["DIASPORA_FUZZ_SEED"];
  if (replayed !== undefined) return runCase(randomNumbers(Number(replayed)), Number(replayed));
  const until = performance.now() + Number(process.env["DIASPORA_FUZZ_MS"] ?? MILLISECONDS_A_TEST);
  const first = Date.now() % 2 ** 31;
  for (let seed = first; performance.now() < until; seed++) {
    try {
      runCase(randomNumbers(seed), seed);
    } catch (cause) {
      const command = `DIASPORA_FUZZ_SEED=${seed} npm test -- ${file} --on deno`;
      throw new Error(`Seed ${seed} fails: replay it with: ${command}`, { cause });
    }
  }
}
