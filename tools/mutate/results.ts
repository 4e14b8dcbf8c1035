import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Mutant } from "./mutants.ts";

/** The result of trying a mutant. */
export interface Result {
  /** `unreached`: no test executes its code. `invalid`: the mutant does not compile. */
  status: "killed" | "timeout" | "survived" | "unreached" | "invalid";
  /** The test that failed. */
  by?: string;
  /** It survived only some of the tests, or those of an earlier version: others may kill it. */
  bySome?: boolean;
}

/** Whether a test noticed. */
export function isKilled({ status }: Result): boolean {
  return status === "killed" || status === "timeout";
}

/** Whether more tests would not change the result. */
function isForGood(result: Result): boolean {
  return isKilled(result) || result.status === "invalid";
}

interface UnitResults {
  /** Digest of the tests that the survivors survived. */
  tests: string;
  /** By the index of the mutant in its unit. */
  mutants: Record<number, Result>;
}

const FILE = "node_modules/.cache/diaspora/mutate.json";

/**
 * The results of earlier runs, so that a stopped run can resume: they stay valid for a function whose code has not
 * changed, whichever file it is in, survivors only as long as the tests have not changed.
 */
export class Results {
  /** By the names of the units. */
  readonly #units: Record<string, UnitResults>;
  #unsaved = 0;

  /**
   * The results of earlier runs, or none. What survives some of the tests has to be tried again with all of
   * them.
   */
  constructor(
    private readonly testsDigest: string,
    private readonly how: { begin: "anew" | "as left"; tests: "all" | "some"; keep: boolean },
  ) {
    this.#units = how.begin === "anew" ? {} : read();
  }

  /** The result for a mutant, if trying it again would give the same. */
  get(mutant: Mutant): Result | undefined {
    const result = this.known(mutant);
    if (result === undefined || isForGood(result)) return result;
    const isOfTheseTests = this.how.tests === "all" && this.#units[mutant.unit]?.tests === this.testsDigest;
    return isOfTheseTests && result.bySome !== true ? result : undefined;
  }

  /** The last result for a mutant, whichever tests were run. */
  known({ unit, index }: Mutant): Result | undefined {
    return this.#units[unit]?.mutants[index];
  }

  set({ unit, index }: Mutant, result: Result): void {
    const own = this.#units[unit] ??= { tests: this.testsDigest, mutants: {} };
    if (this.how.tests === "all" && own.tests !== this.testsDigest) {
      own.tests = this.testsDigest;
      for (const each of Object.values(own.mutants)) if (!isForGood(each)) each.bySome = true;
    }
    own.mutants[index] = this.how.tests === "all" || isForGood(result) ? result : { ...result, bySome: true };
    if (++this.#unsaved >= 20) this.save();
  }

  save(): void {
    if (!this.how.keep) return;
    this.#unsaved = 0;
    mkdirSync(dirname(FILE), { recursive: true });
    writeFileSync(`${FILE}.new`, JSON.stringify(this.#units));
    renameSync(`${FILE}.new`, FILE);
  }
}

function read(): Record<string, UnitResults> {
  try {
    return JSON.parse(readFileSync(FILE, "utf8"));
  } catch {
    return {};
  }
}
