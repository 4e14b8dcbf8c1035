// docs/ctl.md is generated from the table of commands. After changing that, generate it again:
//   deno run -A -c deno.npm-only.json tests/ctl/write_documentation.ts && deno fmt docs/ctl.md
import { assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { documentation } from "../../src/ctl/help/markdown.ts";
import { COMMANDS } from "../../src/ctl/table/mod.ts";
import { test } from "../harness.ts";

test("docs/ctl.md says what --help says", () => {
  // The formatter wraps and indents lines.
  const words = (text: string): string[] => text.replaceAll(/^[-*] /gm, "- ").split(/\s+/);
  const page = readFileSync(new URL("../../docs/ctl.md", import.meta.url), "utf8");
  assertEquals(words(page), words(documentation()));
});

test("every command has a summary, an example and options that say what they do", () => {
  for (const { path, summary, options, examples } of COMMANDS) {
    const name = path.join(" ");
    assertEquals([name, summary.endsWith("."), examples.length > 0], [name, false, true]);
    for (const { describe } of options) {
      assertEquals([name, describe, describe.endsWith(".")], [name, describe, false]);
    }
  }
});

test("no command has an option or a short letter twice", () => {
  for (const { path, options } of COMMANDS) {
    const names = options.flatMap(({ name, short }) => short === undefined ? [name] : [name, `-${short}`]);
    assertEquals([path, new Set(names).size], [path, names.length]);
  }
});
