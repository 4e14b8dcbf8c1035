// docs/parity.md names, for every feature, a test that exists.
import { assert, assertEquals } from "@std/assert";
import { walkSync } from "@std/fs/walk";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "../harness.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const page = readFileSync(`${root}docs/parity.md`, "utf8");

/** The names of all tests: those registered by name, and the rules of the driver contract. */
function testNames(): Set<string> {
  const names = new Set<string>();
  const collect = (folder: string, pattern: RegExp) => {
    for (const { path } of walkSync(root + folder, { exts: ["ts"] })) {
      for (const [, literal] of readFileSync(path, "utf8").matchAll(pattern)) names.add(JSON.parse(literal));
    }
  };
  collect("tests", /\btest\(\s*("(?:[^"\\]|\\.)*")/g);
  collect("src/testing", /\bname:\s*("(?:[^"\\]|\\.)*")/g);
  return names;
}

/** The last cell of every row of the tables. */
const proofs = page.split("\n").filter((line) => line.startsWith("|") && !/^\| -|proved by *\|$/.test(line))
  .map((line) => /\| "([^|]+)" +\|$/.exec(line)?.[1] ?? line);

test("every feature of the parity page names an existing test", () => {
  assert(proofs.length > 80, `only ${proofs.length} rows were found`);
  const names = testNames();
  assertEquals(proofs.filter((proof) => !names.has(proof)), []);
});
