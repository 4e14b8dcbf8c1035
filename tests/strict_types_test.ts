import { assertEquals } from "@std/assert";
import { strictFaults } from "../tools/strict_types.ts";
import { test } from "./harness.ts";

test("the source takes no index for there and no optional property for undefined", () => {
  assertEquals(strictFaults(), []);
});
