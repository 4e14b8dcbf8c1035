/** A test to run; its file is imported when the first test of it is run. */
export interface TestToRun {
  file: string;
  /** Its index among the tests of its file. */
  at: number;
  limitMs: number;
  mayLeave: boolean;
}

/** What the parent requests from a worker. */
export type Request =
  | { kind: "load"; files: readonly string[]; mutants: number }
  | { kind: "look"; mutants: number; limitMs: number; from: number }
  | {
    kind: "try";
    number: number;
    tests: readonly TestToRun[];
    /** Run the failed test again without the mutant. */
    recheck: boolean;
  };

/** A test, and how it ran without a mutant. */
export interface TestFacts {
  file: string;
  name: string;
  /** Its index among the tests of its file. */
  at: number;
  /** How long it took, in milliseconds. */
  ms: number;
  /** How much of that the processor worked for it, whatever else the machine was doing. */
  cpuMs: number;
  outcome: "passed" | "failed" | "timeout";
  /** Whether it leaves timers or files behind anyway, so that this does not count as noticing a mutant. */
  mayLeave: boolean;
  /** Numbers of the mutants whose code it executes. */
  hits: number[];
}

/** A worker's answer. */
export type Answer =
  | { kind: "loaded"; tests: number; hits: number[] }
  | { kind: "looked"; tests: TestFacts[] }
  | { kind: "done" }
  /** The next step begins, which may take this much processor time before the process is ended. */
  | { kind: "begun"; cpuMsMax: number }
  | {
    kind: "tried";
    outcome: "passed" | "failed" | "timeout";
    /** Index of the test that failed, in the request. */
    by: number;
    /** Whether that test passes without the mutant, in the same process. */
    isOwn: boolean;
  };
