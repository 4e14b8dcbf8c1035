import { assertEquals } from "@std/assert";
import { test } from "../harness.ts";
import { testSeeds } from "./seeds.ts";
import { runSeed } from "./world.ts";

/** Histories of a group take longer. */
const GROUP_SEEDS = 40;

testSeeds(1, 500);

test(`members of a group lose no event, and acknowledge none of others: seeds 1 to ${GROUP_SEEDS}`, async () => {
  const broken: string[] = [];
  for (let seed = 1; seed <= GROUP_SEEDS; seed++) {
    await runSeed(seed, "group").catch((error) => broken.push(error.message));
  }
  assertEquals(broken, []);
});
