import { quotesRemark } from "../args/json_position.ts";
import { readFileSync } from "node:fs";
import type { JsonValue } from "../../../mod.ts";
import { newEventPattern } from "../../components/validators/event_pattern/mod.ts";
import { withoutByteOrderMark } from "../lines/byte_order_mark.ts";
import { UsageError } from "../usage_error.ts";

/** Decides whether an event is printed. */
export type Filter = (metadata: JsonValue) => boolean;

/** Compiles the value of `--filter`: an EventBridge pattern as JSON, or `@FILE` with one. */
export function parseFilter(text: string): Filter {
  const place = text.startsWith("@") ? `"${text.slice(1)}"` : '"--filter"';
  let source: string;
  try {
    source = text.startsWith("@") ? readFileSync(text.slice(1), "utf8") : text;
  } catch (cause) {
    throw new UsageError(`Cannot read ${place} given by "--filter": ${(cause as Error).message}`, { cause });
  }
  let pattern: JsonValue;
  try {
    pattern = JSON.parse(withoutByteOrderMark(source)) as JsonValue;
  } catch (cause) {
    throw new UsageError(`Malformed JSON in ${place}: ${(cause as Error).message}${quotesRemark(source)}`, {
      cause,
    });
  }
  const compiled = newEventPattern(pattern);
  return (metadata) => compiled.matches(metadata);
}
