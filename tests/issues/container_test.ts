// In the container of the Dockerfile every command failed: Docker removes quotes from `ENV NAME={"key":"value"}`, so
// that DIASPORA_DRIVER_CONFIG was not JSON. And a user that the system does not know, as `docker run --user` and
// cron without HOME have it, could not even use `--store`: the folder of contexts was asked for first, and
// there is no home.
import { assertEquals } from "@std/assert";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { ContextFile } from "../../src/ctl/contexts/file.ts";
import { test } from "../harness.ts";

test("the variables of the Dockerfile name the files driver and the mounted folder", {
  skip: process.platform === "win32" ? "there is no shell with these rules of quotes" : false,
}, () => {
  // The rules for quotes are those of the shell.
  const variables = readFileSync("Dockerfile", "utf8").match(/^ENV .*$/gm)!.map((line) => line.slice(4));
  const shell = `${variables.join("\n")}\nprintf '%s\\n' "$DIASPORA_DRIVER" "$DIASPORA_DRIVER_CONFIG"`;
  const [driver, config] = execFileSync("sh", ["-c", shell], { encoding: "utf8" }).split("\n");
  assertEquals([driver, JSON.parse(config)], ["files", { root_path: "/data" }]);
});

test("a user without a home has no contexts, and no error", () => {
  const failing = (): never => {
    throw new Error("uv_os_homedir returned ENOENT");
  };
  // Deno returns null.
  for (const home of [failing, () => null as unknown as string]) {
    const file = new ContextFile({}, home);
    assertEquals(file.path, join("/", ".config", "diaspora-ctl", "contexts.json"));
  }
});
