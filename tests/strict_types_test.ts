import { assertEquals } from "@std/assert";
import { strictFaults } from "../tools/strict_types.ts";
import { test } from "./harness.ts";

test("the source handles missing indexes and optional properties strictly", () => {
  assertEquals(strictFaults(), []);
});
