import { isObject, type JsonValue } from "../../../json.ts";
import { pointerStep } from "../../../text/json_pointer.ts";
import {
  compileOperator,
  isScalar,
  oneOf,
  OPERATOR_NAMES,
  type Scalar,
  type ScalarTest,
} from "./operators.ts";
import { wrongPattern } from "./refuse.ts";

/** What a pattern requires of one field. */
export interface FieldPattern {
  readonly kind: "field";
  /** Whether a value matches. */
  readonly test: ScalarTest;
  /** Whether the field may be missing. */
  readonly acceptsAbsent: boolean;
  /** Every `$or` in the list; these test the value's own fields. */
  readonly choices: readonly FieldChoice[];
  /** The value or list as it is in the pattern. */
  readonly source: JsonValue;
}

/** A `$or` in a field's list: one of the patterns must match the value, or none of them within `anything-but`. */
interface FieldChoice {
  readonly alternatives: readonly ObjectPattern[];
  readonly isNegated: boolean;
}

/** What `{}` requires of a field: that it exists, whatever its value. */
interface AnythingPattern {
  readonly kind: "anything";
}

/** What a pattern requires of an object: every field, and one alternative of every `$or`. */
export interface ObjectPattern {
  readonly kind: "object";
  readonly fields: {
    readonly key: string;
    readonly pattern: FieldPattern | ObjectPattern | AnythingPattern;
  }[];
  readonly choices: (readonly ObjectPattern[])[];
}

/**
 * Parses an event pattern and rejects an invalid one. A key with dots means nested objects: `"a.b": […]` is parsed
 * as `"a": { "b": […] }`. Forms supported only by the C++ library are parsed, too: a value without a list, `{}`,
 * and `$or` within a list.
 */
export function parsePattern(pattern: JsonValue): ObjectPattern {
  return parseObject(pattern, "");
}

function parseObject(pattern: JsonValue, path: string): ObjectPattern {
  const parsed = newObjectPattern();
  addFields(parsed, pattern, path);
  return parsed;
}

function newObjectPattern(): ObjectPattern {
  return { kind: "object", fields: [], choices: [] };
}

function addFields(into: ObjectPattern, pattern: JsonValue, path: string): void {
  if (!isObject(pattern)) throw wrongPattern(path, "an object", pattern);
  for (const [key, value] of Object.entries(pattern)) {
    const at = path + pointerStep(key);
    if (key === "$or" && isChoice(value)) {
      into.choices.push(parseAlternatives(value, at));
    } else if (isObject(value) && Object.keys(value).length > 0) {
      addFields(descend(into, key.split(".")), value, at);
    } else {
      const steps = key.split(".");
      const last = steps.pop()!;
      descend(into, steps).fields.push({ key: last, pattern: parseWanted(value, at) });
    }
  }
}

function parseAlternatives(list: JsonValue, path: string): ObjectPattern[] {
  if (!Array.isArray(list)) throw wrongPattern(path, "a list of event patterns", list);
  return list.map((alternative, index) => parseObject(alternative, `${path}/${index}`));
}

function parseWanted(value: JsonValue, path: string): FieldPattern | AnythingPattern {
  if (Array.isArray(value)) return parseField(value, path);
  if (!isScalar(value)) return { kind: "anything" };
  return { kind: "field", test: oneOf([value]), acceptsAbsent: false, choices: [], source: value };
}

/**
 * The object pattern at the end of the steps. Patterns for one object are merged, since all of them must match the
 * same element if the event has an array.
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
  const values: Scalar[] = [];
  const tests: ScalarTest[] = [];
  const choices: FieldChoice[] = [];
  let acceptsAbsent = false;
  for (const [index, entry] of list.entries()) {
    const at = `${path}/${index}`;
    if (isScalar(entry)) {
      values.push(entry);
      continue;
    }
    const [only, ...others] = isObject(entry) ? Object.entries(entry) : [];
    if (only === undefined || others.length > 0) {
      throw wrongPattern(at, "a value or an object with one operator", entry);
    }
    const [name, operand] = only;
    const operandPath = at + pointerStep(name);
    if (name === "exists") {
      if (typeof operand !== "boolean") throw wrongPattern(operandPath, "true or false", operand);
      if (operand) tests.push(() => true);
      else acceptsAbsent = true;
      continue;
    }
    const choice = parseFieldChoice(name, operand, operandPath);
    if (choice !== undefined) {
      choices.push(choice);
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
  return { kind: "field", test: anyOf(tests), acceptsAbsent, choices, source: list };
}

/** `{ "$or": […] }`, or `{ "anything-but": { "$or": […] } }`; undefined for another operator. */
function parseFieldChoice(name: string, operand: JsonValue, path: string): FieldChoice | undefined {
  if (name === "$or") return { alternatives: parseAlternatives(operand, path), isNegated: false };
  if (name !== "anything-but" || !isObject(operand)) return undefined;
  const [only, ...others] = Object.entries(operand);
  if (only?.[0] !== "$or" || others.length > 0) return undefined;
  return { alternatives: parseAlternatives(only[1], `${path}/$or`), isNegated: true };
}

function anyOf(tests: readonly ScalarTest[]): ScalarTest {
  const [only] = tests;
  if (only !== undefined && tests.length === 1) return only;
  return (value) => {
    for (const test of tests) if (test(value)) return true;
    return false;
  };
}
