import { assertEquals, assertStrictEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { CORE_BYTES } from "../../src/log/format/core/core_bytes.ts";
import { compileCore, CORE_BYTES_FILE, coreBytesModule } from "../../tools/build_wasm.ts";
import { test } from "../harness.ts";

test("src/log/format/core/core_bytes.ts is up to date with wasm/, in this runtime too", async () => {
  const written = readFileSync(new URL(`../../${CORE_BYTES_FILE}`, import.meta.url), "utf8");
  assertStrictEquals(coreBytesModule(await compileCore()), written);
});

test("the log core imports nothing, and exports only functions and its memory", () => {
  const module = new WebAssembly.Module(Buffer.from(CORE_BYTES, "base64"));
  assertEquals(WebAssembly.Module.imports(module), []);
  const others = WebAssembly.Module.exports(module).filter(({ kind }) => kind !== "function");
  assertEquals(others, [{ name: "memory", kind: "memory" }]);
});
