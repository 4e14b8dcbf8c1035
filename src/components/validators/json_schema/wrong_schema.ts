import { InvalidOptionError } from "../../../errors.ts";

/** The error for an invalid schema. */
export function wrongSchema(detail: string, cause?: unknown): InvalidOptionError {
  return new InvalidOptionError("schema", `Cannot compile JSON schema: ${detail}`, { cause });
}
