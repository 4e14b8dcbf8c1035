const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};

/** The expected forms, for errors. */
export const EXPECTED_TIME =
  "a time such as 2026-11-23T15:48:00Z, 2026-11-23 15:48 or 15:48 (local time), an age such as 15m or " +
  "1h30m, or a time since 1970 in seconds (10 digits) or milliseconds (13 digits)";

/** `m`, `min` and `minutes` are the same; `ms` is none of them. */
const UNIT = "(ms|s(?:ec(?:ond)?s?)?|m(?:in(?:ute)?s?)?|h(?:(?:ou)?rs?)?|d(?:ays?)?|w(?:eeks?)?)(?![a-z])";
const AGE = new RegExp(`^(?:\\d+(?:\\.\\d+)?\\s*${UNIT}\\s*)+$`);
const AGE_PART = new RegExp(`(\\d+(?:\\.\\d+)?)\\s*${UNIT}`, "g");
/** An age in words of the day: `15m ago`, `now-15m`. */
const WORDED_AGE = /^(?:(.*\S)\s+ago|now\s*-\s*(.*))$/i;
const CLOCK = /(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?/.source;
const DATE = new RegExp(`^(\\d{4})-(\\d\\d)-(\\d\\d)(?:(?:T|t| +)${CLOCK} ?(Z|z|UTC|[+-]\\d\\d:?\\d\\d)?)?$`);
const TIME_OF_DAY = new RegExp(`^(?:(today|yesterday) +)?${CLOCK}$|^(today|yesterday)$`, "i");

/**
 * A time in milliseconds since 1970, or undefined: a date with an optional time of day and zone (local time by
 * default), a time of day (today's, or `yesterday 14:00`), seconds or milliseconds since 1970, an age such as
 * `90s`, `15m`, `2 hours ago`, `now-1h30m` or `7d`, or `now`. Ambiguous text is rejected: a misread time may remove every event.
 */
export function timeOf(text: string, now: () => number = Date.now): number | undefined {
  const trimmed = text.trim();
  return numberTime(trimmed) ?? ageTime(trimmed, now) ?? dateTime(trimmed, now);
}

/** Whether a text is meant as a time, valid or not: neither a bare number nor a word. */
export function looksLikeTime(text: string): boolean {
  return AGE.test(text.trim()) || /^\d+[-:]\d|^(?:now|today|yesterday)\b|\sago$/i.test(text.trim());
}

function numberTime(text: string): number | undefined {
  if (/^\d{10}(?:\.\d+)?$/.test(text)) return Number(text) * 1000;
  if (/^\d{13}(?:\.\d+)?$/.test(text)) return Number(text);
  return text === "0" ? 0 : undefined;
}

/** An age such as `90s`, `1h30m` or `7d` in milliseconds; undefined if the text is not one. */
export function ageMsOf(text: string): number | undefined {
  if (!AGE.test(text)) return undefined;
  let age = 0;
  for (const [, count, unit = ""] of text.matchAll(AGE_PART)) {
    age += Number(count) * UNIT_MS[unit === "ms" ? unit : unit[0]!]!;
  }
  return age;
}

function ageTime(text: string, now: () => number): number | undefined {
  if (text === "now") return now();
  const worded = WORDED_AGE.exec(text);
  const age = ageMsOf(worded?.[1] ?? worded?.[2] ?? text);
  // Clamped: an age longer than the time since 1970 means everything.
  return age === undefined ? undefined : Math.max(0, now() - age);
}

function dateTime(text: string, now: () => number): number | undefined {
  const ofDay = TIME_OF_DAY.exec(text);
  if (ofDay !== null) {
    const [, name, hour, minute, second, fraction, alone] = ofDay;
    const day = new Date(now());
    if (/^y/i.test(name ?? alone ?? "")) day.setDate(day.getDate() - 1);
    const date = [day.getFullYear(), day.getMonth() + 1, day.getDate()] as const;
    return momentOf(date, [hour, minute, second, fraction], undefined);
  }
  const match = DATE.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, ...clock] = match;
  return momentOf([Number(year), Number(month), Number(day)], clock.slice(0, 4), clock[4]);
}

/** The time of a date and a time of day; undefined if there is no such day, time or zone. */
function momentOf(
  [year, month, day]: readonly [year: number, month: number, day: number],
  clock: readonly (string | undefined)[],
  zone: string | undefined,
): number | undefined {
  const [hour = 0, minute = 0, second = 0] = clock.map((part) => Number(part ?? 0));
  const ms = Number(`0.${clock[3] ?? "0"}`) * 1000;
  if (month < 1 || month > 12 || day < 1 || day > daysOf(year, month)) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  if (zone === undefined) return new Date(year, month - 1, day, hour, minute, second).getTime() + ms;
  const offset = offsetMinutes(zone);
  if (offset === undefined) return undefined;
  return Date.UTC(year, month - 1, day, hour, minute, second) + ms - offset * 60_000;
}

function daysOf(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

function offsetMinutes(zone: string): number | undefined {
  if (/^(?:z|utc)$/i.test(zone)) return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(-2))];
  if (hours > 14 || minutes > 59) return undefined;
  return (zone[0] === "-" ? -1 : 1) * (hours * 60 + minutes);
}

/** What a text that is not a time probably meant, as the end of an error message. */
export function timeRemark(given: string): string {
  const text = given.trim();
  if (/^\d{16}$/.test(text)) return ", which may be microseconds: leave out the last 3 digits";
  if (/^\d{19}$/.test(text)) return ", which may be nanoseconds: leave out the last 6 digits";
  const date = /^(\d{4})(\d\d)(\d\d)$/.exec(text);
  if (date !== null) return `, which may be the date ${date.slice(1).join("-")}`;
  return DATE.test(text) || TIME_OF_DAY.test(text) ? ": there is no such date or time" : "";
}

/** The time, or the number for one that no calendar has, such as nanoseconds taken for milliseconds. */
export function isoTime(timestamp: number): string {
  const date = new Date(timestamp);
  return Number.isNaN(date.getTime()) ? String(timestamp) : date.toISOString();
}
