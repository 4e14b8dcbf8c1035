/**
 * Runs the log on a simulated disk, seed after seed, and compares the result with a model.
 *
 *     npm run simulate -- --seed 42               repeats one history
 *     npm run simulate -- --count 100000          runs many
 *     npm run simulate -- --story group           only histories of group members; "log": only the others
 *     npm run simulate -- --mutations             breaks the code on purpose, and expects that to be noticed
 *     npm run simulate -- --mutations --words sync    only mutations whose description contains these words
 *     npm run simulate -- --mutations --cpu 30    with 30 s of processor time for each instead of 120
 *
 * @module
 */
import process from "node:process";
import { taskArguments } from "../../tools/arguments.ts";
import { runMutations } from "./mutations/run.ts";
import { runSeed, type StoryKind } from "./world.ts";

const { texts, numbers, flags } = taskArguments({
  string: ["story", "words"],
  number: ["seed", "count", "seconds", "cpu"],
  boolean: ["mutations"],
});
const { story, words } = texts;
const { seed: chosen, count = chosen === undefined ? 2000 : 1, seconds = Infinity } = numbers;
if (story !== undefined && story !== "log" && story !== "group") {
  console.error(`Cannot tell story "${story}": it is "log" or "group"`);
  process.exit(2);
}

if (flags["mutations"]) {
  process.exit(
    await runMutations({
      seeds: numbers["count"] ?? 5000,
      words,
      cpuSeconds: numbers["cpu"] ?? 120,
    }),
  );
}

const first = chosen ?? 1;
const endAt = Date.now() + seconds * 1000;
const kinds: StoryKind[] = story === undefined ? ["log", "group"] : [story];
let passed = 0;
let failed = 0;
for (let seed = first; seed < first + count && Date.now() < endAt; seed++) {
  for (const kind of kinds) {
    try {
      await runSeed(seed, kind);
      passed++;
    } catch (error) {
      failed++;
      console.error(error instanceof Error ? error.message : error);
    }
  }
}
console.log(`${passed} stories passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
