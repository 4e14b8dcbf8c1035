import { readFileSync } from "node:fs";
import type { JsonValue } from "../../../mod.ts";
import { newEventPattern } from "../../components/validators/event_pattern/mod.ts";
import { malformedRemark } from "../args/malformed_json.ts";
import { withoutByteOrderMark } from "../lines/decode_lines.ts";
import { fileError, UsageError } from "../usage_error.ts";

/** Decides whether an event is printed. */
export type Filter = (metadata: JsonValue) => boolean;

/** Compiles the value of `--filter`: an EventBridge pattern as JSON, or `@FILE` with one. */
export function parseFilter(text: string): Filter {
  const path = text.startsWith("@") ? text.slice(1) : undefined;
  const place = path === undefined ? '"--filter"' : `"${path}"`;
  let source: string;
  try {
    source = path === undefined ? text : readFileSync(path, "utf8");
  } catch (cause) {
    throw fileError("read", path!, "--filter", cause);
  }
  let pattern: JsonValue;
  try {
    pattern = JSON.parse(withoutByteOrderMark(source)) as JsonValue;
  } catch (cause) {
    throw new UsageError(`Malformed JSON in ${place}: ${malformedRemark(source)}`, { cause });
  }
  const compiled = newEventPattern(pattern);
  return (metadata) => compiled.matches(metadata);
}
