// What both @std/assert and its stand-in must do; the configuration decides which of them is tested.
import * as std from "@std/assert";
import { ok, rejects, strictEqual, throws } from "node:assert/strict";
import { test } from "../../harness.ts";

const { AssertionError } = std;

/** The assertion fails, with this message. */
function failsWith(body: () => void, ...texts: string[]): void {
  throws(body, (error: unknown) => {
    ok(error instanceof AssertionError);
    strictEqual(error.name, "AssertionError");
    for (const text of texts) ok(error.message.includes(text), `${error.message} lacks ${text}`);
    return true;
  });
}

test("assertEquals() compares deeply", () => {
  const failure = new Error("a");
  const equal: [unknown, unknown][] = [
    [{ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }],
    [NaN, NaN],
    [new Set([1, { a: 2 }]), new Set([{ a: 2 }, 1])],
    [new Map<unknown, unknown>([["k", { a: 1 }]]), new Map<unknown, unknown>([["k", { a: 1 }]])],
    [new Date(5), new Date(5)],
    [/a/g, /a/g],
    [new Uint8Array([1, 2]), new Uint8Array([1, 2])],
    [new Uint8Array([9, 1, 2]).subarray(1), new Uint8Array([1, 2])],
    ["text", "text"],
    [undefined, undefined],
    [[failure], [failure]],
  ];
  for (const [left, right] of equal) {
    std.assertEquals(left, right);
    failsWith(() => std.assertNotEquals(left, right));
  }
});

test("assertEquals() fails on values that differ in structure, type or order", () => {
  class Point {
    x = 1;
  }
  const different: [unknown, unknown][] = [
    [1, "1"],
    [null, undefined],
    [{ a: 1 }, { a: 2 }],
    [{ a: 1 }, { a: 1, b: 1 }],
    [{ a: 1 }, { a: 1, b: undefined }],
    [{ a: undefined }, { b: undefined }],
    [[1, 2], [2, 1]],
    [[1], [1, undefined]],
    [new Set([1]), new Set([2])],
    [new Map([["a", 1]]), new Map([["b", 1]])],
    [new Date(5), new Date(6)],
    [new Uint8Array([1]), new Uint8Array([1, 2])],
    [new Uint8Array([1]), [1]],
    [new Point(), { x: 1 }],
    [1n, 1],
    // Their stacks are members, too: a test that passed with the stand-in alone compared a promise's error with another.
    [new Error("a"), new Error("a")],
    [{ errors: [new Error("a")] }, { errors: [new Error("a")] }],
  ];
  for (const [left, right] of different) {
    failsWith(() => std.assertEquals(left, right), "Values are not equal");
    std.assertNotEquals(left, right);
  }
  failsWith(() => std.assertEquals(1, 2, "the count"), "the count");
});

test("assertEquals() terminates on cyclic objects", () => {
  const [left, right]: { self?: unknown; n: number }[] = [{ n: 1 }, { n: 1 }];
  left.self = left;
  right.self = right;
  std.assertEquals(left, right);
  right.n = 2;
  failsWith(() => std.assertEquals(left, right));
});

test("assertStrictEquals() requires the same object", () => {
  const one = { a: 1 };
  std.assertStrictEquals(one, one);
  std.assertStrictEquals(NaN, NaN);
  failsWith(() => std.assertStrictEquals(one, { a: 1 }), "not reference-equal");
  failsWith(() => std.assertStrictEquals(1, 2, "why"), "why");
});

test("assert(), assertFalse() and assertExists() check truth and presence", () => {
  std.assert("x");
  std.assertFalse(0);
  std.assertExists(0);
  std.assertExists("");
  failsWith(() => std.assert(0, "zero"), "zero");
  failsWith(() => std.assertFalse(1, "one"), "one");
  failsWith(() => std.assertExists(null));
  failsWith(() => std.assertExists(undefined, "gone"), "gone");
});

test("assertThrows() returns the error thrown, and checks its class and message", () => {
  const error = new RangeError("far too much");
  const thrower = (): never => {
    throw error;
  };
  strictEqual(std.assertThrows(thrower), error);
  strictEqual(std.assertThrows(thrower, RangeError), error);
  strictEqual(std.assertThrows(thrower, Error, "too much"), error);
  failsWith(() => std.assertThrows(thrower, TypeError), "TypeError", "RangeError");
  failsWith(() => std.assertThrows(thrower, RangeError, "too little"), "too little", "far too much");
  failsWith(() => std.assertThrows(() => 1), "Expected function to throw");
  failsWith(() => std.assertThrows(() => 1, "why"), "why");
});

test("assertRejects() returns the rejection, and refuses a function that throws synchronously", async () => {
  const error = new RangeError("far too much");
  const rejecter = () => Promise.reject(error);
  strictEqual(await std.assertRejects(rejecter), error);
  strictEqual(await std.assertRejects(rejecter, RangeError, "too much"), error);
  await rejects(() => std.assertRejects(rejecter, TypeError), AssertionError);
  await rejects(() => std.assertRejects(rejecter, RangeError, "too little"), AssertionError);
  await rejects(() => std.assertRejects(() => Promise.resolve()), AssertionError);
  await rejects(
    () =>
      std.assertRejects(() => {
        throw error;
      }),
    AssertionError,
  );
});

test("assertMatch(), assertStringIncludes() and assertInstanceOf() show the actual value", () => {
  std.assertMatch("abc", /b/);
  std.assertStringIncludes("abc", "bc");
  std.assertInstanceOf(new RangeError(), Error);
  failsWith(() => std.assertMatch("abc", /x/), "abc", "/x/");
  failsWith(() => std.assertStringIncludes("abc", "x"), "abc", "x");
  failsWith(() => std.assertInstanceOf({}, Map), "Map");
  failsWith(() => std.assertInstanceOf(null, Map), "Map");
});

test("the numeric comparisons are right at their limits", () => {
  std.assertGreater(2, 1);
  std.assertGreaterOrEqual(2, 2);
  std.assertLess(1, 2);
  std.assertLessOrEqual(2, 2);
  std.assertAlmostEquals(0.1 + 0.2, 0.3);
  std.assertAlmostEquals(10, 11, 1);
  failsWith(() => std.assertGreater(2, 2));
  failsWith(() => std.assertGreaterOrEqual(1, 2));
  failsWith(() => std.assertLess(2, 2));
  failsWith(() => std.assertLessOrEqual(3, 2));
  failsWith(() => std.assertAlmostEquals(1, 1.1));
  failsWith(() => std.assertAlmostEquals(10, 12, 1, "why"), "why");
});

test("a class whose parameters accept nothing is not an error class", async () => {
  const kind = RangeError as unknown as new (...parameters: never[]) => Error;
  const thrower = (): never => {
    throw new RangeError("far");
  };
  // @ts-expect-error Both want a class that can be constructed.
  std.assertThrows(thrower, kind);
  // @ts-expect-error Both want a class that can be constructed.
  await std.assertRejects(async () => await thrower(), kind);
});
