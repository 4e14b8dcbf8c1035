import { AssertionError, withMessage } from "./assertion_error.ts";
import { equal } from "./equal.ts";
import { show } from "./_show.ts";

/** Throws unless both are deeply equal. */
export function assertEquals<T>(actual: T, expected: T, message?: string): void {
  if (equal(actual, expected)) return;
  throw new AssertionError(
    withMessage("Values are not equal", message) + `\n\n- ${show(actual)}\n+ ${show(expected)}`,
  );
}

/** Throws if both are deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, message?: string): void {
  if (!equal(actual, expected)) return;
  throw new AssertionError(
    withMessage(`Expected actual: ${show(actual)} not to be: ${show(expected)}`, message),
  );
}

/** Throws unless `Object.is(actual, expected)`. */
export function assertStrictEquals<T>(actual: unknown, expected: T, message?: string): asserts actual is T {
  if (Object.is(actual, expected)) return;
  const text = equal(actual, expected)
    ? "Values have the same structure but are not reference-equal"
    : "Values are not strictly equal";
  throw new AssertionError(withMessage(text, message) + `\n\n- ${show(actual)}\n+ ${show(expected)}`);
}

function isPlain(value: unknown): value is Record<PropertyKey, unknown> {
  return typeof value === "object" && value !== null && !(value instanceof Date) &&
    !(value instanceof RegExp) &&
    !ArrayBuffer.isView(value);
}

function matches(actual: unknown, expected: unknown): boolean {
  if (actual instanceof Map && expected instanceof Map) {
    return [...expected].every(([key, value]) => actual.has(key) && matches(actual.get(key), value));
  }
  if (actual instanceof Set && expected instanceof Set) {
    return [...expected].every((item) => [...actual].some((other) => matches(other, item)));
  }
  if (!isPlain(actual) || !isPlain(expected)) return equal(actual, expected);
  if (Array.isArray(expected) !== Array.isArray(actual)) return false;
  if (Array.isArray(expected) && Array.isArray(actual) && expected.length !== actual.length) return false;
  return Reflect.ownKeys(expected).every((key) => key in actual && matches(actual[key], expected[key]));
}

/** Throws unless `actual` has everything that `expected` has; it may have more keys. */
export function assertObjectMatch(
  actual: Record<PropertyKey, unknown>,
  expected: Record<PropertyKey, unknown>,
  message?: string,
): void {
  if (matches(actual, expected)) return;
  throw new AssertionError(
    withMessage("Values are not equal", message) + `\n\n- ${show(actual)}\n+ ${show(expected)}`,
  );
}
