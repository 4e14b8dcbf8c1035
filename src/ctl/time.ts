import { UsageError } from "./usage_error.ts";

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};

/**
 * A moment in milliseconds since 1970: a number (of seconds when it is too small to be milliseconds), an age
 * such as `90s`, `15m`, `2h` or `7d`, or a date that JavaScript reads.
 */
export function parseTime(option: string, text: string, now: () => number = Date.now): number {
  const trimmed = text.trim();
  if (/^-?\d+(\.\d+)?$/.test(trimmed)) {
    const number = Number(trimmed);
    // As seconds this would be the year 5138, as milliseconds 1973.
    return Math.abs(number) < 1e11 ? number * 1000 : number;
  }
  const age = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)$/.exec(trimmed);
  if (age !== null) return now() - Number(age[1]) * UNIT_MS[age[2]];
  const date = Date.parse(trimmed);
  if (Number.isNaN(date)) {
    throw new UsageError(
      `Option "${option}" takes a time such as 2026-11-23T15:48:00Z, milliseconds since 1970 or an age such as 15m; ` +
        `found ${JSON.stringify(text)}`,
    );
  }
  return date;
}
