import { assertEquals, assertNotEquals } from "@std/assert";
import { spawnSync } from "node:child_process";
import { test } from "../harness.ts";

// Git for Windows writes CRLF unless its settings say otherwise: the format check then refuses every file, and recorded
// stores are other bytes.
test("a checkout has the same bytes whatever line ends Git is to write", () => {
  const { stdout } = spawnSync("git", ["ls-files", "--eol"], { encoding: "utf8" });
  const lines = stdout.split("\n").filter((line) => line !== "");
  assertNotEquals(lines.length, 0);
  assertEquals(lines.filter((line) => !/ attr\/(?:text=auto eol=lf|-text)\s/.test(line)), []);
});
