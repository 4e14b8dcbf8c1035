// The memory driver passes the whole contract.
import { assertEquals } from "@std/assert";
import { Driver } from "../../mod.ts";
import { everything, testDriver } from "../../src/testing/mod.ts";
import { test } from "../harness.ts";

let places = 0;

const left = testDriver((name, body) => test(`memory: ${name}`, body), {
  factory() {
    const store = `conformance ${++places}`;
    return { open: () => Driver.open("memory", { store }) };
  },
  supports: everything,
});

test("memory: only rules of the contract for drivers with missing features are left out", () => {
  assertEquals(left.filter((name) => !name.includes("not supported") && !name.includes("refused where")), []);
});
