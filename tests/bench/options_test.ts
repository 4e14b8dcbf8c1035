import { assertEquals, assertStringIncludes } from "@std/assert";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { test } from "../harness.ts";
import { commandOf, ROOT } from "../processes/runtimes.ts";

/** Runs a benchmark program with options that prevent it from measuring anything. */
function run(program: string, ...args: string[]): { status: number | null; out: string; err: string } {
  const [command, ...parameters] = commandOf("deno", `tools/${program}.ts`, args);
  const { status, stdout, stderr } = spawnSync(command, parameters, {
    cwd: ROOT,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });
  return { status, out: stdout, err: stderr };
}

for (const program of ["bench", "bench_peers"]) {
  test(`${program} explains its options instead of measuring for minutes`, () => {
    const { status, out } = run(program, "--help");
    assertEquals(status, 0);
    for (const option of ["--workloads", "--scale", "--rounds", "--json"]) assertStringIncludes(out, option);
  });

  test(`${program} refuses unknown options, and values that are not numbers`, () => {
    const unknown = run(program, "--scal", "2");
    assertEquals(unknown.status, 2);
    assertStringIncludes(unknown.err, 'Unknown option "scal": known are --help');
    const wrong = run(program, "--rounds", "few");
    assertEquals(wrong.status, 2);
    assertStringIncludes(wrong.err, 'Cannot use --rounds "few": expected a number above 0');
  });
}

test("bench refuses sections, workloads and runtimes that its help does not list", () => {
  const help = run("bench", "--help").out;
  for (const [option, given] of [["sections", "throughput,sideways"], ["workloads", "W9"], ["on", "dino"]]) {
    const { status, err } = run("bench", `--${option}`, given);
    assertEquals(status, 2);
    assertStringIncludes(err, `Cannot use --${option} "${given.split(",").at(-1)}": known are `);
    assertStringIncludes(help, /known are (.*)/.exec(err)![1]);
  }
});
