import { messageOf } from "../../text/message.ts";

/** The result of a check: `warn` means usable with a limitation, `unknown` that it could not be tested here. */
export type Verdict = "ok" | "warn" | "fail" | "unknown";

/** One line of the report. */
export interface Finding {
  check: string;
  verdict: Verdict;
  detail: string;
}

/** Runs a check; an error it throws becomes its result. */
export async function finding(
  check: string,
  run: () => Omit<Finding, "check"> | Promise<Omit<Finding, "check">>,
): Promise<Finding> {
  try {
    return { check, ...await run() };
  } catch (error) {
    return { check, verdict: "fail", detail: messageOf(error) };
  }
}
