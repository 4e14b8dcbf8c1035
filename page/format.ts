import { countedGrouped } from "../src/text/counted.ts";

export { countedGrouped as counted };

const counts = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });

/** `1,234,567`. */
export function formatCount(value: number): string {
  return counts.format(value);
}

/** `1.23M`: for axes and tiles. */
export function formatCompact(value: number): string {
  return compact.format(value);
}

/** `98.7 MB`. */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toPrecision(3)} ${units[unit]}`;
}

/** `12.3/s`, with fewer digits the larger it is. */
export function formatRate(perSecond: number): string {
  if (perSecond === 0) return "0/s";
  if (perSecond < 0.1) return "< 0.1/s";
  return `${perSecond < 100 ? perSecond.toFixed(1) : formatCount(perSecond)}/s`;
}

/** The time for programs; undefined for one that no calendar has, such as nanoseconds taken for milliseconds. */
export function isoTime(time: number): string | undefined {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

/** `2026-11-23 15:48:00.123` in local time; the number for a time that no calendar has. */
export function formatTime(time: number): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return `${time} ms`;
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${day} ${clock}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

/** `3 s ago`, `2 days ago`. */
export function formatAge(time: number, now: number): string {
  const seconds = Math.round(Math.max(0, now - time) / 1000);
  return seconds < 1 ? "just now" : `${formatSpan(seconds)} ago`;
}

/** `45 s`, `3 min`, `5 h`, `2 days`. */
export function formatSpan(seconds: number): string {
  if (seconds < 10 && seconds % 1 !== 0) return `${seconds.toFixed(1)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 36 * 3600) return `${Math.round(seconds / 3600)} h`;
  return countedGrouped(Math.round(seconds / 86400), "day");
}

// Invisible characters that change the direction of the text around them or hide it. Two of them join letters.
const HIDDEN = /(?![\t\n\u200c\u200d])[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** The text with invisible characters escaped, so that it shows what it is. */
export function visible(text: string): string {
  return text.replace(HIDDEN, (character) => {
    const code = character.codePointAt(0)!.toString(16);
    return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, "0")}`;
  });
}
