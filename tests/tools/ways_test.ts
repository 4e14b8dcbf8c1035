import { assert, assertEquals, assertMatch } from "@std/assert";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "../harness.ts";
import { serveFakeJsr } from "./fake_jsr.ts";

/** Runs one test file through the launcher, with a cache of its own and a registry to ask. */
async function launchWith(jsrUrl: string): Promise<{ code: number | null; output: string }> {
  const cache = mkdtempSync(join(tmpdir(), "diaspora-deno-dir-"));
  const { DIASPORA_TOOLING: _, ...environment } = process.env;
  try {
    const child = spawn("node", ["tools/launch.mjs", "test", "--on", "deno", "tests/tools/std/cli_test.ts"], {
      env: { ...environment, JSR_URL: jsrUrl, DENO_DIR: cache, NO_COLOR: "1" },
    });
    let output = "";
    child.stdout.on("data", (text) => output += text);
    child.stderr.on("data", (text) => output += text);
    const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
    return { code, output };
  } finally {
    rmSync(cache, { recursive: true });
    rmSync(`node_modules/.cache/diaspora/${encodeURIComponent(jsrUrl)}.json`, { force: true });
  }
}

test("the launcher takes @std from JSR where JSR answers", async () => {
  await using jsr = await serveFakeJsr();
  const { code, output } = await launchWith(jsr.url);
  assertMatch(output, /^Tooling: connected \(JSR answers\)$/m);
  assertMatch(output, /^17 passed, 0 failed$/m);
  assertEquals(code, 0, output);
  assert(jsr.asked.includes("/@std/cli/1.0.99/parse_args.ts"), jsr.asked.join("\n"));
});

test("the launcher takes the stand-ins where nothing answers", async () => {
  // A port that was open a moment ago, and is not now.
  const jsr = await serveFakeJsr();
  await jsr[Symbol.asyncDispose]();
  const { code, output } = await launchWith(jsr.url);
  assertMatch(output, /^Tooling: npm-only \(JSR cannot be reached: @std comes from tools\/std\)$/m);
  assertMatch(output, /^17 passed, 0 failed$/m);
  assertEquals(code, 0, output);
});
