/** What a check found: `warn` is fit with a reservation, `unknown` could not be tried here. */
export type Verdict = "ok" | "warn" | "fail" | "unknown";

/** One line of the doctor's report. */
export interface Finding {
  check: string;
  verdict: Verdict;
  detail: string;
}

/** Runs a check; what it throws is its finding. */
export async function finding(check: string, run: () => Promise<Omit<Finding, "check">>): Promise<Finding> {
  try {
    return { check, ...await run() };
  } catch (error) {
    return { check, verdict: "fail", detail: error instanceof Error ? error.message : String(error) };
  }
}
