// Every example in the documentation comments and the guide runs; `npm run ok` checks its types.
import { assert, assertEquals } from "@std/assert";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { test } from "../harness.ts";
import { DENO_CONFIG } from "../../tools/deno_config.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Where public symbols are documented, and the guide. */
const PLACES = ["mod.ts", "src", "docs"];
const NOT_PUBLIC = ["src/ctl", "src/log", "src/storage", "src/drivers/kafka"];

const isDeno = "Deno" in globalThis;
const inRoot = (path: string) => join(root, path);

test("every example of the documentation runs", {
  skip: !isDeno && "Deno alone runs examples",
  limitMs: 600_000,
}, () => {
  // In another folder, because examples write to the working directory.
  const cwd = mkdtempSync(join(tmpdir(), "diaspora-examples-"));
  const options = [
    "--doc",
    "-A",
    // `npm run ok` checks them.
    "--no-check",
    "--no-lock",
    "-c",
    inRoot(DENO_CONFIG),
    `--ignore=${NOT_PUBLIC.map(inRoot).join()}`,
  ];
  try {
    const { status, stdout, stderr } = spawnSync(process.execPath, [
      "test",
      ...options,
      ...PLACES.map(inRoot),
    ], {
      cwd,
      encoding: "utf8",
      env: { ...process.env, NO_COLOR: "1" },
    });
    assertEquals(status, 0, stdout.slice(-4000) + stderr.slice(-4000));
    const ran = Number(/ok \| (\d+) passed/.exec(stdout)?.[1]);
    assert(ran > 40, `only ${ran} examples were run`);
  } finally {
    rmSync(cwd, { recursive: true });
  }
});
