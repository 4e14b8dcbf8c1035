import { assertEquals } from "@std/assert";
import { test } from "../harness.ts";
import { runSeed } from "./world.ts";

/** Seeds per test, run one after the other. */
const SEEDS_PER_TEST = 250;

/** Registers tests of histories of a partition. */
export function testSeeds(from: number, to: number): void {
  for (let first = from; first <= to; first += SEEDS_PER_TEST) {
    const last = first + SEEDS_PER_TEST - 1;
    test(`the log keeps its guarantees on a failing disk: seeds ${first} to ${last}`, async () => {
      const broken: string[] = [];
      for (let seed = first; seed <= last; seed++) {
        await runSeed(seed).catch((error) => broken.push(error.message));
      }
      assertEquals(broken, []);
    });
  }
}
