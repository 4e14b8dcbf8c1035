import { reasonOf } from "../storage/storage_error.ts";
import { UsageError } from "./usage_error.ts";

/** The error for a file that an option names and that cannot be read or written. */
export function fileError(verb: "read" | "write", path: string, option: string, cause: unknown): UsageError {
  return new UsageError(`Cannot ${verb} "${path}" given by "${option}": ${reasonOf(cause)}`, { cause });
}
