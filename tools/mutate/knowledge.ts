import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { TestFacts } from "./protocol.ts";
import type { Sandbox } from "./sandbox.ts";
import { LOAD_LIMIT_MS, WorkerProcess } from "./worker_process.ts";

const FILE = "node_modules/.cache/diaspora/mutate-tests.json";
/** Tests that take longer are not worth running for each mutant. */
const TEST_LIMIT_MS = 30_000;

/** What is known about the tests, and which code they execute. */
export interface Knowledge {
  files: readonly string[];
  tests: TestFacts[];
  /** Mutants whose code runs while modules load. */
  atLoad: Set<number>;
}

/** The results of a run without mutants; kept as long as `key` stays the same. */
export async function learn(
  sandbox: Sandbox,
  files: readonly string[],
  { mutants, key }: { mutants: number; key: string },
): Promise<Knowledge> {
  try {
    const found = JSON.parse(readFileSync(FILE, "utf8"));
    if (found.key === key) return { files, tests: found.tests, atLoad: new Set(found.atLoad) };
  } catch {
    // It does not exist yet.
  }
  const knowledge = await look(sandbox, files, mutants);
  mkdirSync(dirname(FILE), { recursive: true });
  writeFileSync(FILE, JSON.stringify({ key, tests: knowledge.tests, atLoad: [...knowledge.atLoad] }));
  return knowledge;
}

/** Runs every test once without a mutant; after a test that does not end, it continues in a new process. */
async function look(sandbox: Sandbox, files: readonly string[], mutants: number): Promise<Knowledge> {
  const tests: TestFacts[] = [];
  for (;;) {
    const worker = new WorkerProcess(sandbox);
    try {
      worker.send({ kind: "load", files, mutants });
      const loaded = await worker.answer(LOAD_LIMIT_MS);
      if (loaded?.kind !== "loaded") throw new Error(`Cannot load the tests: ${worker.errors}`);
      worker.send({ kind: "look", mutants, limitMs: TEST_LIMIT_MS, from: tests.length });
      for (;;) {
        const answer = await worker.answer(50 * TEST_LIMIT_MS);
        if (answer?.kind === "done") break;
        if (answer?.kind !== "looked") throw new Error(`Cannot run the tests: ${worker.errors}`);
        tests.push(...answer.tests);
      }
      if (tests.length >= loaded.tests) return { files, tests, atLoad: new Set(loaded.hits) };
    } finally {
      worker.kill();
    }
  }
}
