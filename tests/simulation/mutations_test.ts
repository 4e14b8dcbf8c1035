import { assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { test } from "../harness.ts";
import { MUTATIONS } from "./mutations/list.ts";
import { mutate } from "./mutations/run.ts";

test("every mutation of the simulation matches its source line", () => {
  const lost = MUTATIONS.filter((mutation) =>
    mutate((file) => readFileSync(file, "utf8"), mutation) === undefined
  );
  assertEquals(lost.map(({ what }) => what), []);
});
