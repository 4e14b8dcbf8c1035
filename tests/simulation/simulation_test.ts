import { assertEquals } from "@std/assert";
import { test } from "../harness.ts";
import { runSeed } from "./world.ts";

/** Seeds per test, run one after the other, so that several tests share the cores. */
const SEEDS_PER_TEST = 250;
/** Histories of a group take longer. */
const GROUP_SEEDS = 40;

for (let part = 0; part < 8; part++) {
  const first = part * SEEDS_PER_TEST + 1;
  test(`the log keeps its guarantees on a failing disk: seeds ${first} to ${first + SEEDS_PER_TEST - 1}`, async () => {
    const broken: string[] = [];
    for (let seed = first; seed < first + SEEDS_PER_TEST; seed++) {
      await runSeed(seed).catch((error) => broken.push(error.message));
    }
    assertEquals(broken, []);
  });
}

test(`members of a group lose no event, and acknowledge none of others: seeds 1 to ${GROUP_SEEDS}`, async () => {
  const broken: string[] = [];
  for (let seed = 1; seed <= GROUP_SEEDS; seed++) {
    await runSeed(seed, "group").catch((error) => broken.push(error.message));
  }
  assertEquals(broken, []);
});
