// A path that no system takes (below a file, too long) was an error of the runtime where a module was allowed or named
// and where `consume --data` writes: nothing said which option it came from. And `consumer lag --interval` with more
// seconds than a timer holds refreshed a thousand times a second.
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Driver, InvalidOptionError, ModuleLoadError } from "../../mod.ts";
import { parseValue } from "../../src/ctl/args/value.ts";
import { main } from "../../src/ctl/main.ts";
import { ctlProcess } from "../cli/program.ts";
import { hostWith } from "../ctl/host.ts";
import { test } from "../harness.ts";
import { memoryFolder } from "../memory_folder.ts";

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(memoryFolder, "diaspora-paths-"));
  try {
    writeFileSync(join(folder, "file"), "");
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Runs a command for as long as `ms`; returns its exit code and what it wrote. */
async function run(
  words: readonly string[],
  ms = 60_000,
): Promise<{ code: number; out: string; error: string }> {
  const { host, written } = hostWith({}, AbortSignal.timeout(ms));
  const code = await main(words, host);
  return { code, ...written };
}

test("a module at a path that no system takes is refused, naming the option or the component", () =>
  inFolder(async (folder) => {
    const paths = [
      [join(folder, "file", "module.ts"), "a part of the path is not a folder"],
      [join(folder, "x".repeat(5_000)), "the path is too long"],
    ] as const;
    for (const [path, why] of paths) {
      await assertRejects(
        () => Driver.open("memory", { load_modules: [path] }),
        InvalidOptionError,
        "load_modules",
      );
      await using driver = await Driver.open("memory", {});
      await assertRejects(
        () => driver.createTopic("topic", { num_partitions: 1 }, { validator: { type: `mine:${path}` } }),
        ModuleLoadError,
        `Cannot load validator "mine" from "${path}": ${why}`,
      );
    }
  }));

test("data that consume cannot write is reported with the option and the path", () =>
  inFolder(async (folder) => {
    const store = ["--store", join(folder, "store")];
    await run(["topic", "create", "topic", ...store]);
    await run(["produce", "topic", "--metadata", "1", "--data", join(folder, "file"), ...store]);
    writeFileSync(join(folder, "bytes"), "xyz");
    await run(["produce", "topic", "--metadata", "1", "--data", join(folder, "bytes"), ...store]);
    for (const path of [`${folder}/`, join(folder, "file", "{id}"), join(folder, "x".repeat(5_000))]) {
      const { code, error } = await run(["consume", "topic", "--until", "end", "--data", path, ...store]);
      assertStringIncludes(error, `Cannot write "${path.replace("{id}", "1")}" given by "--data": `);
      assertEquals(code, 2);
    }
  }));

test("an interval longer than a timer can take refreshes once", () =>
  inFolder(async (folder) => {
    const store = ["--store", join(folder, "store")];
    await run(["topic", "create", "topic", ...store]);
    const { out } = await run(["consumer", "lag", "--interval", "99999999999", ...store], 500);
    assertEquals(out.split("consumer").length - 1, 1, out);
  }));

// What looked like a number was read as one: `--to.file 2026.10` wrote over the file "2026.1".
test("an export and an import use the path as it is typed, even if it looks like a number or a list", () =>
  inFolder(async (folder) => {
    for (
      const option of ["--to.file", "--from.file", "--from.name", "--to.root_path", "--driver.root_path"]
    ) {
      for (const typed of ["1e3", "2026.10", "007", "-0", "true", "null", "a,b", "[1]", "{}"]) {
        assertEquals(parseValue(option, typed), typed);
        assertEquals(parseValue(option, `"${typed}"`), typed);
      }
    }
    const store = ["--store", join(folder, "store")];
    await run(["topic", "create", "topic", ...store]);
    await run(["produce", "topic", "--metadata", "1", ...store]);
    const exported = await ctlProcess(
      ["export", "topic", "--to", "jsonl", "--to.file", "2026.10", ...store],
      { folder },
    );
    assertEquals(exported.code, 0, exported.stderr);
    assert(existsSync(join(folder, "2026.10")));
    const imported = await ctlProcess([
      "import",
      "copy",
      "--from",
      "jsonl",
      "--from.file",
      "2026.10",
      ...store,
    ], {
      folder,
    });
    assertEquals(imported.code, 0, imported.stderr);
  }));

test("a file that export cannot write is refused before it reads, with the option and the path", () =>
  inFolder(async (folder) => {
    const store = ["--store", join(folder, "store")];
    await run(["topic", "create", "topic", ...store]);
    for (const path of [join(folder, "file", "x"), join(folder, "x".repeat(5_000))]) {
      const { code, error } = await run(["export", "topic", "--to", "archive", "--to.file", path, ...store]);
      assertStringIncludes(error, `Cannot write "${path}" given by "--to.file": `);
      assertEquals(code, 2);
    }
    const { code, error } = await run(["export", "topic", "--to", "jsonl", "--to.file", "", ...store]);
    assertStringIncludes(error, 'Option "--to.file" takes a path, found ""');
    assertEquals(code, 2);
  }));
