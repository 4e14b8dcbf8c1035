import { isObject, type JsonObject, type JsonValue } from "../../../json.ts";
import type { FieldPattern, ObjectPattern } from "./parse.ts";
import type { MetadataMismatch } from "../../../errors.ts";
import { pointerStep } from "../../../text/json_pointer.ts";
import { showValue } from "../../mismatch.ts";

type ObjectTest = (object: JsonObject) => boolean;

const NO_FIELDS: JsonObject = {};

/** Compiles a parsed pattern into a test. */
export function compileObject(pattern: ObjectPattern, keyPrefix = ""): ObjectTest {
  const tests = pattern.fields.map(({ key, pattern: wanted }) => fieldTestOf(keyPrefix + key, wanted));
  for (const choice of pattern.choices) {
    const alternatives = choice.map((alternative) => compileObject(alternative, keyPrefix));
    tests.push((object) => alternatives.some((alternative) => alternative(object)));
  }
  const [only] = tests;
  if (only !== undefined && tests.length === 1) return only;
  return (object) => {
    for (const test of tests) if (!test(object)) return false;
    return true;
  };
}

function fieldTestOf(key: string, wanted: ObjectPattern["fields"][number]["pattern"]): ObjectTest {
  if (wanted.kind === "field") return fieldTest(key, wanted);
  if (wanted.kind === "object") return nestedTest(key, wanted);
  const get = getter(key);
  return (object) => get(object) !== undefined;
}

/**
 * Whether a field's value matches a list of values and operators; an array matches if one of its elements does.
 */
function valuesMatch(wanted: FieldPattern, value: JsonValue | undefined): boolean {
  if (value === null || typeof value !== "object") {
    return value === undefined ? wanted.acceptsAbsent : wanted.test(value);
  }
  if (!Array.isArray(value)) return wanted.acceptsAbsent;
  let empty = true;
  for (const element of value) {
    if (typeof element === "object" && element !== null) {
      if (!Array.isArray(element) || !hasScalar(element)) continue;
      if (valuesMatch(wanted, element)) return true;
    } else if (wanted.test(element)) {
      return true;
    }
    empty = false;
  }
  return empty && wanted.acceptsAbsent;
}

/** Objects, and arrays with only objects in them, are not values: the field counts as missing. */
function hasScalar(array: readonly JsonValue[]): boolean {
  return array.some((element) => Array.isArray(element) ? hasScalar(element) : !isObject(element));
}

function fieldTest(key: string, wanted: FieldPattern): ObjectTest {
  const { test, acceptsAbsent } = wanted;
  const get = getter(key);
  if (wanted.choices.length > 0) {
    const matches = compileField(wanted);
    return (object) => matches(get(object));
  }
  return (object) => {
    const value = get(object);
    if (value === undefined) return acceptsAbsent;
    return typeof value === "object" && value !== null ? valuesMatch(wanted, value) : test(value);
  };
}

/** Compiles a field's pattern into a test. */
function compileField(wanted: FieldPattern): (value: JsonValue | undefined) => boolean {
  const choices = wanted.choices.map(({ alternatives, isNegated }) => {
    const tests = alternatives.map((alternative) => compileObject(alternative));
    return (value: JsonValue) => tests.some((test) => nestedMatches(test, value)) !== isNegated;
  });
  return (value) =>
    valuesMatch(wanted, value) || (value !== undefined && choices.some((choice) => choice(value)));
}

function nestedTest(key: string, wanted: ObjectPattern): ObjectTest {
  const get = getter(key);
  const inner = compileObject(wanted);
  // An event may contain the dotted key itself. Compiled on first use, since few events do.
  let dotted: ObjectTest | undefined;
  return (object) => {
    const value = get(object);
    if (value !== undefined) return nestedMatches(inner, value);
    dotted ??= compileObject(wanted, `${key}.`);
    return dotted(object);
  };
}

function nestedMatches(inner: ObjectTest, value: JsonValue): boolean {
  if (isObject(value)) return inner(value);
  if (!Array.isArray(value)) return inner(NO_FIELDS);
  let objectSeen = false;
  for (const element of value) {
    if (typeof element !== "object" || element === null) continue;
    objectSeen = true;
    if (nestedMatches(inner, element)) return true;
  }
  return !objectSeen && inner(NO_FIELDS);
}

/** Reads a field of an event; only names that every object inherits need the slower check. */
function getter(key: string): (object: JsonObject) => JsonValue | undefined {
  if (!(key in Object.prototype)) return (object) => object[key];
  return (object) => Object.hasOwn(object, key) ? object[key] : undefined;
}

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
