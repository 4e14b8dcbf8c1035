import { assert, assertEquals, assertFalse, assertRejects, assertStrictEquals } from "@std/assert";
import { InvalidOptionError } from "../mod.ts";
import { startTimer, TaskFuture, waitLimit, withinLimit } from "../src/future.ts";
import { test } from "./harness.ts";

function deferred<T>(): {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (error: unknown) => void;
} {
  let resolve: (value: T) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

test("a wait that times out returns undefined and can be repeated", async () => {
  const { promise, resolve } = deferred<number>();
  const future = new TaskFuture(promise);
  assertEquals(await future.wait(0), undefined);
  assertEquals(await future.wait(5), undefined);
  assertFalse(future.completed);
  resolve(7);
  assertEquals(await future.wait(-1), 7);
  assertEquals(await future.wait(0), 7);
  assertEquals(await future.wait(), 7);
  assert(future.completed);
});

test("a future supports await, catch and finally like a promise", async () => {
  const future = new TaskFuture(Promise.resolve("a"));
  assertEquals(await future, "a");
  assertEquals(await Promise.all([future, future]), ["a", "a"]);
  let ended = false;
  assertEquals(await future.finally(() => ended = true), "a");
  assert(ended);
  const failing = new TaskFuture(Promise.reject(new Error("no")));
  assertEquals(await failing.catch((error) => String(error)), "Error: no");
  await assertRejects(() => failing.wait(10), Error, "no");
  assert(failing.completed);
  assertEquals(Object.prototype.toString.call(future), "[object Future]");
});

test("a failed future that no one awaits has no side effect", async () => {
  new TaskFuture(Promise.reject(new Error("dropped")));
  const { promise, reject } = deferred<number>();
  const future = new TaskFuture(promise);
  assertEquals(await future.wait(1), undefined);
  reject(new Error("late"));
  await new Promise((resolve) => setTimeout(resolve, 5));
  await assertRejects(async () => await future, Error, "late");
});

test("a signal ends a wait with its reason, and only that wait", async () => {
  const { promise, resolve } = deferred<number>();
  const future = new TaskFuture(promise);
  const controller = new AbortController();
  const waiting = future.wait(-1, { signal: controller.signal });
  const reason = new Error("enough");
  controller.abort(reason);
  assertStrictEquals(await waiting.catch((error) => error), reason);
  assertStrictEquals(await future.wait(-1, { signal: controller.signal }).catch((error) => error), reason);
  resolve(3);
  assertEquals(await future, 3);
});

test("a signal that is never used retains no memory", async () => {
  const controller = new AbortController();
  let listeners = 0;
  const { signal } = controller;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => (listeners++, add(...args));
  signal.removeEventListener = (...args: Parameters<typeof remove>) => (listeners--, remove(...args));
  await withinLimit(Promise.resolve(1), 1000, signal);
  await withinLimit(new Promise(() => {}), 1, signal);
  await withinLimit(Promise.reject(new Error("no")), 1000, signal).catch(() => {});
  assertEquals(listeners, 0);
});

test("the limit of a wait is a duration; negative and very long ones set no limit", async () => {
  for (const none of [undefined, -1, -0.5, Infinity, 2 ** 31]) assertEquals(waitLimit(none), Infinity);
  for (const some of [0, 0.5, 1000, 2 ** 31 - 1]) assertEquals(waitLimit(some), some);
  const future = new TaskFuture(Promise.resolve(1));
  for (const wrong of [NaN, "5" as never, null as never]) {
    const error = await assertRejects(
      async () => await future.wait(wrong),
      InvalidOptionError,
      "expected a number",
    );
    assertEquals(error.option, "timeoutMs");
  }
});

test("a timer of 0 ms lets the event loop turn", async () => {
  let turned = false;
  setTimeout(() => turned = true, 0);
  while (!turned) await new Promise<void>((resolve) => startTimer(0, resolve));
  const stop = startTimer(0, () => {
    throw new Error("it was stopped");
  });
  stop();
});
