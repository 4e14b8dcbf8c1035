import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Mutant } from "./mutants.ts";
import { digest, readSource } from "./sandbox.ts";

/** What became of a mutant. */
export interface Result {
  /** `unreached`: no test comes by its place. `invalid`: the mutant does not compile. */
  status: "killed" | "timeout" | "survived" | "unreached" | "invalid";
  /** The test that failed. */
  by?: string;
}

/** Whether a test noticed. */
export function isKilled({ status }: Result): boolean {
  return status === "killed" || status === "timeout";
}

/** Whether more tests would change nothing. */
function isForGood(result: Result): boolean {
  return isKilled(result) || result.status === "invalid";
}

interface FileResults {
  /** Of the source. */
  digest: string;
  /** Of the tests that survivors survived. */
  tests: string;
  mutants: Record<string, Result>;
}

const FILE = "node_modules/.cache/diaspora/mutate.json";

/**
 * What earlier runs found, so that a run that was stopped goes on: everything about a file that was not changed
 * since, survivors only as long as the tests are the same.
 */
export class Results {
  readonly #files: Record<string, FileResults>;
  readonly #keep: "all" | "what is killed" | "nothing";
  /** What this run found and does not remember. */
  readonly #passing = new Map<string, Result>();
  #unsaved = 0;

  /**
   * Those of earlier runs, or none. A run of some of the tests keeps what is killed alone: the others may kill what
   * survived.
   */
  constructor(
    private readonly testsDigest: string,
    { begin, keep }: { begin: "anew" | "as left"; keep: "all" | "what is killed" | "nothing" },
  ) {
    this.#files = begin === "anew" ? {} : read();
    this.#keep = keep;
  }

  get({ file, id }: Mutant): Result | undefined {
    const result = this.#passing.get(id) ?? this.#of(file)?.mutants[id];
    if (result === undefined || isForGood(result) || this.#passing.has(id)) return result;
    const isOfTheseTests = this.#keep !== "what is killed" && this.#files[file].tests === this.testsDigest;
    return isOfTheseTests ? result : undefined;
  }

  set({ file, id }: Mutant, result: Result): void {
    if (this.#keep === "what is killed" && !isForGood(result)) {
      this.#passing.set(id, result);
      return;
    }
    const own = this.#of(file) ?? { digest: digest(readSource(file)), tests: this.testsDigest, mutants: {} };
    if (this.#keep !== "what is killed" && own.tests !== this.testsDigest) {
      own.tests = this.testsDigest;
      for (const [other, { status }] of Object.entries(own.mutants)) {
        if (status === "survived" || status === "unreached") delete own.mutants[other];
      }
    }
    own.mutants[id] = result;
    this.#files[file] = own;
    if (++this.#unsaved >= 20) this.save();
  }

  save(): void {
    if (this.#keep === "nothing") return;
    this.#unsaved = 0;
    mkdirSync(dirname(FILE), { recursive: true });
    writeFileSync(`${FILE}.new`, JSON.stringify(this.#files));
    renameSync(`${FILE}.new`, FILE);
  }

  #of(file: string): FileResults | undefined {
    const found = this.#files[file];
    return found?.digest === digest(readSource(file)) ? found : undefined;
  }
}

function read(): Record<string, FileResults> {
  try {
    return JSON.parse(readFileSync(FILE, "utf8"));
  } catch {
    return {};
  }
}
