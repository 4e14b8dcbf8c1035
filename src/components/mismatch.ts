import { InvalidMetadataError, type MetadataMismatch } from "../errors.ts";
import type { JsonValue } from "../json.ts";

/** Longer values are truncated to keep error messages readable. */
const SHOWN_CHARACTERS_MAX = 100;

/** The error of a validator that knows where the metadata differs from the expected one. */
export function mismatchError(mismatch: MetadataMismatch): InvalidMetadataError {
  const { path, expected, found } = mismatch;
  const where = path === "" ? "" : `at "${path}" `;
  return new InvalidMetadataError(`Cannot accept metadata: ${where}expected ${expected}, found ${found}`, {
    mismatch,
  });
}

/** A value as shown in error messages. */
export function showValue(value: JsonValue | undefined): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value);
  return text.length <= SHOWN_CHARACTERS_MAX ? text : `${text.slice(0, SHOWN_CHARACTERS_MAX)}…`;
}
