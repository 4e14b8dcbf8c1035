// On Node 20, the Kafka driver patched `Promise.withResolvers` for the whole process; the property was
// enumerable and ignored subclasses, and the documentation did not mention it. The client needs it: now it
// follows the standard, and is documented.
import { assertEquals, assertInstanceOf } from "@std/assert";
import { addWithResolvers } from "../../src/drivers/kafka/client.ts";
import { test } from "../harness.ts";

/** The class as it was before the standard added it. */
function oldPromise(): PromiseConstructor {
  const Old = function (this: unknown, executor: () => void): unknown {
    return Reflect.construct(Promise, [executor], new.target!);
  };
  Old.prototype = Object.create(Promise.prototype, { constructor: { value: Old } });
  return Old as unknown as PromiseConstructor;
}

test("the polyfill of Promise.withResolvers follows the standard", async () => {
  const Old = oldPromise();
  assertEquals("withResolvers" in Old, false);
  addWithResolvers(Old);
  assertEquals(Object.keys(Old), []);
  const { promise, resolve } = Old.withResolvers<number>();
  assertInstanceOf(promise, Old);
  resolve(5);
  assertEquals(await promise, 5);
  class Derived<T>
    extends (Old as { new <T>(...args: ConstructorParameters<typeof Promise<T>>): Promise<T> })<T> {}
  const { promise: derived, reject } = (Derived as unknown as PromiseConstructor).withResolvers<number>();
  assertInstanceOf(derived, Derived);
  reject(new Error("no"));
  assertEquals(await derived.catch(({ message }) => message), "no");
});

test("a built-in Promise.withResolvers is kept", () => {
  const Old = oldPromise();
  const own = () => ({}) as PromiseWithResolvers<never>;
  Object.defineProperty(Old, "withResolvers", { value: own });
  addWithResolvers(Old);
  assertEquals(Old.withResolvers as unknown, own);
});
