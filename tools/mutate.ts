/**
 * Breaks the source on purpose, one operator at a time, and runs the tests that execute the changed code
 * until one fails. Mutants that no test notices show what the tests do not cover.
 *
 *     npm run mutate -- src/log src/producer.ts    mutates these paths; without paths, those in docs/mutation.md
 *     npm run mutate -- --sample 0.1 --seed 7      a tenth of the mutants, chosen by a seed
 *     npm run mutate -- --list src/log/segment/append_signal.ts     only lists the mutants
 *     npm run mutate -- --only ID                  tries one, and shows it
 *     npm run mutate -- --tests tests/log src/log  runs only these tests, and remembers what they kill
 *     npm run mutate -- --survivors src/log        tries those again that survived
 *     npm run mutate -- --report                   writes docs/mutation.md from the results so far, and leaves there what it
 *                                                  says of other files
 *
 * A run that was stopped resumes; `--fresh` starts over. `--jobs 2` processes run at a time, and each mutant
 * gets at most `--budget 20` seconds of tests.
 *
 * @module
 */
import process from "node:process";
import { taskArguments } from "./arguments.ts";
import { compileMutant } from "./mutate/core_mutant.ts";
import { learn } from "./mutate/knowledge.ts";
import { codeOf, digest, type Mutant } from "./mutate/mutants.ts";
import { writeReport } from "./mutate/report.ts";
import { isKilled, type Result, Results } from "./mutate/results.ts";
import { findMutants, findSources, isOfCore, NAMED, readSource, Sandbox } from "./mutate/sandbox.ts";
import { distances, quickTests, SEEDS_TEST } from "./mutate/tests.ts";
import { Trial } from "./mutate/trial.ts";
import { counted } from "../src/text/counted.ts";

const { words: paths, texts, numbers, flags } = taskArguments({
  string: ["only", "tests"],
  number: ["sample", "seed", "jobs", "budget"],
  boolean: ["list", "fresh", "report", "survivors"],
  words: true,
});
const { only, tests: testsWanted } = texts;
const { sample = 1, seed = 1, jobs = 2, budget = 20 } = numbers;
const named = findSources(NAMED);
const own = only !== undefined
  ? findSources([only.replace(/:.*/s, "")])
  : paths.length === 0
  ? named
  : findSources(paths);
// The copy contains all of them, so what is known about the tests serves every later run. A few tests are
// quick to run again, and run faster if nothing else is mutated.
const files = testsWanted === undefined && own.every((file) => named.includes(file)) ? named : own;
const mutants = findMutants(files);

/** Whether a mutant is in the sample: the same ones for the same seed, whatever else is mutated. */
function isChosen({ id }: Mutant): boolean {
  return parseInt(digest(`${seed} ${id}`).slice(0, 8), 16) / 2 ** 32 < sample;
}

const wanted = mutants.filter((mutant) =>
  only === undefined ? own.includes(mutant.file) && isChosen(mutant) : mutant.id === only
);
if (only !== undefined && wanted.length === 0) {
  console.error(`Cannot find mutant "${only}": --list names those there are`);
  process.exit(2);
}
if (flags["list"]) {
  for (const { id } of wanted) console.log(id);
  process.exit(0);
}

const tests = quickTests().filter((file) => {
  if (testsWanted?.split(",").some((path) => file.startsWith(path)) === false) return false;
  const reached = distances(file);
  return files.some((source) => reached.has(source) || isOfCore({ file: source }));
});
const withSeeds = testsWanted?.split(",").some((path) => SEEDS_TEST.startsWith(path)) !== false;
const testsDigest = digest([...tests, "tools/mutate/worker.ts"].map(readSource).join("\0") + budget);
const key = digest(files.map((file) => codeOf(readSource(file))).join("\0"));
const results = new Results(testsDigest, {
  begin: flags["fresh"] || only !== undefined ? "anew" : "as left",
  tests: testsWanted === undefined ? "all" : "some",
  keep: only === undefined,
});
if (flags["report"]) {
  writeReport(mutants.filter(({ file }) => own.includes(file)), wanted, results);
  process.exit(0);
}
const left = wanted.filter((mutant) =>
  results.get(mutant) === undefined && (!flags["survivors"] || results.known(mutant) !== undefined)
);
console.log(
  `${wanted.length} of ${
    mutants.filter(({ file }) => own.includes(file)).length
  } mutants, ${left.length} to try`,
);

const sandbox = new Sandbox(mutants);
let failed = false;
try {
  const knowledge = await learn(sandbox, withSeeds ? [...tests, SEEDS_TEST] : tests, {
    mutants: mutants.length,
    key,
  });
  const seconds = knowledge.tests.reduce((sum, { ms }) => sum + ms, 0) / 1000;
  console.log(
    `${knowledge.tests.length} tests of ${counted(tests.length, "file")} take ${
      Math.round(seconds)
    } s without a mutant`,
  );
  for (const { file, name, outcome } of knowledge.tests.filter(({ outcome }) => outcome !== "passed")) {
    console.log(`left out, since it ${outcome} without a mutant: ${file}: ${name}`);
  }
  const queue = left.slice();
  const work = async (): Promise<void> => {
    const trial = new Trial(sandbox, knowledge, budget * 1000);
    try {
      for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
        const result = await tryOne(trial, mutant);
        results.set(mutant, result);
        tell(mutant, result, left.length - queue.length);
      }
    } finally {
      trial.close();
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
} catch (error) {
  failed = true;
  console.error(error);
} finally {
  results.save();
  sandbox.remove();
}

async function tryOne(trial: Trial, mutant: Mutant): Promise<Result> {
  if (!isOfCore(mutant)) return await trial.try(mutant);
  const core = await compileMutant(mutant, sandbox.temporary);
  return core === undefined ? { status: "invalid" } : await trial.tryCore(mutant, core);
}

function tell({ id, original, replacement }: Mutant, result: Result, count: number): void {
  if (isKilled(result) && only === undefined) {
    if (count % 100 === 0) console.log(`${count} of ${left.length}`);
    return;
  }
  console.log(`${result.status}: ${id}`);
  console.log(`    ${original.split("\n")[0]}  ->  ${replacement.split("\n")[0] || "(nothing)"}`);
  if (result.by !== undefined) console.log(`    by ${result.by}`);
}

const tried = wanted.map((mutant) => results.known(mutant)).filter((result) => result !== undefined);
const valid = tried.filter(({ status }) => status !== "invalid");
const killed = valid.filter(isKilled).length;
if (only === undefined) {
  console.log(`${killed} of ${valid.length} killed: ${(100 * killed / valid.length).toFixed(1)} %`);
}
process.exit(failed ? 1 : 0);
