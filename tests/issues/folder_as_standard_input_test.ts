// "diaspora-ctl produce t < folder" pushed nothing and ended with 0, as did an import of JSON Lines: Node and Deno take a
// folder for an empty input.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { ctl, PROGRAM, run, withFolder } from "../cli/program.ts";
import { test } from "../harness.ts";

test("a folder as standard input is an error wherever that is read, and does not matter elsewhere", () =>
  withFolder(async ({ driver, folder }) => {
    await ctl(["topic", "create", "t", ...driver]);
    const onFolder = (words: string[]) =>
      run(["sh", "-c", 'exec "$@" < "$0"', folder, ...PROGRAM, ...words, ...driver]);
    const reading = [
      ["produce", "t"],
      ["produce", "t", "--metadata", "1", "--data", "-"],
      ["import", "--from", "jsonl", "--from.file", "-", "--name", "a"],
      ["import", "--from", "archive", "--from.file", "-", "--name", "b"],
    ];
    const outcomes = await Promise.all([...reading, ["topic", "list"]].map(onFolder));
    for (const { code, stderr } of outcomes.slice(0, -1)) {
      assertEquals(code, 2, stderr);
      assertStringIncludes(stderr, "Cannot read standard input: it is a folder");
    }
    assertEquals([outcomes.at(-1)!.code, outcomes.at(-1)!.stdout], [0, "t\n"]);
    assertEquals(JSON.parse((await ctl(["topic", "describe", "t", "--json", ...driver])).stdout).events, 0);
  }));

test("a folder in place of an archive is named as such", () =>
  withFolder(async ({ driver, folder }) => {
    for (const format of ["jsonl", "archive"]) {
      const words = ["import", "--from", format, "--from.file", folder, "--name", "t", ...driver];
      const { code, stderr } = await ctl(words);
      assertEquals(code, 2, stderr);
      assertStringIncludes(stderr, `Cannot read "${folder}" given by "--from.file": it is a folder (EISDIR)`);
    }
  }));
