import { assertEquals } from "@std/assert";
import type { Metafile } from "esbuild";
import { test } from "../harness.ts";
import { importsForFewerParts } from "../../tools/npm/fewer_parts.ts";

/** A bundle of modules with their sizes and static imports, of which the first `entryCount` are entries. */
function bundleOf(
  modules: Record<string, { bytes?: number; imports?: string[]; format?: "esm" | "cjs" }>,
  entryCount: number,
): Metafile {
  const inputs: Metafile["inputs"] = {};
  const outputs: Metafile["outputs"] = {};
  Object.entries(modules).forEach(([path, { bytes = 100, imports = [], format = "esm" }], index) => {
    const kind = "import-statement";
    inputs[path] = { bytes, format, imports: imports.map((each) => ({ path: each, kind })) };
    outputs[`out-${path}`] = {
      bytes,
      imports: [],
      exports: [],
      inputs: { [path]: { bytesInOutput: bytes } },
      ...(index < entryCount ? { entryPoint: path } : {}),
    };
  });
  return { inputs, outputs };
}

const SHARED = {
  a: { imports: ["both", "all"] },
  b: { imports: ["both", "all"] },
  c: { imports: ["all"] },
  both: {},
  all: {},
};

test("small modules that some entries share are loaded by all that share others, from the same file", () => {
  assertEquals([...importsForFewerParts(bundleOf(SHARED, 3))], [["a", []], ["b", []], ["c", ["both"]]]);
});

test("a large module is loaded by no entry that does not need it", () => {
  const bundle = bundleOf({ ...SHARED, both: { bytes: 100_000 } }, 3);
  assertEquals([...importsForFewerParts(bundle).values()].flat(), []);
});

test("no import is added that would make a circle, or stand in a CommonJS module", () => {
  const circle = bundleOf({ ...SHARED, both: { imports: ["c"] } }, 3);
  assertEquals(importsForFewerParts(circle).get("c"), []);
  const commonJs = bundleOf({ ...SHARED, c: { imports: ["all"], format: "cjs" } }, 3);
  assertEquals(importsForFewerParts(commonJs).get("c"), []);
});

test("a module is not loaded in vain if what it imports is large", () => {
  const bundle = bundleOf({ ...SHARED, both: { imports: ["large"] }, large: { bytes: 100_000 } }, 3);
  assertEquals([...importsForFewerParts(bundle).values()].flat(), []);
});
