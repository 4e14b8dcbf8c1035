import { EXPECTED_TIME, timeOf, timeRemark } from "../text/time.ts";
import { UsageError } from "./usage_error.ts";

/** The time given by an option, in milliseconds since 1970; throws {@linkcode UsageError} if it is not a time. */
export function parseTime(option: string, text: string, now: () => number = Date.now): number {
  const time = timeOf(text, now);
  if (time !== undefined) return time;
  throw new UsageError(
    `Option "${option}" takes ${EXPECTED_TIME}; found ${JSON.stringify(text)}${timeRemark(text)}`,
  );
}

/**
 * The same for a time before which everything is removed or skipped: one in the future would be everything, as
 * `23:00` is in the morning.
 */
export function parsePastTime(option: string, text: string, now: () => number = Date.now): number {
  const time = parseTime(option, text, now);
  checkPast(option, text, time, now());
  return time;
}

/** Throws {@linkcode UsageError} if a time is still to come. */
export function checkPast(option: string, text: string, time: number, now = Date.now()): void {
  if (time <= now) return;
  throw new UsageError(
    `Option "${option}" takes a time in the past; found ${
      JSON.stringify(text)
    }, which is still to come: add the date, or ` +
      `say "now"`,
  );
}
