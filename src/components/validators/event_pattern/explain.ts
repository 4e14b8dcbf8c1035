import type { MetadataMismatch } from "../../../errors.ts";
import type { JsonObject } from "../../../json.ts";
import { pointerStep } from "../../json_pointer.ts";
import { showValue } from "../../mismatch.ts";
import { compileField, compileObject } from "./match.ts";
import { isObject } from "./operators.ts";
import type { ObjectPattern } from "./parse.ts";

/** Returns the first field in which an event differs from a pattern; only for events that do not match. */
export function explainMismatch(pattern: ObjectPattern, object: JsonObject, path = ""): MetadataMismatch {
  for (const { key, pattern: wanted } of pattern.fields) {
    const at = path + pointerStep(key);
    const value = Object.hasOwn(object, key) ? object[key] : undefined;
    if (wanted.kind === "field") {
      if (!compileField(wanted)(value)) {
        return { path: at, expected: `a match for ${showValue(wanted.source)}`, found: showValue(value) };
      }
    } else if (wanted.kind === "anything") {
      if (value === undefined) return { path: at, expected: "any value", found: showValue(value) };
    } else if (isObject(value)) {
      if (!compileObject(wanted)(value)) return explainMismatch(wanted, value, at);
    } else if (
      value !== undefined &&
      !compileObject({ kind: "object", fields: [{ key, pattern: wanted }], choices: [] })(object)
    ) {
      return { path: at, expected: "an object that matches the event pattern", found: showValue(value) };
    }
  }
  return { path, expected: "a match for the event pattern", found: showValue(object) };
}
