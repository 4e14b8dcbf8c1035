import { InvalidOptionError } from "../../../errors.ts";
import type { JsonValue } from "../../../json.ts";
import { showValue } from "../../mismatch.ts";

/** The error for a pattern that is wrong at `path` (a JSON pointer into the pattern). */
export function wrongPattern(path: string, expected: string, found: JsonValue): InvalidOptionError {
  const where = path === "" ? "" : `at "${path}" `;
  return new InvalidOptionError(
    "pattern",
    `Cannot compile event pattern: ${where}expected ${expected}, found ${showValue(found)}`,
  );
}
