import { AssertionError, withMessage } from "./assertion_error.ts";
import { show } from "./_show.ts";

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
  if (actual !== undefined && actual !== null) return;
  throw new AssertionError(
    withMessage(`Expected actual: "${actual}" to not be null or undefined`, message),
  );
}

/** Throws unless the value is an instance of the class. */
export function assertInstanceOf<C extends abstract new (...parameters: never[]) => unknown>(
  actual: unknown,
  expectedClass: C,
  message?: string,
): asserts actual is InstanceType<C> {
  if (actual instanceof expectedClass) return;
  const got = typeof actual === "object" && actual !== null
    ? actual.constructor?.name ?? "Object"
    : show(actual);
  throw new AssertionError(
    withMessage(`Expected object to be an instance of "${expectedClass.name}" but was "${got}"`, message),
  );
}

/** Throws unless the text matches the pattern. */
export function assertMatch(actual: string, expected: RegExp, message?: string): void {
  if (expected.test(actual)) return;
  throw new AssertionError(withMessage(`Expected actual: ${show(actual)} to match: ${expected}`, message));
}

/** Throws unless the text includes the other. */
export function assertStringIncludes(actual: string, expected: string, message?: string): void {
  if (actual.includes(expected)) return;
  throw new AssertionError(
    withMessage(`Expected actual: ${show(actual)} to contain: ${show(expected)}`, message),
  );
}

/** Fails always. */
export function fail(message?: string): never {
  throw new AssertionError(withMessage("Failed assertion", message));
}

/** Marks code that is never reached. */
export function unreachable(reason?: string): never {
  throw new AssertionError(withMessage("Unreachable", reason));
}
