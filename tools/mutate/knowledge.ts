import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { TestFacts } from "./protocol.ts";
import { digest } from "./mutants.ts";
import { readSource, type Sandbox } from "./sandbox.ts";
import { distances, SEEDS_TEST, seedsTest } from "./tests.ts";
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

/** What a run without mutants showed about one test file. */
interface FileFacts {
  /** See {@linkcode digestOf}. */
  digest: string;
  tests: TestFacts[];
}

interface Stored {
  /** Digest of the sources, whose mutants are numbered. */
  key: string;
  atLoad: number[];
  files: Record<string, FileFacts>;
}

/** The results of a run without mutants; those of a test file are kept until it or the sources change. */
export async function learn(
  sandbox: Sandbox,
  files: readonly string[],
  { mutants, key }: { mutants: number; key: string },
): Promise<Knowledge> {
  const stored = read(key);
  const digests = new Map(files.map((file) => [file, digestOf(file)]));
  const unknown = files.filter((file) => stored.files[file]?.digest !== digests.get(file));
  if (unknown.length > 0) {
    const { tests, atLoad } = await look(sandbox, unknown, mutants);
    stored.atLoad = [...new Set([...stored.atLoad, ...atLoad])];
    for (const file of unknown) {
      stored.files[file] = { digest: digests.get(file)!, tests: tests.filter((test) => test.file === file) };
    }
    mkdirSync(dirname(FILE), { recursive: true });
    writeFileSync(FILE, JSON.stringify(stored));
  }
  return { files, tests: files.flatMap((file) => stored.files[file].tests), atLoad: new Set(stored.atLoad) };
}

function read(key: string): Stored {
  try {
    const found = JSON.parse(readFileSync(FILE, "utf8")) as Stored;
    if (found.key === key && found.files !== undefined) return found;
  } catch {
    // It does not exist yet.
  }
  return { key, atLoad: [], files: {} };
}

/** Digest of a test file and of what it imports of the other tests; the seeds' file is not in the repository. */
function digestOf(file: string): string {
  const paths = [...distances(file).keys()].filter((path) => path.startsWith("tests/")).sort();
  return digest(paths.map((path) => path === SEEDS_TEST ? seedsTest() : readSource(path)).join("\0"));
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
