// docs/ctl.md is generated from the table of commands. After changing that, generate it again:
//   deno run -A -c deno.npm-only.json tests/ctl/write_documentation.ts && deno fmt docs/ctl.md
import { assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { plain } from "../../src/ctl/console/colour.ts";
import { documentation } from "../../src/ctl/help/markdown.ts";
import { commandText, optionForm, overviewText } from "../../src/ctl/help/text.ts";
import { ENGINE, SHARED } from "../../src/ctl/table/common.ts";
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

test("help shows a command's own options before those that many commands have", () => {
  for (const command of COMMANDS) {
    const text = commandText(command, plain);
    const shared = ["  --driver NAME", "  --store PATH", "  --logging LEVEL"]
      .map((option) => text.indexOf(option)).filter((at) => at >= 0);
    const own = command.options.slice(0, -SHARED.length)
      .filter(({ name, hidden }) => hidden !== true && !ENGINE.some((option) => option.name === name))
      .map((option) => text.indexOf(`  ${optionForm(option)}`));
    assertEquals([command.path, Math.max(...own) < Math.min(...shared)], [command.path, true]);
  }
});

test("no command has an option or a short letter twice", () => {
  for (const { path, options } of COMMANDS) {
    const names = options.flatMap(({ name, short }) => short === undefined ? [name] : [name, `-${short}`]);
    assertEquals([path, new Set(names).size], [path, names.length]);
  }
});

test("help fits a narrow terminal, but for what is to be copied and words without a place to divide them", () => {
  for (const command of COMMANDS) {
    const text = commandText(command, plain, 50);
    const prose = text.slice(text.indexOf("\n\n"), text.search(/\n\nExamples?:/)).split("\n");
    const long = prose.filter((line) => line.length > 50 && line.trim().includes(" "));
    // Names of options, and files to be copied, are not divided.
    const divisible = long.filter((line) => !/^ {2,8}\S/.test(line));
    assertEquals([command.path, divisible], [command.path, []]);
  }
  const widest = Math.max(...overviewText(plain, { width: 400 }).split("\n").map(({ length }) => length));
  assertEquals(widest <= 100, true);
});
