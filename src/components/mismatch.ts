import { InvalidMetadataError, type MetadataMismatch } from "../errors.ts";
import type { JsonValue } from "../json.ts";

/** Longer values are truncated to keep error messages readable. */
const SHOWN_CHARACTERS_MAX = 100;

/** The error of a validator that knows where the metadata differs from the expected one. */
export function mismatchError(mismatch: MetadataMismatch): InvalidMetadataError {
  return new InvalidMetadataError(`Cannot accept metadata: ${mismatchText(mismatch)}`, { mismatch });
}

/** What differs and where, for error messages. */
export function mismatchText({ path, expected, found }: MetadataMismatch): string {
  const where = path === "" ? "" : `at "${path}" `;
  return `${where}expected ${expected}, found ${found}`;
}

/** A value as shown in error messages. */
export function showValue(value: JsonValue | undefined): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value);
  return text.length <= SHOWN_CHARACTERS_MAX ? text : `${text.slice(0, SHOWN_CHARACTERS_MAX)}…`;
}
