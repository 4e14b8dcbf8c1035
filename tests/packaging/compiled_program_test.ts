// The compiled program as somebody meets it who has nothing else installed.
import { assertEquals, assertLess, assertMatch, assertStringIncludes } from "@std/assert";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { test } from "../harness.ts";
import { PERMISSIONS } from "../../tools/compile/permissions.ts";
import { type Ended, mustRun, run } from "./consumer_project.ts";

interface Compiled {
  /** A folder for the tests of this file. */
  home: string;
  /** The program. */
  program: string;
}

function compile(): Compiled {
  const home = mkdtempSync(join(tmpdir(), "diaspora-compiled-"));
  globalThis.addEventListener("unload", () => rmSync(home, { recursive: true, force: true }));
  const program = join(home, "diaspora-ctl");
  mustRun("node", ["tools/launch.mjs", "compile", "--output", program]);
  return { home, program };
}

let compiled: Compiled | undefined;

/** The program, compiled when it is first asked for. */
function compiledOnce(): Compiled {
  return compiled ??= compile();
}

/** Runs the program where nothing of this repository is, not even on the PATH. */
function runProgram(parameters: string[], input = "", environment: Record<string, string> = {}): Ended {
  const { home, program } = compiledOnce();
  const { status, stdout, stderr } = spawnSync(program, parameters, {
    cwd: home,
    input,
    encoding: "utf8",
    env: { HOME: home, PATH: "/usr/bin:/bin", NO_COLOR: "1", ...environment },
  });
  return { status, stdout, stderr };
}

function optionsOf(folder: string): string[] {
  return ["--driver", "files", "--driver.root_path", join(compiledOnce().home, folder)];
}

test("the compiled program makes a topic, takes events and gives them back", () => {
  const options = optionsOf("data");
  assertEquals(
    runProgram(["topic", "create", "--name", "t", ...options, "--topic.num_partitions", "1"]).status,
    0,
  );
  assertEquals(runProgram(["produce", "t", ...options], '{"x":1}\n{"x":2}\n').status, 0);
  assertEquals(runProgram(["consume", "t", ...options]).stdout, '{"x":1}\n{"x":2}\n');
});

for (const ending of ["ts", "js"]) {
  test(`the compiled program loads a validator from a .${ending} file that imports the library`, () => {
    const { home } = compiledOnce();
    mkdirSync(join(home, "plugins"), { recursive: true });
    const plugin = join(home, "plugins", `positive.${ending}`);
    writeFileSync(
      plugin,
      `import { InvalidMetadataError } from "@diaspora/stream";
export class Positive {
  validate(metadata${ending === "ts" ? ": { x: number }" : ""}) {
    if (metadata.x <= 0) throw new InvalidMetadataError("Cannot take x: it must be positive");
  }
  config() {
    return { type: "Positive" };
  }
}
`,
    );
    const options = optionsOf("plugged");
    const create = ["topic", "create", "--name", ending, ...options, "--validator", `Positive:${plugin}`];
    const created = runProgram(create);
    assertEquals(created.status, 0, created.stderr);
    const produced = runProgram(["produce", ending, ...options], '{"x":1}\n{"x":0}\n');
    assertEquals(produced.status, 1);
    assertStringIncludes(produced.stderr, "Cannot take x: it must be positive");
    assertEquals(runProgram(["consume", ending, ...options]).stdout, '{"x":1}\n');
  });
}

test("the compiled program is not changed by a .env file where it is started", () => {
  const { home } = compiledOnce();
  writeFileSync(join(home, ".env"), "DIASPORA_DRIVER=files\n");
  const { status, stderr } = runProgram(["topic", "list"]);
  assertEquals(status, 2);
  assertMatch(stderr, /driver/);
  rmSync(join(home, ".env"));
});

test("the compiled program starts in less time than three empty runs of Deno", () => {
  const once = (program: string, parameters: string[]): number => {
    const began = performance.now();
    spawnSync(program, parameters);
    return performance.now() - began;
  };
  const best = (program: string, parameters: string[]): number =>
    Math.min(...Array.from({ length: 7 }, () => once(program, parameters)));
  assertStringIncludes(runProgram(["--help"]).stdout, "topic create");
  assertLess(best(compiledOnce().program, ["--help"]), 3 * best(process.execPath, ["eval", "0"]));
});

test("the permissions that deno compile gives the program are enough for it", () => {
  const home = mkdtempSync(join(tmpdir(), "diaspora-permissions-"));
  try {
    const config = process.env["DIASPORA_TOOLING"] === "connected" ? "deno.json" : "deno.npm-only.json";
    const start = ["run", "-q", "--no-check", "--no-lock", ...PERMISSIONS, "-c", config, "cli.ts"];
    const options = ["t", "--driver", "files", "--driver.root_path", home];
    for (const command of [["topic", "create"], ["produce", "--metadata", "5"], ["topic", "describe"]]) {
      const { status, stderr } = run(process.execPath, [...start, ...command, ...options]);
      assertEquals(status, 0, stderr);
    }
    assertEquals(mustRun(process.execPath, [...start, "consume", ...options]).stdout, "5\n");
  } finally {
    rmSync(home, { recursive: true });
  }
});
