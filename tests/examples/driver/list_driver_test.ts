// The example driver passes the part of the contract that it claims, and refuses the rest.
import { assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { ListDriver } from "../../../examples/driver/list_driver.ts";
import { Driver } from "../../../mod.ts";
import { testDriver } from "../../../src/testing/mod.ts";
import { test } from "../../harness.ts";

const left = testDriver((name, body) => test(`list: ${name}`, body), {
  factory: () => ({ open: () => Promise.resolve(Driver.from(new ListDriver())) }),
  supports: {},
});

test("list: a driver without optional features is still tested for pushing, pulling and refusing", () => {
  for (
    const [name, isLeft] of [
      ["a pushed event gets its id once it is stored", false],
      ["data is refused where it cannot be stored", false],
      ["data is returned whole if all of it is selected", true],
      ["topics, events and positions persist after their driver is closed", true],
    ] as const
  ) {
    assertEquals(left.includes(name), isLeft, name);
  }
});

test("list: the driver is opened by its module", async () => {
  const module = fileURLToPath(new URL("../../../examples/driver/list_driver.ts", import.meta.url));
  await using driver = await Driver.open(`ListDriver:${module}`);
  assertEquals([driver.name, (await driver.listTopics()).size], ["list", 0]);
});
