/**
 * Stand-in for `@std/assert` where JSR cannot be reached: the assertions that the tests use, no others.
 * What both must do is stated in `tests/tools/std/assert_test.ts`.
 */
export { AssertionError } from "./assertion_error.ts";
export { equal } from "./equal.ts";
export { assertEquals, assertNotEquals, assertObjectMatch, assertStrictEquals } from "./_equality.ts";
export { assertRejects, assertThrows } from "./_throwing.ts";
export {
  assertAlmostEquals,
  assertGreater,
  assertGreaterOrEqual,
  assertLess,
  assertLessOrEqual,
} from "./_order.ts";
export {
  assert,
  assertExists,
  assertFalse,
  assertInstanceOf,
  assertMatch,
  assertStringIncludes,
  fail,
  unreachable,
} from "./_plain.ts";
