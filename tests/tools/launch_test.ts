import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { readFileSync } from "node:fs";
import { toNpmOnly } from "../../tools/launch/npm_only_config.mjs";
import { DENO_TASKS } from "../../tools/launch/tasks.mjs";
import { test } from "../harness.ts";

/** Starts the launcher on this runtime and on Node. */
function launch(
  parameters: string[],
  environment: Record<string, string> = {},
): { status: number | null; stderr: string }[] {
  const programs = [[process.execPath, "run", "-A", "--no-lock"], ["node"]];
  return programs.map(([program, ...first]) => {
    const { status, stderr } = spawnSync(program, [...first, "tools/launch.mjs", ...parameters], {
      encoding: "utf8",
      env: { ...process.env, ...environment },
    });
    return { status, stderr };
  });
}

test("toNpmOnly() adds one entry for each entry point of a stand-in, and keeps the rest", () => {
  const config = {
    name: "x",
    imports: { "@std/fs": "jsr:@std/fs@~1.0.0", yaml: "npm:yaml@2" },
  };
  const derived = toNpmOnly(config, () => ["walk.ts", "mod.ts", "empty_dir.ts", "_errors.ts"]);
  assertEquals(derived, {
    name: "x",
    lock: false,
    imports: {
      "@std/fs": "./tools/std/fs/mod.ts",
      "@std/fs/empty-dir": "./tools/std/fs/empty_dir.ts",
      "@std/fs/walk": "./tools/std/fs/walk.ts",
      yaml: "npm:yaml@2",
    },
  });
});

test("the launcher refuses an unknown task and lists the known ones", () => {
  for (const { status, stderr } of launch(["tset"])) {
    assertEquals(status, 2);
    assertStringIncludes(stderr, '"tset"');
    for (const task of DENO_TASKS) assertStringIncludes(stderr, task);
  }
});

test("the launcher refuses an unknown way", () => {
  for (
    const { status, stderr } of launch(["test", "tests/harness_test.ts"], { DIASPORA_TOOLING: "offline" })
  ) {
    assertEquals(status, 2);
    assertStringIncludes(stderr, 'Cannot use DIASPORA_TOOLING="offline"');
  }
});

test("the launcher reports which way it took and why, and returns the task's exit code", () => {
  for (const { status, stderr } of launch(["test", "tests/missing"], { DIASPORA_TOOLING: "npm-only" })) {
    assertEquals(status, 2);
    assertMatch(stderr, /^Tooling: npm-only \(DIASPORA_TOOLING says so\)$/m);
  }
});

test("tsconfig.json maps to the same files as the derived configuration", () => {
  assertEquals(launch(["config"]).map(({ status }) => status), [0, 0]);
  const { imports, exports } = JSON.parse(readFileSync("deno.npm-only.json", "utf8"));
  const { compilerOptions } = JSON.parse(readFileSync("tsconfig.json", "utf8"));
  const own = Object.entries<string>(exports).map((
    [name, path],
  ) => [`@diaspora/stream${name.slice(1)}`, path]);
  const known: Record<string, string> = { ...imports, ...Object.fromEntries(own) };
  const { paths } = compilerOptions as { paths: Record<string, string[]> };
  for (const [name, [path]] of Object.entries(paths)) assertEquals(known[name], path, name);
  for (const [name] of own) assertEquals(name in paths, true, `tsconfig.json lacks ${name}`);
});
