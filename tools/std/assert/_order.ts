import { AssertionError, withMessage } from "./assertion_error.ts";
import { show } from "./_show.ts";

/** Throws unless `actual > expected`. */
export function assertGreater<T>(actual: T, expected: T, message?: string): void {
  if (actual > expected) return;
  throw new AssertionError(withMessage(`Expect ${show(actual)} > ${show(expected)}`, message));
}

/** Throws unless `actual >= expected`. */
export function assertGreaterOrEqual<T>(actual: T, expected: T, message?: string): void {
  if (actual >= expected) return;
  throw new AssertionError(withMessage(`Expect ${show(actual)} >= ${show(expected)}`, message));
}

/** Throws unless `actual < expected`. */
export function assertLess<T>(actual: T, expected: T, message?: string): void {
  if (actual < expected) return;
  throw new AssertionError(withMessage(`Expect ${show(actual)} < ${show(expected)}`, message));
}

/** Throws unless `actual <= expected`. */
export function assertLessOrEqual<T>(actual: T, expected: T, message?: string): void {
  if (actual <= expected) return;
  throw new AssertionError(withMessage(`Expect ${show(actual)} <= ${show(expected)}`, message));
}

/** Throws unless both numbers differ by at most the tolerance; by default a ten-millionth of `expected`. */
export function assertAlmostEquals(
  actual: number,
  expected: number,
  tolerance?: number,
  message?: string,
): void {
  if (Object.is(actual, expected)) return;
  const allowed = tolerance ?? (Number.isFinite(expected) ? Math.abs(expected * 1e-7) : 1e-7);
  if (Math.abs(expected - actual) <= allowed) return;
  throw new AssertionError(
    withMessage(
      `Expected actual: "${actual}" to be close to "${expected}": delta "${Math.abs(expected - actual)}" ` +
        `is greater than "${allowed}"`,
      message,
    ),
  );
}
