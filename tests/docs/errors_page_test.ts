// docs/errors.md lists every error class and code, and no others.
import { assert, assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import * as errors from "../../src/errors.ts";
import { test } from "../harness.ts";

const root = new URL("../../", import.meta.url);
const page = readFileSync(new URL("docs/errors.md", root), "utf8");
const source = [
  "src/errors.ts",
  "src/errors/base.ts",
  "src/errors/foreign.ts",
  "src/errors/groups.ts",
  "src/errors/modules.ts",
  "src/errors/stored.ts",
]
  .map((path) => readFileSync(new URL(path, root), "utf8")).join("\n");

/** Code and class of each row of the table. */
const rows = [...page.matchAll(/^\| `(ERR_\w+)` +\| `(\w+)` +\| (.+?) +\| (.+?) +\|$/gm)]
  .map(([, code, name, cause, remedy]) => ({ code, name, cause, remedy }));

test("the page of errors has every code once, with a cause and a remedy", () => {
  const union = source.slice(
    source.indexOf("export type ErrorCode"),
    source.indexOf(";", source.indexOf("export type ErrorCode")),
  );
  const codes = [...union.matchAll(/"(ERR_\w+)"/g)].map(([, code]) => code);
  assert(codes.length > 20);
  assertEquals(rows.map(({ code }) => code).sort(), codes.sort());
  for (const { code, cause, remedy } of rows) assert(cause.length > 10 && remedy.length > 10, code);
});

test("the page of errors has every class next to its code", () => {
  const classes = Object.entries(errors).filter(([, value]) => typeof value === "function").map(([name]) =>
    name
  );
  const named = new Set(rows.map(({ name }) => name));
  // The base class has no code; the page describes it.
  assert(page.includes("`DiasporaError` is the base class of them all"));
  assertEquals(classes.filter((name) => name !== "DiasporaError" && !named.has(name)), []);
  for (const { code, name } of rows) {
    assert(name in errors, `${name} is not a class`);
    if (name === "DiasporaError") continue;
    const body = source.slice(source.indexOf(`class ${name} `));
    assertEquals(/"(ERR_\w+)"/.exec(body)?.[1], code, name);
  }
});
