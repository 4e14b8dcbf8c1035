import { readFileSync } from "node:fs";
import { isObject, type JsonObject, type JsonValue } from "../../json.ts";
import { documentFaultAt } from "../../metadata/document_fault.ts";
import { maskedText } from "../../secrets.ts";
import { fileError, UsageError } from "../usage_error.ts";
import { withoutByteOrderMark } from "../lines/decode_lines.ts";

/** Sets `document.a.b` for the key `a.b`, replacing any previous value. */
export function setNested(document: JsonObject, option: string, key: string, value: JsonValue): void {
  const names = key.split(".");
  if (names.includes("")) throw new UsageError(`Option "${option}" has an empty key between dots`);
  const last = names.pop()!;
  let at = document;
  for (const name of names) {
    const inner = ownValue(at, name);
    at = isObject(inner) ? inner : (setOwn(at, name, {}) as JsonObject);
  }
  setOwn(at, last, value);
}

/** A deep merge of `over` into `base`, key by key; neither is changed. */
export function mergeDeep(base: JsonObject, over: JsonObject): JsonObject {
  const merged: JsonObject = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = ownValue(merged, key);
    setOwn(merged, key, isObject(below) && isObject(value) ? mergeDeep(below, value) : value);
  }
  return merged;
}

/** Reads a configuration file: one JSON object. */
export function readDocument(option: string, path: string): JsonObject {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    // A text that is not a path may be a document with a password in it.
    const shown = maskedText(path);
    throw shown === path
      ? fileError("read", path, option, cause)
      : new UsageError(`Cannot read "${shown}" given by "${option}": no such file`);
  }
  return parseDocument(text, `"${path}"`, option);
}

/** Parses a configuration document. `place` is where it came from, `option` what named that place, if anything. */
export function parseDocument(text: string, place: string, option?: string): JsonObject {
  const given = option === undefined ? "" : ` given by "${option}"`;
  let value: JsonValue;
  try {
    value = JSON.parse(withoutByteOrderMark(text)) as JsonValue;
  } catch {
    // Without the parser's message, which shows a part of the text: it may contain a password.
    throw new UsageError(`Malformed JSON in ${place}${lineAndColumn(withoutByteOrderMark(text))}${given}`);
  }
  if (!isObject(value)) {
    const found = Array.isArray(value) ? "an array" : value === null ? "null" : `a ${typeof value}`;
    throw new UsageError(`Malformed ${place}${given}: expected a JSON object, found ${found}`);
  }
  return value;
}

function lineAndColumn(text: string): string {
  const before = text.slice(0, documentFaultAt(text));
  return ` line ${before.split("\n").length} column ${before.length - before.lastIndexOf("\n")}`;
}

// The key `__proto__` must be an ordinary key: keys come from the command line and from files.
function ownValue(object: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function setOwn(object: JsonObject, key: string, value: JsonValue): JsonValue {
  Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  return value;
}
