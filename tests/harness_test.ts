import { assertEquals } from "@std/assert";
import { test } from "./harness.ts";

let ran = 0;

test("test() runs a body without options", () => {
  ran += 1;
  assertEquals(ran >= 1, true);
});

test("test() runs a body whose skip option is false or missing", { skip: false }, async () => {
  await Promise.resolve();
  ran += 1;
  assertEquals(ran >= 1, true);
});
