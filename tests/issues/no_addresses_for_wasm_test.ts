// With `ulimit -v` below 11 GB, Node has no addresses for WebAssembly: V8 reserves 10 GiB of them for any memory, however
// little of it is used. Opening the files driver failed with V8's "WebAssembly.Instance(): Out of memory: Cannot allocate
// Wasm memory for new instance", on machines with free memory, and nothing said what to do.
import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { LimitExceededError } from "../../mod.ts";
import { Core } from "../../src/log/format/core/core.ts";
import { test } from "../harness.ts";

/** Makes a core while the runtime fails with an error. */
function coreWhile(failure: Error): Core {
  const { Instance } = WebAssembly;
  WebAssembly.Instance = function () {
    throw failure;
  } as unknown as typeof Instance;
  try {
    return new Core();
  } finally {
    WebAssembly.Instance = Instance;
  }
}

test("a runtime that has no addresses for WebAssembly is named, with what to raise", () => {
  const cause = new RangeError(
    "WebAssembly.Instance(): Out of memory: Cannot allocate Wasm memory for new instance",
  );
  const error = assertThrows(() => coreWhile(cause), LimitExceededError, "raise `ulimit -v`");
  assertEquals(error.code, "ERR_LIMIT_EXCEEDED");
  assertStrictEquals(error.cause, cause);
  const other = new TypeError("no WebAssembly here");
  assertStrictEquals(assertThrows(() => coreWhile(other), TypeError), other);
});
