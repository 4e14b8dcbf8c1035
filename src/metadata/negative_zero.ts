import type { JsonValue } from "../json.ts";
import { isPlainJson } from "./representable.ts";

/** A zero that is a number by itself; one in a string only takes time. */
const ZERO = /(?<![\w.+-])0(?![\w.])/;

/** The JSON text of a value, with `-0`, which JSON can hold and `JSON.stringify` writes as 0. */
export function jsonWithNegativeZero(value: JsonValue): string {
  const text = JSON.stringify(value);
  return ZERO.test(text) && isPlainJson(value) ? written(value) : text;
}

function written(value: JsonValue): string {
  if (Object.is(value, -0)) return "-0";
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(written).join()}]`;
  const members = Object.entries(value).map(([key, member]) => `${JSON.stringify(key)}:${written(member)}`);
  return `{${members.join()}}`;
}
