import { assert, assertEquals, assertExists, assertMatch, assertStringIncludes } from "@std/assert";
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { test } from "../harness.ts";

function shell(command: string): { status: number | null; stdout: string; stderr: string } {
  return spawnSync("bash", ["-c", command], { encoding: "utf8" });
}

test("the quick start kills its consumer, misses no event, and ends with commands that work", () => {
  const { status, stdout, stderr } = shell("npm run -s quickstart");
  assertEquals(status, 0, stdout + stderr);
  const rootPath = /^rm -r '?(.*?)'?$/m.exec(stdout)?.[1];
  assertExists(rootPath, stdout);
  try {
    assertMatch(stdout, /read 105,000, acknowledged 100,000\s+and was killed by SIGKILL/);
    assertMatch(
      stdout,
      /read 100,000 and acknowledged 100,000:\s+none is missing; the 5,000 not yet acknowledged came twice/,
    );
    for (let partition = 0; partition < 4; partition++) {
      assertStringIncludes(stdout, `partition ${partition}  ids 0 to 49,999`);
    }
    assertMatch(
      stdout,
      /145,847,125 in the source, 145,847,125 pulled, 145,847,125 acknowledged:\s+the sums agree/,
    );

    const commands = stdout.split("\n").filter((line) => line.startsWith("npm run -s ctl"));
    const outputs = commands.map((command) => {
      const ended = shell(command);
      assertEquals(ended.status, 0, command + ended.stderr);
      return ended.stdout;
    });
    assertEquals(outputs.length, 4);
    const [described, lag, three, late] = outputs;
    assertStringIncludes(described, "50000");
    assertStringIncludes(lag, "distances");
    assertEquals(three.trimEnd().split("\n").map((line) => typeof JSON.parse(line)), [
      "object",
      "object",
      "object",
    ]);
    for (const line of late.trimEnd().split("\n")) assert(JSON.parse(line).delay > 1000, line);
  } finally {
    rmSync(rootPath, { recursive: true });
  }
});
