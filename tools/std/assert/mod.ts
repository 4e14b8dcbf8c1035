/**
 * Stand-in for `@std/assert` when JSR cannot be reached: the functions that the tests use, over
 * `node:assert/strict`. It may refuse what the original accepts (`0` for `-0`), never the other way round.
 * `tests/tools/std/assert_test.ts` states what both must do.
 *
 * @module
 */
import * as node from "node:assert/strict";
import { inspect, isDeepStrictEqual } from "node:util";

/** Thrown by a failed assertion. */
export class AssertionError extends Error {
  override name = "AssertionError";
}

// deno-lint-ignore no-explicit-any -- as in the original.
type ErrorClass<E extends Error> = abstract new (...parameters: any[]) => E;

function failure(text: string, message: string | undefined, cause?: unknown): AssertionError {
  return new AssertionError(message === undefined ? text : `${text}: ${message}`, { cause });
}

/** Throws unless the value is truthy. */
export function assert(value: unknown, message = ""): asserts value {
  if (!value) throw new AssertionError(message);
}

/** Throws unless the value is falsy. */
export function assertFalse(
  value: unknown,
  message = "",
): asserts value is false | "" | 0 | null | undefined {
  if (value) throw new AssertionError(message);
}

/** Throws if the value is `null` or `undefined`. */
export function assertExists<T>(actual: T, message?: string): asserts actual is NonNullable<T> {
  if (actual === undefined || actual === null) throw failure(`Expected a value, found ${actual}`, message);
}

/** The stacks of the errors in a value. */
function stacksIn(value: unknown, seen = new Set<unknown>()): unknown[] {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value) || seen.has(value)) return [];
  seen.add(value);
  const own = value instanceof Error ? [value.stack] : [];
  const members = value instanceof Map || value instanceof Set ? [...value].flat() : Object.values(value);
  return [...own, ...members.flatMap((member) => stacksIn(member, seen))];
}

/** Throws unless both are deeply equal. Two errors are not, unless even their stacks are. */
export function assertEquals<T>(actual: T, expected: T, message?: string): void {
  try {
    node.deepStrictEqual(actual, expected);
    node.deepStrictEqual(stacksIn(actual), stacksIn(expected), "their errors have other stacks");
  } catch (cause) {
    throw failure(`Values are not equal\n${(cause as Error).message}`, message, cause);
  }
}

/** Throws if both are deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, message?: string): void {
  if (isDeepStrictEqual(actual, expected) && isDeepStrictEqual(stacksIn(actual), stacksIn(expected))) {
    throw failure(`Values are equal: ${inspect(actual)}`, message);
  }
}

/** Throws unless `Object.is(actual, expected)`. */
export function assertStrictEquals<T>(actual: unknown, expected: T, message?: string): asserts actual is T {
  if (Object.is(actual, expected)) return;
  const text = isDeepStrictEqual(actual, expected)
    ? "Values have the same structure but are not reference-equal"
    : "Values are not strictly equal";
  throw failure(`${text}: ${inspect(actual)} and ${inspect(expected)}`, message);
}

/** Throws unless the value is an instance of the class. */
export function assertInstanceOf<C extends abstract new (...parameters: never[]) => unknown>(
  actual: unknown,
  expectedClass: C,
  message?: string,
): asserts actual is InstanceType<C> {
  if (actual instanceof expectedClass) return;
  throw failure(`Expected an instance of "${expectedClass.name}", found ${inspect(actual)}`, message);
}

/** Throws unless the text matches the pattern. */
export function assertMatch(actual: string, expected: RegExp, message?: string): void {
  if (!expected.test(actual)) throw failure(`Expected ${inspect(actual)} to match ${expected}`, message);
}

/** Throws unless the text includes the other. */
export function assertStringIncludes(actual: string, expected: string, message?: string): void {
  if (actual.includes(expected)) return;
  throw failure(`Expected ${inspect(actual)} to contain ${inspect(expected)}`, message);
}

function assertOrder<T>(actual: T, expected: T, order: string, holds: boolean, message?: string): void {
  if (!holds) throw failure(`Expected ${inspect(actual)} ${order} ${inspect(expected)}`, message);
}

/** Throws unless `actual > expected`. */
export function assertGreater<T>(actual: T, expected: T, message?: string): void {
  assertOrder(actual, expected, ">", actual > expected, message);
}

/** Throws unless `actual >= expected`. */
export function assertGreaterOrEqual<T>(actual: T, expected: T, message?: string): void {
  assertOrder(actual, expected, ">=", actual >= expected, message);
}

/** Throws unless `actual < expected`. */
export function assertLess<T>(actual: T, expected: T, message?: string): void {
  assertOrder(actual, expected, "<", actual < expected, message);
}

/** Throws unless `actual <= expected`. */
export function assertLessOrEqual<T>(actual: T, expected: T, message?: string): void {
  assertOrder(actual, expected, "<=", actual <= expected, message);
}

/** Throws unless both differ by at most `tolerance`, by default a ten-millionth of the expected value. */
export function assertAlmostEquals(
  actual: number,
  expected: number,
  tolerance: number = Number.isFinite(expected) ? Math.abs(expected * 1e-7) : 1e-7,
  message?: string,
): void {
  const holds = Object.is(actual, expected) || Math.abs(expected - actual) <= tolerance;
  assertOrder(actual, expected, `within ${tolerance} of`, holds, message);
}

type ThrownArguments = [classOrMessage?: ErrorClass<Error> | string, includes?: string, message?: string];

/** Checks what was thrown; the two call signatures are `(message?)` and `(class, includes?, message?)`. */
function checkThrown(thrown: { error: unknown } | undefined, what: string, given: ThrownArguments): unknown {
  const [first, includes, last] = given;
  const expected = typeof first === "string" ? undefined : first;
  const message = typeof first === "string" ? first : last;
  if (thrown === undefined) throw failure(`Expected function to ${what}`, message);
  const { error } = thrown;
  if (expected === undefined) return error;
  if (!(error instanceof expected)) {
    throw failure(`Expected an error of class "${expected.name}", found ${inspect(error)}`, message, error);
  }
  if (includes !== undefined && !error.message.includes(includes)) {
    const texts = `${JSON.stringify(includes)}, found ${JSON.stringify(error.message)}`;
    throw failure(`Expected error message to include ${texts}`, message, error);
  }
  return error;
}

/**
 * Throws unless `fn` throws (an instance of the class, with the text in its message); returns what was
 * thrown.
 */
export function assertThrows(fn: () => unknown, message?: string): unknown;
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  errorClass: ErrorClass<E>,
  includes?: string,
  message?: string,
): E;
export function assertThrows(fn: () => unknown, ...given: ThrownArguments): unknown {
  let thrown: { error: unknown } | undefined;
  try {
    fn();
  } catch (error) {
    thrown = { error };
  }
  return checkThrown(thrown, "throw", given);
}

/** Like {@linkcode assertThrows} for a function that returns a promise, which must reject. */
export function assertRejects(fn: () => PromiseLike<unknown>, message?: string): Promise<unknown>;
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  errorClass: ErrorClass<E>,
  includes?: string,
  message?: string,
): Promise<E>;
export async function assertRejects(
  fn: () => PromiseLike<unknown>,
  ...given: ThrownArguments
): Promise<unknown> {
  let promise: PromiseLike<unknown>;
  try {
    promise = fn();
  } catch (error) {
    throw failure("Function throws when expected to reject", undefined, error);
  }
  const thrown = await promise.then(() => undefined, (error: unknown) => ({ error }));
  return checkThrown(thrown, "reject", given);
}
