import { assertEquals } from "@std/assert";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { findPackageFile } from "../../src/components/package_lookup.ts";
import { test } from "../harness.ts";

const PACKAGES: Record<string, unknown> = {
  plain: { main: "./lib/main.js" },
  extensionless: { main: "./lib/main" },
  nothing: {},
  modern: { exports: "./lib/main.js", main: "./no.js" },
  "@scope/conditions": {
    exports: {
      ".": { types: "./no.d.ts", require: "./no.cjs", import: { node: "./lib/main.js", default: "./no.js" } },
      "./sub": { default: "./lib/sub.js" },
      "./parts/*": "./lib/parts/*.js",
      "./hidden": null,
    },
  },
  single: { exports: { import: "./lib/main.js" } },
  requireOnly: { exports: { require: "./lib/main.js" } },
};

const FILES = ["index.js", "lib/main.js", "lib/sub.js", "lib/parts/a.js"];

const FOUND: [string, string | undefined][] = [
  ["plain", "plain/lib/main.js"],
  ["plain/lib/sub.js", "plain/lib/sub.js"],
  ["plain/lib/sub", "plain/lib/sub.js"],
  ["plain/lib/none.js", undefined],
  ["extensionless", "extensionless/lib/main.js"],
  ["nothing", "nothing/index.js"],
  ["modern", "modern/lib/main.js"],
  ["modern/lib/sub.js", undefined],
  ["@scope/conditions", "@scope/conditions/lib/main.js"],
  ["@scope/conditions/sub", "@scope/conditions/lib/sub.js"],
  ["@scope/conditions/parts/a", "@scope/conditions/lib/parts/a.js"],
  ["@scope/conditions/hidden", undefined],
  ["@scope/conditions/lib/main.js", undefined],
  ["single", "single/lib/main.js"],
  ["requireOnly", undefined],
  ["missing", undefined],
  ["@scope", undefined],
  ["../plain", undefined],
  ["", undefined],
];

test("a package is found in the node_modules of the folder or its parents, as an import finds it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "diaspora-packages-"));
  const modules = join(folder, "node_modules");
  try {
    for (const [name, description] of Object.entries(PACKAGES)) {
      for (const file of FILES) {
        await mkdir(dirname(join(modules, name, file)), { recursive: true });
        await writeFile(join(modules, name, file), "");
      }
      await writeFile(join(modules, name, "package.json"), JSON.stringify(description));
    }
    for (const [name, file] of FOUND) {
      const expected = file && join(modules, file);
      assertEquals(findPackageFile(name, folder), expected, name);
      assertEquals(findPackageFile(name, join(folder, "deeper", "still")), expected, name);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});
