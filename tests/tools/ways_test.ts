import { assert, assertEquals, assertMatch } from "@std/assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "../harness.ts";
import { serveFakeJsr } from "./fake_jsr.ts";
import { runBeside } from "./run_beside.ts";

/** Runs one test file with the launcher, with a separate cache and a registry. */
async function launchWith(jsrUrl: string): Promise<{ code: number | null; output: string }> {
  const cache = mkdtempSync(join(tmpdir(), "diaspora-deno-dir-"));
  try {
    const words = ["tools/launch.mjs", "test", "--on", "deno", "tests/tools/std/cli_test.ts"];
    const environment = { DIASPORA_TOOLING: undefined, JSR_URL: jsrUrl, DENO_DIR: cache };
    const { code, stdout, stderr } = await runBeside("node", words, environment);
    return { code, output: stdout + stderr };
  } finally {
    rmSync(cache, { recursive: true });
    rmSync(`node_modules/.cache/diaspora/${encodeURIComponent(jsrUrl)}.json`, { force: true });
  }
}

test("the launcher takes @std from JSR if JSR answers", async () => {
  await using jsr = await serveFakeJsr();
  const { code, output } = await launchWith(jsr.url);
  assertMatch(output, /^Tooling: connected \(JSR answers\)$/m);
  assertMatch(output, /^13 passed, 0 failed$/m);
  assertEquals(code, 0, output);
  assert(jsr.asked.includes("/@std/cli/1.0.99/parse_args.ts"), jsr.asked.join("\n"));
});

test("the launcher uses the stand-ins if JSR does not answer", async () => {
  // A port that was just open, and is closed now.
  const jsr = await serveFakeJsr();
  await jsr[Symbol.asyncDispose]();
  const { code, output } = await launchWith(jsr.url);
  assertMatch(output, /^Tooling: npm-only \(JSR cannot be reached: @std comes from tools\/std\)$/m);
  assertMatch(output, /^13 passed, 0 failed$/m);
  assertEquals(code, 0, output);
});
