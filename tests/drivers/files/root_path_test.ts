// Where a store is.
import { assertEquals } from "@std/assert";
import { resolve } from "node:path";
import { readFilesOptions } from "../../../src/drivers/files/files_options.ts";
import { withAbsoluteRoot } from "../../../src/drivers/files/root_path.ts";
import type { JsonObject, JsonValue } from "../../../src/json.ts";
import { test } from "../../harness.ts";

test("a path is resolved once, what is not one is left to the rules of the options, and the default has a name", () => {
  const cases: [JsonObject, JsonValue][] = [
    [{}, resolve("diaspora_data")],
    [{ root_path: "a/../b" }, resolve("b")],
    [{ root_path: "/a/b" }, resolve("/a/b")],
    [{ root_path: "" }, ""],
    [{ root_path: 7 }, 7],
    [{ root_path: null }, null],
  ];
  for (const [options, path] of cases) {
    assertEquals(withAbsoluteRoot({ ...options, max_partitions: 3 }), { max_partitions: 3, root_path: path });
  }
  assertEquals(readFilesOptions({}).rootPath, resolve("diaspora_data"));
});
