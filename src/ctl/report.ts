import { firstFailure } from "../async.ts";
import type { Log } from "./console/log.ts";
import { EXIT } from "./exit_codes.ts";
import { UsageError } from "./usage_error.ts";

/** Exit codes for certain error codes; every other error is a general failure. */
const EXIT_BY_CODE: Readonly<Record<string, number>> = {
  ERR_TOPIC_NOT_FOUND: EXIT.noSuchTopic,
  ERR_TOPIC_DELETED: EXIT.noSuchTopic,
  ERR_CORRUPTED_LOG: EXIT.damage,
  ERR_INVALID_OPTION: EXIT.usage,
  ERR_INVALID_TOPIC_NAME: EXIT.usage,
  ERR_INVALID_CONSUMER_NAME: EXIT.usage,
  ERR_UNKNOWN_DRIVER: EXIT.usage,
  ERR_UNKNOWN_COMPONENT: EXIT.usage,
  ERR_MODULE_NOT_ALLOWED: EXIT.usage,
  ERR_NO_SUCH_PARTITION: EXIT.usage,
};

/** The exit code for an error. */
export function exitCodeOf(failure: unknown): number {
  const error = firstFailure(failure);
  if (error instanceof UsageError) return EXIT.usage;
  return EXIT_BY_CODE[codeOf(error) ?? ""] ?? EXIT.failure;
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : undefined;
}

/** Logs an error in one line; with `--logging trace` its stack trace and causes follow. */
export function reportError(failure: unknown, log: Log): void {
  const error = firstFailure(failure);
  log.error(oneLine(error), codeOf(error));
  if (!log.shows("trace")) return;
  for (let at: unknown = error; at instanceof Error; at = at.cause) log.trace(at.stack ?? String(at));
}

/** An error's message without line breaks. */
export function oneLine(error: unknown): string {
  const message = error instanceof Error ? error.message || error.name : String(error);
  return message.replace(/\s*\n\s*/g, " ");
}

/** The same for text that is not JSON: the library's remedy is for programs, `remedy` for the command, if any. */
export function oneLineWith(remedy: string, error: unknown): string {
  const instead = remedy === "" ? "" : `; ${remedy}`;
  return oneLine(error).replace("; use Metadata.text() to push a JSON string", instead);
}
