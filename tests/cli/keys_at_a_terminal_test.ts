// At a question ("Delete topic …? [y/N]") the command did not end by Ctrl+C or Ctrl+D on Deno, and so in the binary:
// only another terminal could end it. On Node both were logged as an error. `produce` redrew its progress five times
// a second over the line that was being typed, and `consume --follow` over the events on the same terminal.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { spawnSync } from "node:child_process";
import { test } from "../harness.ts";
import {
  ctl,
  ctlProcess,
  pause,
  type Place,
  PROGRAM,
  type Running,
  start,
  until,
  withFolder,
} from "./program.ts";

const skip = spawnSync("script", ["--version"]).status === 0 ? false : "script (util-linux) is not installed";

/** Starts the command on a terminal, for a minute at most. */
function startOnTerminal(words: readonly string[]): Running {
  const line = [...PROGRAM, ...words].map((word) => `'${word}'`).join(" ");
  return start(["timeout", "60", "script", "-qec", line, "/dev/null"], { keepInput: true });
}

async function withTopic(use: (place: Place) => Promise<void>): Promise<void> {
  await withFolder(async (place) => {
    assertEquals((await ctl(["topic", "create", "t", ...place.driver])).code, 0);
    await use(place);
  });
}

for (const [name, key, code] of [["Ctrl+C", "\x03", 130], ["Ctrl+D", "\x04", 1]] as const) {
  test(`${name} at a question ends the command, and nothing is deleted`, { skip }, async () => {
    await withTopic(async ({ driver }) => {
      const terminal = startOnTerminal(["topic", "delete", "t", ...driver]);
      await until("it asks", () => terminal.stdout().includes("[y/N]"));
      terminal.child.stdin!.write(key);
      const { code: found, stdout } = await terminal.ended;
      assertEquals([found, stdout.includes("[error]")], [code, false], stdout);
      assertEquals((await ctl(["topic", "list", ...driver])).stdout, "t\n");
    });
  });
}

test("no progress is drawn over lines that are typed", { skip }, async () => {
  await withTopic(async ({ driver }) => {
    const terminal = startOnTerminal(["produce", "t", ...driver]);
    await until("it reads", () => terminal.stdout().includes("Ctrl+D"));
    terminal.child.stdin!.write("[1]\n");
    // Twice the interval at which progress was drawn.
    await pause(400);
    terminal.child.stdin!.write("\x04");
    const { code, stdout } = await terminal.ended;
    assertEquals([code, stdout.includes("events/s")], [0, false], stdout);
    assertStringIncludes(stdout, "Pushed 1 event");
  });
});

test("no progress is drawn over events on the same terminal", { skip }, async () => {
  await withTopic(async ({ driver }) => {
    const terminal = startOnTerminal(["consume", "t", "--follow", "--max", "2", ...driver]);
    for (const event of ["[1]", "[2]"]) {
      assertEquals((await ctlProcess(["produce", "t", "-m", event, ...driver])).code, 0);
      await until("it is printed", () => terminal.stdout().includes(event));
    }
    const { code, stdout } = await terminal.ended;
    assert(code === 0 && !stdout.includes("events/s"), stdout);
  });
});
