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
import { parseArgs } from "@std/cli/parse-args";
import process from "node:process";
import { runMutations } from "./mutations/run.ts";
import { runSeed, type StoryKind } from "./world.ts";

const options = parseArgs(process.argv.slice(2), {
  string: ["seed", "count", "seconds", "story", "words", "cpu"],
  boolean: ["mutations"],
});

if (options.mutations) {
  process.exit(
    await runMutations({
      seeds: Number(options.count ?? 5000),
      words: options.words as string | undefined,
      cpuSeconds: Number(options.cpu ?? 120),
    }),
  );
}

const first = Number(options.seed ?? 1);
const count = Number(options.count ?? (options.seed === undefined ? 2000 : 1));
const endAt = options.seconds === undefined ? Infinity : Date.now() + Number(options.seconds) * 1000;
const kinds: StoryKind[] = options.story === undefined ? ["log", "group"] : [options.story as StoryKind];
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
