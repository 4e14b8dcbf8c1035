/** What the parent asks of a worker. */
export type Request =
  | { kind: "load"; files: readonly string[]; mutants: number }
  | { kind: "look"; mutants: number; limitMs: number; from: number }
  | {
    kind: "try";
    number: number;
    tests: readonly { index: number; limitMs: number; mayLeave: boolean }[];
    /** Run the test that failed once more without the mutant. */
    recheck: boolean;
  };

/** A test, as it ran without a mutant. */
export interface TestFacts {
  file: string;
  name: string;
  ms: number;
  outcome: "passed" | "failed" | "timeout";
  /** Whether it leaves timers or files behind, so that this is not held against a mutant. */
  mayLeave: boolean;
  /** Numbers of the mutants whose places it comes by. */
  hits: number[];
}

/** What a worker answers. */
export type Answer =
  | { kind: "loaded"; tests: { file: string; name: string }[]; hits: number[] }
  | { kind: "looked"; tests: TestFacts[] }
  | { kind: "done" }
  | {
    kind: "tried";
    outcome: "passed" | "failed" | "timeout";
    /** Index of the test that failed. */
    by: number;
    /** Whether that test passes without the mutant, here and now. */
    isOwn: boolean;
  };
