import type { JsonObject, JsonValue } from "../../../json.ts";
import { isObject } from "./operators.ts";
import type { FieldPattern, ObjectPattern } from "./parse.ts";

type ObjectTest = (object: JsonObject) => boolean;

const NO_FIELDS: JsonObject = {};

/** Makes a test out of a parsed pattern. */
export function compileObject(pattern: ObjectPattern, keyPrefix = ""): ObjectTest {
  const tests = pattern.fields.map(({ key, pattern: wanted }) =>
    wanted.kind === "field" ? fieldTest(keyPrefix + key, wanted) : nestedTest(keyPrefix + key, wanted)
  );
  for (const choice of pattern.choices) {
    const alternatives = choice.map((alternative) => compileObject(alternative, keyPrefix));
    tests.push((object) => alternatives.some((alternative) => alternative(object)));
  }
  if (tests.length === 1) return tests[0];
  return (object) => {
    for (const test of tests) if (!test(object)) return false;
    return true;
  };
}

/** Whether what an event has in a field matches; arrays match where any of their elements does. */
export function fieldMatches(wanted: FieldPattern, value: JsonValue | undefined): boolean {
  if (value === null || typeof value !== "object") {
    return value === undefined ? wanted.acceptsAbsent : wanted.test(value);
  }
  if (!Array.isArray(value)) return wanted.acceptsAbsent;
  let empty = true;
  for (const element of value) {
    if (typeof element === "object" && element !== null) {
      if (!Array.isArray(element) || !hasScalar(element)) continue;
      if (fieldMatches(wanted, element)) return true;
    } else if (wanted.test(element)) {
      return true;
    }
    empty = false;
  }
  return empty && wanted.acceptsAbsent;
}

/** Objects are no values, and neither is an array of nothing else: the field counts as missing. */
function hasScalar(array: readonly JsonValue[]): boolean {
  return array.some((element) => Array.isArray(element) ? hasScalar(element) : !isObject(element));
}

function fieldTest(key: string, wanted: FieldPattern): ObjectTest {
  const { test, acceptsAbsent } = wanted;
  const get = getter(key);
  return (object) => {
    const value = get(object);
    if (value === undefined) return acceptsAbsent;
    return typeof value === "object" && value !== null ? fieldMatches(wanted, value) : test(value);
  };
}

function nestedTest(key: string, wanted: ObjectPattern): ObjectTest {
  const get = getter(key);
  const inner = compileObject(wanted);
  // An event may hold the dotted key itself. Made when first needed, since few events do.
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

/** Reads a field of an event; only names that every object inherits need the slower look. */
function getter(key: string): (object: JsonObject) => JsonValue | undefined {
  if (!(key in Object.prototype)) return (object) => object[key];
  return (object) => Object.hasOwn(object, key) ? object[key] : undefined;
}
