import { assert, assertEquals } from "@std/assert";
import { walkSync } from "@std/fs/walk";
import { readdirSync, readFileSync } from "node:fs";
import { runners } from "../../tools/test/runners.ts";
import { DENO_ONLY, findTests, MANY_CASES, NODE_ONLY, runsEverywhere } from "../../tools/test/suites.ts";
import { test } from "../harness.ts";

const files = findTests(["tests"]);

/**
 * Parts of the source that are not the library: the command, and its web page; and the one whose tests start
 * brokers.
 */
const APART = ["ctl", "ui", "kafka"];

test("the tests of every part of the library run on Deno, Node and Bun", () => {
  const parts = readdirSync("src", { withFileTypes: true }).filter((entry) => entry.isDirectory())
    .map(({ name }) => name).filter((name) => !APART.includes(name));
  const tested = parts.filter((part) => files.some((file) => file.startsWith(`tests/${part}/`)));
  assert(tested.length > 6, tested.join(", "));
  for (const runtime of ["Deno", "Node", "Bun"]) {
    const runnersOfIt = runners("deno.json").filter(({ name }) => name === runtime);
    const its = files.filter((file) => tested.some((part) => file.startsWith(`tests/${part}/`)));
    const few = its.filter((file) => !MANY_CASES.some((pattern) => pattern.test(file)));
    assert(few.length > its.length - MANY_CASES.length);
    for (const file of few) {
      assert(runnersOfIt.some((runner) => runner.takes(file)), `${file} does not run on ${runtime}`);
    }
  }
});

test("tests of what compiling may change run the compiled program, too", () => {
  const binary = runners("deno.json").find(({ name }) => name === "Binary");
  const command = files.filter((file) => file.startsWith("tests/cli/"));
  assert(command.length > 5);
  const taken = files.filter((file) => binary?.takes(file));
  assertEquals(taken.filter((file) => !command.includes(file)), []);
  assert(taken.length > command.length / 4);
});

test("every pattern of tests for one runtime matches some", () => {
  for (const pattern of [...DENO_ONLY, ...NODE_ONLY]) {
    assert(files.some((file) => pattern.test(file)), String(pattern));
  }
});

test("every test runs somewhere", () => {
  const all = runners("deno.json");
  assertEquals(files.filter((file) => !all.some((runner) => runner.takes(file))), []);
});

test("no test runs twice on a runtime", () => {
  for (const runtime of ["Deno", "Node", "Bun", "Binary"]) {
    const its = runners("deno.json").filter(({ name }) => name === runtime);
    assertEquals(files.filter((file) => its.filter((runner) => runner.takes(file)).length > 1), []);
  }
});

test("tests that run everywhere use the harness, and nothing specific to one runtime", () => {
  for (const file of files.filter(runsEverywhere)) {
    const text = readFileSync(file, "utf8");
    assert(text.includes("harness.ts"), `${file} does not use the harness`);
    assert(!/\bDeno\.(?:test|serve|readTextFile|Command)\b|from "bun:/.test(text), file);
  }
});

test("tests start processes by functions that end them with the test", () => {
  // Brokers outlive the test that starts them; the model checker and the mutations run separately from tests.
  const free = /^tests\/(?:child_processes|kafka\/kfake|model\/checker|simulation\/mutations\/run)\.ts$/;
  const starting = [...walkSync("tests", { exts: ["ts"] })].map(({ path }) => path)
    .filter((path) =>
      /^import \{[^}]*\bspawn\b[^}]*\} from "node:child_process"/m.test(readFileSync(path, "utf8"))
    );
  assertEquals(starting.filter((path) => !free.test(path)), []);
});
