import { assertEquals, assertThrows } from "@std/assert";
import { driverOptionsFrom, driverWithEnvironment } from "../../../src/ctl/args/environment.ts";
import { UsageError } from "../../../src/ctl/usage_error.ts";
import { test } from "../../harness.ts";

test("DIASPORA_CTL_DRIVER_OPTIONS is split as a shell would, without expansion", () => {
  const split = (text: string) => driverOptionsFrom({ DIASPORA_CTL_DRIVER_OPTIONS: text });
  assertEquals(split("--driver files  --driver.root_path '/tmp/a b'"), [
    "--driver",
    "files",
    "--driver.root_path",
    "/tmp/a b",
  ]);
  assertEquals(split(`"a \\" b" c\\ d '\\n' "" $HOME`), ['a " b', "c d", "\\n", "", "$HOME"]);
  assertEquals(split(String.raw`"C:\data\new" "\$HOME \` \\" 'C:\x' C:\\y`), [
    String.raw`C:\data\new`,
    "$HOME ` \\",
    String.raw`C:\x`,
    String.raw`C:\y`,
  ]);
  assertEquals(split('a\\\nb "c\\\nd" e\\'), ["ab", "cd", "e\\"]);
  assertEquals(driverOptionsFrom({}), []);
  assertThrows(() => split("'open"), UsageError, "unclosed");
});

test("the command line overrides DIASPORA_DRIVER and DIASPORA_DRIVER_CONFIG", () => {
  const environment = {
    DIASPORA_DRIVER: "files",
    DIASPORA_DRIVER_CONFIG: '{"root_path": "/env", "keep": 1}',
  };
  assertEquals(driverWithEnvironment({ document: {} }, environment), {
    name: "files",
    document: { root_path: "/env", keep: 1 },
  });
  assertEquals(driverWithEnvironment({ document: { root_path: "/cli" } }, environment).document, {
    root_path: "/cli",
    keep: 1,
  });
});

test("options for the driver of the environment are not passed to another one", () => {
  const environment = { DIASPORA_DRIVER: "files", DIASPORA_DRIVER_CONFIG: '{"root_path": "/env"}' };
  assertEquals(driverWithEnvironment({ name: "memory", document: {} }, environment), {
    name: "memory",
    document: {},
  });
});
