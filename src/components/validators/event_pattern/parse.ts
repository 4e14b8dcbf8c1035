import type { JsonValue } from "../../../json.ts";
import { pointerStep } from "../../json_pointer.ts";
import {
  compileOperator,
  isObject,
  isScalar,
  oneOf,
  OPERATOR_NAMES,
  type Scalar,
  type ScalarTest,
} from "./operators.ts";
import { wrongPattern } from "./refuse.ts";

/** What a pattern wants of one field. */
export interface FieldPattern {
  readonly kind: "field";
  /** Whether a value matches. */
  readonly test: ScalarTest;
  /** Whether the field may be missing. */
  readonly acceptsAbsent: boolean;
  /** The list as it stands in the pattern. */
  readonly source: JsonValue[];
}

/** What a pattern wants of an object: every field, and one alternative of every `$or`. */
export interface ObjectPattern {
  readonly kind: "object";
  readonly fields: { readonly key: string; readonly pattern: FieldPattern | ObjectPattern }[];
  readonly choices: (readonly ObjectPattern[])[];
}

/**
 * Reads an event pattern and refuses a wrong one. A key with dots stands for nested objects: `"a.b": […]` is
 * read as `"a": { "b": […] }`.
 */
export function parsePattern(pattern: JsonValue): ObjectPattern {
  const root = newObjectPattern();
  addFields(root, pattern, "");
  return root;
}

function newObjectPattern(): ObjectPattern {
  return { kind: "object", fields: [], choices: [] };
}

function addFields(into: ObjectPattern, pattern: JsonValue, path: string): void {
  if (!isObject(pattern)) throw wrongPattern(path, "an object", pattern);
  const keys = Object.keys(pattern);
  if (keys.length === 0) throw wrongPattern(path, "an object with at least one field", pattern);
  for (const key of keys) {
    const value = pattern[key];
    const at = path + pointerStep(key);
    if (key === "$or" && isChoice(value)) {
      into.choices.push(value.map((alternative, index) => {
        const parsed = newObjectPattern();
        addFields(parsed, alternative, `${at}/${index}`);
        return parsed;
      }));
    } else if (Array.isArray(value)) {
      const steps = key.split(".");
      const last = steps.pop()!;
      descend(into, steps).fields.push({ key: last, pattern: parseField(value, at) });
    } else if (isObject(value)) {
      addFields(descend(into, key.split(".")), value, at);
    } else {
      throw wrongPattern(at, `an object, or a list such as [${JSON.stringify(value)}]`, value);
    }
  }
}

/**
 * The object pattern at the end of the steps. Patterns of one object are gathered in one place, since all of
 * them must match the same element where the event has an array.
 */
function descend(from: ObjectPattern, steps: readonly string[]): ObjectPattern {
  let object = from;
  for (const key of steps) {
    const known = object.fields.find((field) => field.key === key && field.pattern.kind === "object");
    if (known !== undefined) {
      object = known.pattern as ObjectPattern;
    } else {
      const next = newObjectPattern();
      object.fields.push({ key, pattern: next });
      object = next;
    }
  }
  return object;
}

/** A field may be named `$or` too: then its list holds values and operators instead of patterns. */
function isChoice(value: JsonValue): value is { [key: string]: JsonValue }[] {
  return Array.isArray(value) && value.length > 0 &&
    value.every((entry) =>
      isObject(entry) && !Object.keys(entry).some((key) => OPERATOR_NAMES.includes(key))
    );
}

function parseField(list: JsonValue[], path: string): FieldPattern {
  if (list.length === 0) throw wrongPattern(path, "a list of at least one value", list);
  const values: Scalar[] = [];
  const tests: ScalarTest[] = [];
  let acceptsAbsent = false;
  for (const [index, entry] of list.entries()) {
    const at = `${path}/${index}`;
    if (isScalar(entry)) {
      values.push(entry);
      continue;
    }
    const [name, ...others] = isObject(entry) ? Object.keys(entry) : [];
    if (!isObject(entry) || name === undefined || others.length > 0) {
      throw wrongPattern(at, "a value or an object with one operator", entry);
    }
    const operand = entry[name];
    const operandPath = at + pointerStep(name);
    if (name === "exists") {
      if (typeof operand !== "boolean") throw wrongPattern(operandPath, "true or false", operand);
      if (operand) tests.push(() => true);
      else acceptsAbsent = true;
      continue;
    }
    const test = compileOperator(name, operand, operandPath);
    if (test === undefined) {
      throw wrongPattern(
        at,
        `one of the operators ${OPERATOR_NAMES.map((known) => `"${known}"`).join(", ")}`,
        name,
      );
    }
    tests.push(test);
  }
  if (values.length > 0) tests.unshift(oneOf(values));
  return { kind: "field", test: anyOf(tests), acceptsAbsent, source: list };
}

function anyOf(tests: readonly ScalarTest[]): ScalarTest {
  if (tests.length === 1) return tests[0];
  return (value) => {
    for (const test of tests) if (test(value)) return true;
    return false;
  };
}
