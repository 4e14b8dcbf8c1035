import { copyFileSync } from "node:fs";
import process from "node:process";
import { mustRun } from "./consumer_project.ts";

/** Puts the compiled program at a path: the one that the test runner compiled, or one compiled now. */
export function compileTo(path: string): void {
  const compiled = process.env["DIASPORA_TEST_PROGRAM"];
  if (compiled === undefined) mustRun("node", ["tools/launch.mjs", "compile", "--output", path]);
  else copyFileSync(compiled, path);
}
