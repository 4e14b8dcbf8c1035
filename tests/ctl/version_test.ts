import { assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { VERSION } from "../../src/ctl/program.ts";
import { test } from "../harness.ts";

test("the command has the version of the package", () => {
  for (const file of ["deno.json", "package.json"]) {
    const text = readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
    assertEquals(VERSION, JSON.parse(text).version);
  }
});
