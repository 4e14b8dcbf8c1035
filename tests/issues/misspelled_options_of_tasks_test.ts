// A misspelled option of a task was ignored: `npm run release -- --pubish` built for minutes and published
// nothing, `npm test -- --filtre x` ran everything, `npm run simulate -- --count x` ran nothing and succeeded, and
// so did `npm run packages -- --only webpak`.
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "../harness.ts";
import { readArguments, type TaskOptions } from "../../tools/arguments.ts";
import { DENO_TASKS, HAVE_HELP, scriptOf, WITHOUT_ARGUMENTS } from "../../tools/launch/tasks.mjs";

const OPTIONS: TaskOptions = {
  string: ["on"],
  number: ["seed"],
  boolean: ["fresh"],
  negatable: ["check"],
};
const KNOWN = "known options are --on, --seed, --fresh, --no-check";

test("a task refuses options that it does not know, and values that are missing or wrong", () => {
  for (
    const [line, fault] of [
      ["--no 1", `Unknown option "--no": ${KNOWN}`],
      ["--Seed=1", `Unknown option "--Seed": ${KNOWN}`],
      ["--no-fresh", `Unknown option "--no-fresh": ${KNOWN}`],
      ["-x", `Unknown option "-x": ${KNOWN}`],
      ["--on.all 1", 'Option "--on" lacks its value'],
      ["fresh", `Unknown argument "fresh": ${KNOWN}`],
      ["--on", 'Option "--on" lacks its value'],
      ["--on=", 'Option "--on" lacks its value'],
      ["--on --fresh", 'Option "--on" lacks its value'],
      ["--seed x", 'Option "--seed" takes a number, found "x"'],
      ["--seed 1e", 'Option "--seed" takes a number, found "1e"'],
      ["--seed=-1", 'Option "--seed" takes a number, found "-1"'],
    ]
  ) assertEquals(readArguments(line.split(" "), OPTIONS), fault, line);
  assertEquals(readArguments(["--xy"], {}), 'Unknown option "--xy": it has no options');
});

test("a task's arguments are read with their types", () => {
  assertEquals(
    readArguments(["a", "--on", "7", "--seed", "7", "8", "--no-check"], { ...OPTIONS, words: true }),
    {
      words: ["a", "8"],
      texts: { on: "7" },
      numbers: { seed: 7 },
      flags: { fresh: false, check: false },
    },
  );
  assertEquals(readArguments(["--fresh"], OPTIONS), {
    words: [],
    texts: { on: undefined },
    numbers: { seed: undefined },
    flags: { fresh: true, check: true },
  });
});

test("every task reads its arguments so, or takes none", () => {
  for (const task of DENO_TASKS.filter((task) => !HAVE_HELP.includes(task))) {
    const text = readFileSync(scriptOf(task), "utf8");
    assertEquals(text.includes(" taskArguments("), !WITHOUT_ARGUMENTS.includes(task), task);
  }
  for (const [words, fault] of [[["--fast"], /^Unknown argument "--fast"/], [["--help"], /^$/]] as const) {
    const ended = spawnSync("node", ["tools/launch.mjs", "quickstart", ...words], { encoding: "utf8" });
    assertMatch(ended.stderr, fault);
    assertEquals(ended.status, words[0] === "--help" ? 0 : 2);
  }
});

test("a task's help is shown wherever it is asked for", () => {
  const { stdout, status } = spawnSync("node", ["tools/launch.mjs", "test", "tests/log", "--help"], {
    encoding: "utf8",
  });
  assertStringIncludes(stdout, "npm test -- --timings");
  assertEquals(status, 0);
});
