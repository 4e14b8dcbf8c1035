// A tool that rewrites `new.target` (dnt 0.42.3) made every error's `name` undefined, and a bundler that
// minifies class names made it a letter. The names of the library's errors depend on neither.
import { assertEquals } from "@std/assert";
import { buildSync } from "esbuild";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as errors from "../../src/errors.ts";
import { test } from "../harness.ts";

type Classes = Record<string, { name: string }>;

// Not in a test: the bundler keeps a channel to a worker open.
const { outputFiles: [{ text: shortened }] } = buildSync({
  entryPoints: ["src/errors.ts"],
  bundle: true,
  minify: true,
  format: "esm",
  write: false,
  tsconfigRaw: "{}",
});

async function imported(text: string): Promise<Classes> {
  const folder = mkdtempSync(join(tmpdir(), "diaspora-shortened-"));
  try {
    writeFileSync(join(folder, "errors.mjs"), text);
    return await import(pathToFileURL(join(folder, "errors.mjs")).href);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("errors have the name of their class, even after bundling", async () => {
  const after = await imported(shortened);
  for (const classes of [errors as unknown as Classes, after]) {
    const names = Object.entries(classes).filter(([, its]) => typeof its === "function").map((
      [exported, { name }],
    ) => [exported, name]);
    assertEquals(names.filter(([exported, name]) => exported !== name), []);
    assertEquals(names.length >= 27, true);
    const { ClosedError } = classes as unknown as typeof errors;
    assertEquals(new ClosedError("it").name, "ClosedError");
    class OwnError extends ClosedError {}
    assertEquals(new OwnError("it").name, OwnError.name);
  }
});

test("no source uses new.target, which module rewriters mishandle", () => {
  const text = readFileSync("src/errors/base.ts", "utf8");
  assertEquals(text.includes("new.target"), false);
});
