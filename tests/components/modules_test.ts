import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import {
  absoluteModule,
  absoluteReference,
  isClass,
  loadExport,
  parseModuleAndExport,
  parseNameAndModule,
} from "../../src/components/modules.ts";
import { Driver } from "../../mod.ts";
import { ModuleLoadError } from "../../src/errors.ts";
import { test } from "../harness.ts";

async function inFolder(
  files: Record<string, string>,
  body: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "diaspora-modules-"));
  try {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(resolve(folder, name, ".."), { recursive: true });
      await writeFile(join(folder, name), text);
    }
    await body(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("a name and its module are split at the first colon", () => {
  assertEquals(parseNameAndModule("schema"), { name: "schema" });
  assertEquals(parseNameAndModule("energy:./energy.ts"), { name: "energy", module: "./energy.ts" });
  assertEquals(parseNameAndModule("energy:file:///a/b.ts"), { name: "energy", module: "file:///a/b.ts" });
  assertEquals(parseNameAndModule("energy:npm:energy@1"), { name: "energy", module: "npm:energy@1" });
});

test("a module and its export are split at the last colon", () => {
  assertEquals(parseModuleAndExport("./a.ts:high"), { module: "./a.ts", exportName: "high" });
  assertEquals(parseModuleAndExport("file:///a/b.ts:$high_2"), {
    module: "file:///a/b.ts",
    exportName: "$high_2",
  });
  assertEquals(parseModuleAndExport("npm:pkg@1/sub:high"), { module: "npm:pkg@1/sub", exportName: "high" });
  assertEquals(parseModuleAndExport("C:\\a.ts:high"), { module: "C:\\a.ts", exportName: "high" });
  assertEquals(parseModuleAndExport("pkg:default"), { module: "pkg", exportName: "default" });
  for (const nothing of ["./a.ts", "", "./a.ts:", ":high", "./a.ts:2x", "npm:pkg", "https://x.org/a.ts"]) {
    assertEquals(parseModuleAndExport(nothing), undefined, nothing);
  }
});

test("paths of modules become absolute, URLs and packages stay unchanged", async () => {
  await inFolder({ "energy.ts": "", "lib/energy.ts": "" }, async (folder) => {
    assertEquals(absoluteModule("./energy.ts", folder), join(folder, "energy.ts"));
    assertEquals(absoluteModule("../x.ts", folder), resolve(folder, "../x.ts"));
    assertEquals(absoluteModule("/a/../x.ts", folder), resolve(folder, "/x.ts"));
    assertEquals(absoluteModule("energy.ts", folder), join(folder, "energy.ts"));
    assertEquals(absoluteModule("lib/energy.ts", folder), join(folder, "lib/energy.ts"));
    for (
      const same of ["energy", "lib", "@scope/energy", "energy/sub.js", "npm:energy@1", "https://x.org/a.ts"]
    ) {
      assertEquals(absoluteModule(same, folder), same);
    }
    assertEquals(absoluteReference("energy:./energy.ts", folder), `energy:${join(folder, "energy.ts")}`);
    assertEquals(absoluteReference("schema", folder), "schema");
    await Promise.resolve();
  });
});

test("an export is found by its name, or else the default export is used", async () => {
  await inFolder({ "both.mjs": "export const high = 1; export default 2;" }, async (folder) => {
    const module = join(folder, "both.mjs");
    assertEquals(await loadExport({ what: "selector", module, exportName: "high" }), 1);
    assertEquals(await loadExport({ what: "selector", module, exportName: "low" }), 2);
    assertEquals(
      await loadExport({ what: "selector", module: pathToFileURL(module).href, exportName: "high" }),
      1,
    );
    const error = await assertRejects(
      () => loadExport({ what: "selector", module, exportName: "low", acceptsDefault: false }),
      ModuleLoadError,
      `Cannot load selector from "${module}": expected an export named "low", and the module exports`,
    );
    assertStringIncludes(error.message, '"high"');
    assertEquals(error.module, module);
  });
});

test("a path is resolved from the working directory", async () => {
  await inFolder({ "here.mjs": "export const found = 'here';" }, async (folder) => {
    const path = relative(process.cwd(), join(folder, "here.mjs"));
    assertEquals(await loadExport({ what: "it", module: path, exportName: "found" }), "here");
  });
});

test("a module that cannot be loaded is named in the error, with the reason", async () => {
  const files = {
    "broken.mjs": "export const = 5;",
    "throws.mjs": 'throw new Error("no detector attached");',
  };
  await inFolder(files, async (folder) => {
    const cases: [string, string][] = [
      [join(folder, "missing.ts"), "no such file"],
      [folder, "no such file"],
      [pathToFileURL(join(folder, "missing.ts")).href, "no such file"],
      [pathToFileURL(join(folder, "missing.ts")).href.replace("file:", "FILE:"), "no such file"],
      ["file://elsewhere/energy.mjs", ""],
      ["file:///detectors%2Fenergy.mjs", ""],
      [join(folder, "broken.mjs"), ""],
      [join(folder, "throws.mjs"), "no detector attached"],
      ["surely-no-such-package-here", ""],
      ["@surely/no-such-package-here/sub", ""],
    ];
    for (const [module, expected] of cases) {
      const error = await assertRejects(
        () => loadExport({ what: 'validator "energy"', module, exportName: "energy" }),
        ModuleLoadError,
        `Cannot load validator "energy" from "${module}": `,
      );
      assertEquals(error.code, "ERR_MODULE_LOAD");
      assertEquals(error.module, module);
      assertStringIncludes(error.message, expected);
    }
  });
});

test("a package is found next to the library's own packages", async () => {
  const parse = await loadExport({ what: "it", module: "yaml", exportName: "parse" });
  assertEquals(typeof parse, "function");
});

test("a class is made with new, also if its methods are fields, as are its compiled forms", async () => {
  const driver = "openTopic = () => {}; createTopic = () => {}; close = async () => {};";
  const validator = 'validate = () => {}; config = () => ({ type: "none" });';
  const files = {
    "fields.mjs": `export class Fields { name = "fields"; ${driver} }\nexport class None { ${validator} }`,
  };
  await inFolder(files, async (folder) => {
    const module = join(folder, "fields.mjs");
    await using made = await Driver.open(`Fields:${module}`);
    assertEquals(made.name, "fields");
    await using memory = await Driver.open("memory", {});
    await memory.createTopic("t", {}, { validator: { type: `None:${module}` } });
  });
  const compiled = function () {};
  compiled.prototype.openTopic = () => {};
  assertEquals(isClass(compiled, (prototype) => "openTopic" in prototype), true);
  assertEquals(isClass(() => {}, () => true), false);
  assertEquals(isClass(function classify() {}, () => false), false);
});
