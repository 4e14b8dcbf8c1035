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
  /** It survived some of the tests, or those of another time: others may kill it. */
  bySome?: boolean;
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
  #unsaved = 0;

  /** Those of earlier runs, or none. What survives a run of some of the tests is to be tried again by all of them. */
  constructor(
    private readonly testsDigest: string,
    private readonly how: { begin: "anew" | "as left"; tests: "all" | "some"; keep: boolean },
  ) {
    this.#files = how.begin === "anew" ? {} : read();
  }

  /** What became of a mutant, if trying it again would give the same. */
  get(mutant: Mutant): Result | undefined {
    const result = this.known(mutant);
    if (result === undefined || isForGood(result)) return result;
    const isOfTheseTests = this.how.tests === "all" && this.#files[mutant.file].tests === this.testsDigest;
    return isOfTheseTests && result.bySome !== true ? result : undefined;
  }

  /** What became of a mutant when it was last tried, by whichever tests. */
  known({ file, id }: Mutant): Result | undefined {
    return this.#of(file)?.mutants[id];
  }

  set({ file, id }: Mutant, result: Result): void {
    const own = this.#of(file) ?? { digest: digest(readSource(file)), tests: this.testsDigest, mutants: {} };
    if (this.how.tests === "all" && own.tests !== this.testsDigest) {
      own.tests = this.testsDigest;
      for (const each of Object.values(own.mutants)) if (!isForGood(each)) each.bySome = true;
    }
    own.mutants[id] = this.how.tests === "all" || isForGood(result) ? result : { ...result, bySome: true };
    this.#files[file] = own;
    if (++this.#unsaved >= 20) this.save();
  }

  save(): void {
    if (!this.how.keep) return;
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
