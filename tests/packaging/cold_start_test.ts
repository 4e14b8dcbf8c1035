// The budget for starting the command, compared with programs on the same runtimes that do nothing.
import { assertEquals, assertLess } from "@std/assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Command, forms, type Start, startInTurn } from "../../bench/cold_start.ts";
import { test } from "../harness.ts";
import { compileTo } from "./compile_to.ts";
import { builtPackage } from "./consumer_project.ts";

/**
 * The processor time of `--help` and of a first look at a store, as a multiple of an empty program's. The
 * goal for `deno run --help` is 3; it takes 3.5, because Deno reads every module that the program may ever
 * load.
 */
const BUDGETS = [
  { name: "deno run", help: 4.5, list: 7.5 },
  { name: "npm package", help: 2, list: 3.5 },
  { name: "binary", help: 2, list: 2.5 },
];

/** Starts of each; the shortest is the least disturbed. */
const ROUNDS = 7;

function shortest(starts: readonly Start[]): number {
  return Math.min(...starts.map(({ cpuMs }) => cpuMs));
}

test("every form of the command starts within its time budget", () => {
  const home = mkdtempSync(join(tmpdir(), "diaspora-starts-"));
  try {
    const program = join(home, "diaspora-ctl");
    compileTo(program);
    const found = forms({ package: builtPackage(join(home, "npm")), program });
    assertEquals(found.map(({ name }) => name), BUDGETS.map(({ name }) => name));

    const list = ["topic", "list", "--driver", "files", "--driver.root_path", home];
    found.forEach(({ name, command, empty }, n) => {
      const commands: Command[] = [empty, [...command, "--help"], [...command, ...list]];
      const [nothing, help, listed] = startInTurn(commands, ROUNDS).map(shortest);
      assertLess(help, BUDGETS[n].help * nothing, `${name} --help: ${help} ms, nothing: ${nothing} ms`);
      assertLess(
        listed,
        BUDGETS[n].list * nothing,
        `${name} topic list: ${listed} ms, nothing: ${nothing} ms`,
      );
    });
  } finally {
    rmSync(home, { recursive: true });
  }
});
