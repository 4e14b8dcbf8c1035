/**
 * Event patterns in the language of Amazon EventBridge.
 *
 * @module
 */
import type { MetadataMismatch } from "../../../errors.ts";
import { isObject, type JsonValue } from "../../../json.ts";
import { showValue } from "../../mismatch.ts";
import { compileObject, explainMismatch } from "./match.ts";
import { parsePattern } from "./parse.ts";

/** A compiled event pattern. */
export interface EventPattern {
  /** Whether the metadata matches. */
  matches(metadata: JsonValue): boolean;
  /** Describes how metadata that does not match differs. */
  explain(metadata: JsonValue): MetadataMismatch;
}

/** Compiles a pattern into a test and its explanation; throws `InvalidOptionError` with the wrong place. */
export function newEventPattern(pattern: JsonValue): EventPattern {
  const parsed = parsePattern(pattern);
  const test = compileObject(parsed);
  // `{}` requires nothing, not even an object.
  const acceptsAll = parsed.fields.length === 0 && parsed.choices.length === 0;
  return {
    matches: (metadata) => isObject(metadata) ? test(metadata) : acceptsAll,
    explain: (metadata) =>
      isObject(metadata)
        ? explainMismatch(parsed, metadata)
        : { path: "", expected: "an object", found: showValue(metadata) },
  };
}

/**
 * Compiles an event pattern of Amazon EventBridge into a test of metadata. A wrong pattern throws
 * `InvalidOptionError`, whose message names the place.
 *
 * @example
 * ```ts
 * import { compileEventPattern } from "@diaspora/stream";
 *
 * const isHot = compileEventPattern({ detector: [{ prefix: "d" }], energy: [{ numeric: [">", 40] }] });
 * isHot({ detector: "d7", energy: 42.5 }); // true
 * isHot({ detector: "d7", energy: 12 }); // false
 * ```
 */
export function compileEventPattern(pattern: JsonValue): (metadata: JsonValue) => boolean {
  return newEventPattern(pattern).matches;
}
