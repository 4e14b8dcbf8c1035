// If JSR is reachable, dnt compiles the npm package, otherwise TypeScript's own compiler does. The resulting
// packages must be the same.
import { assertEquals } from "@std/assert";
import { walkSync } from "@std/fs/walk";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import process from "node:process";
import { test } from "../harness.ts";
import { serveFakeJsr } from "./fake_jsr.ts";
import { runBeside } from "./run_beside.ts";

/** Every file of a package by path. Chunks count as one: a compiler's own helpers may divide them otherwise. */
function filesOf(folder: string): string[] {
  const files = [...walkSync(folder, { includeDirs: false })]
    .map(({ path }) => relative(folder, path).replaceAll("\\", "/").replace(/part-\w+/, "part"));
  return [...new Set(files)].sort();
}

function sizeOf(folder: string): number {
  return [...walkSync(folder, { includeDirs: false })]
    .reduce((sum, { path }) => sum + statSync(path).size, 0);
}

async function buildNpm(output: string, environment: Record<string, string>): Promise<void> {
  const { code, stdout, stderr } = await runBeside(
    "node",
    ["tools/launch.mjs", "build:npm", "--output", output],
    environment,
  );
  assertEquals(code, 0, stdout + stderr);
}

/** The output of dnt version 0.43.2, except declarations of internal modules and names of chunks. */
const RECORDED = [
  "LICENSE",
  "README.md",
  "THIRD_PARTY_NOTICES.md",
  ...["cli", "cpp-files", "kafka", "mod", "otel", "part", "testing"].map((name) => `esm/${name}.js`),
  ...["cpp-files", "kafka", "mod", "otel", "testing"].map((name) => `esm/${name}.d.ts`),
  "package.json",
  ...["cpp-files", "kafka", "mod", "otel", "part", "testing"].map((name) => `script/${name}.js`),
  "script/mod.d.ts",
  "script/package.json",
  ...["cpp_files", "kafka", "otel", "testing"].map((folder) => `script/src/${folder}/mod.d.ts`),
].sort();

/** The real one, if JSR is reachable: then it is tested instead of its stand-in. */
const connected = process.env["DIASPORA_TOOLING"] === "connected";

test("dnt and TypeScript's own compiler build the same package", async () => {
  await using jsr = await serveFakeJsr();
  jsr.packages.set("@deno/dnt", {
    name: "@deno/dnt",
    version: "0.43.99",
    exports: { ".": "./mod.ts" },
    files: new Map([["mod.ts", new Uint8Array(readFileSync("tests/tools/fake_dnt.ts"))]]),
  });
  const home = mkdtempSync(join(tmpdir(), "diaspora-dnt-"));
  try {
    const withDnt = join(home, "dnt");
    const fake: Record<string, string> = connected ? {} : { JSR_URL: jsr.url, DENO_DIR: join(home, "cache") };
    await buildNpm(withDnt, { ...fake, DIASPORA_TOOLING: "connected" });
    let without = process.env["DIASPORA_TEST_PACKAGE"];
    // If JSR is reachable, the test runner's package was also built with dnt.
    if (without === undefined || connected) {
      without = join(home, "typescript");
      await buildNpm(without, { DIASPORA_TOOLING: "npm-only" });
    }

    assertEquals(filesOf(withDnt), filesOf(without));
    const recorded = filesOf(without).filter((path) =>
      !/\/src\/.+\.d\.ts$/.test(path) || /\/mod\.d\.ts$/.test(path) && !/\/components\//.test(path)
    );
    assertEquals(recorded, RECORDED);
    const [one, other] = [withDnt, without].map((folder) =>
      readFileSync(join(folder, "package.json"), "utf8")
    );
    assertEquals(one, other);
    assertEquals(Math.abs(sizeOf(withDnt) / sizeOf(without) - 1) < 0.02, true);
    for (const path of ["esm/cli.js"]) {
      assertEquals(readFileSync(join(withDnt, path), "utf8").split("\n", 1), ["#!/usr/bin/env node"]);
    }
  } finally {
    rmSync(home, { recursive: true });
  }
});
