import { dirname } from "node:path";
import { errnoOf } from "../storage/errno.ts";
import { reasonOf } from "../storage/storage_error.ts";

/** The command line, or a file it names, is invalid: exit code 2 and one line that says how to fix it. */
export class UsageError extends Error {
  override readonly name = "UsageError";

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/** The error for a file that an option names and that cannot be read or written. */
export function fileError(verb: "read" | "write", path: string, option: string, cause: unknown): UsageError {
  // What is written need not be there, but its folder.
  const why = verb === "write" && errnoOf(cause) === "ENOENT"
    ? `no such folder "${dirname(path)}" (ENOENT)`
    : reasonOf(cause);
  return new UsageError(`Cannot ${verb} "${path}" given by "${option}": ${why}`, { cause });
}
