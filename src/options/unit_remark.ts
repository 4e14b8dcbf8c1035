import { ageMsOf } from "../text/time.ts";

const SIZE = /^(\d+(?:\.\d+)?)\s*([kmgt])(i?)b?$/i;

/**
 * The number for a size or an age with a unit (`16MB`, `7d`), as the end of an error message. An option whose name
 * ends with seconds or milliseconds takes an age, any other a size.
 */
export function unitRemark(text: string, option: string): string {
  const unit = /(seconds|ms)$/i.exec(option)?.[1]?.toLowerCase();
  const number = unit === undefined ? bytesOf(text.trim()) : ageIn(text.trim(), unit === "ms" ? 1 : 1000);
  return number === undefined ? "" : `: write ${number} for it`;
}

function bytesOf(text: string): number | undefined {
  const match = SIZE.exec(text);
  if (match === null) return undefined;
  const [, count, unit, binary] = match;
  const factor = (binary === "" ? 1000 : 1024) ** ("kmgt".indexOf(unit!.toLowerCase()) + 1);
  return Math.round(Number(count) * factor);
}

function ageIn(text: string, unitMs: number): number | undefined {
  const ms = ageMsOf(text);
  return ms === undefined ? undefined : ms / unitMs;
}
