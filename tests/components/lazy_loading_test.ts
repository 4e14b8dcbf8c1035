import { assertEquals } from "@std/assert";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "../harness.ts";

test("Ajv and cborg are loaded only by programs that use them", () => {
  const root = fileURLToPath(new URL("../../src/components/", import.meta.url));
  const mentions = readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .flatMap((name) => readFileSync(join(root, name), "utf8").split("\n"))
    .filter((line) => /["'](ajv|cborg)[/"']/.test(line));
  assertEquals(mentions.length, 4);
  assertEquals(mentions.filter((line) => !/await import\("/.test(line)), []);
});
