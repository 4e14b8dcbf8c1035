// What the command does with pipes, terminals and signals, which only a process has.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "../harness.ts";
import {
  ctl,
  ctlProcess,
  pause,
  PROGRAM,
  PROGRAMS,
  run,
  start,
  startCtl,
  until,
  withFolder,
} from "./program.ts";

/** One line on standard error, with this message. */
function assertOneLine(stderr: string, part: string): void {
  assertStringIncludes(stderr, part);
  assertEquals(stderr.split("\n").length, 2, stderr);
}

test("commands without a store run as processes, too", async () => {
  await withFolder(async ({ folder, root }) => {
    const environment = { XDG_CONFIG_HOME: folder };
    const words = ["context", "add", "dev", "--store", root, "--use"];
    assertEquals((await ctlProcess(words, { environment })).code, 0);
    assertStringIncludes((await ctlProcess(["context", "show"], { environment })).stdout, root);
  });
  assertStringIncludes((await ctlProcess(["completions", "bash"])).stdout, "complete ");
  assertStringIncludes((await ctlProcess(["topic", "create", "--help"])).stdout, "Usage:");
});

test("a closed pipe is not an error", async () => {
  await withFolder(async ({ driver }) => {
    await ctl(["topic", "create", "--name", "t", ...driver]);
    const input = Array.from({ length: 100_000 }, (_, id) => `{"id": ${id}}`).join("\n");
    await ctl(["produce", "t", ...driver], { input });
    const archive = ["export", "t", "--to", "archive", "--to.file", "-"];
    for (
      const [command, reader, expected] of [
        [["consume", "t"], "head -n 1", '{"id": 0}\n'],
        [archive, "head -c 5", "topic"],
      ] as const
    ) {
      const words = [...PROGRAM, ...command, ...driver].map((word) => `'${word}'`).join(" ");
      const { stdout, stderr } = await run([
        "bash",
        "-c",
        `set -o pipefail; ${words} | ${reader}; echo "code $?"`,
      ]);
      assertEquals([stdout, stderr], [`${expected}code 0\n`, ""]);
    }
  });
});

test("a full disk is said to be that of standard output, and one of standard error changes no exit code", {
  skip: !existsSync("/dev/full") && "there is no /dev/full",
}, async () => {
  for (const [runtime, program] of Object.entries(PROGRAMS)) {
    const line = program.map((word) => `'${word}'`).join(" ");
    const full = await run(["bash", "-c", `${line} --version > /dev/full`]);
    assertEquals(full.code, 1, runtime);
    assertOneLine(full.stderr, "Cannot write standard output: ");
    const { code } = await run(["bash", "-c", `${line} completions tcsh 2> /dev/full`]);
    assertEquals(code, 2, runtime);
  }
});

test("interrupting consume --follow prints the events read and exits with 130", async () => {
  await withFolder(async ({ driver }) => {
    await ctl(["topic", "create", "--name", "t", ...driver]);
    await ctl(["produce", "t", ...driver], { input: "1\n2\n" });
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      const running = startCtl(["consume", "t", "--follow", ...driver]);
      await until("both events are printed", () => running.stdout() === "1\n2\n");
      running.signal(signal);
      const { code, stdout, stderr } = await running.ended;
      assertEquals([code, stdout, stderr], [130, "1\n2\n", ""]);
    }
  });
});

const isDenoItself = "Deno" in globalThis && PROGRAM.length > 1;

test("an interrupted program ends although its reader reads nothing", {
  skip: isDenoItself && "Deno does not let go of a write to a full pipe",
}, async () => {
  await withFolder(async ({ folder, driver }) => {
    await ctl(["topic", "create", "--name", "t", ...driver]);
    await ctl(["produce", "t", ...driver], { input: `"${"x".repeat(1000)}"\n`.repeat(1000) });
    const path = join(folder, "full");
    await run(["mkfifo", path]);
    // It reads the beginning, and then no more.
    const reader = start(["sh", "-c", 'exec < "$1"; head -c 1; exec sleep 600', "sh", path]);
    const words = [...PROGRAM, "consume", "t", ...driver];
    const writer = start(["sh", "-c", 'out="$1"; shift; exec "$@" > "$out"', "sh", path, ...words]);
    await until("it writes", () => reader.stdout() !== "");
    await pause(500);
    writer.signal("SIGTERM");
    assertEquals((await writer.ended).code, 130);
    reader.signal("SIGKILL");
    await reader.ended;
  });
});

const noTerminal = spawnSync("script", ["--version"]).status === 0
  ? false
  : "script (util-linux) is not installed";

/** Runs a command line on a separate terminal, with lines typed into it. */
async function onTerminal(
  words: readonly string[],
  typed: string,
): Promise<{ code: number | null; text: string }> {
  const line = words.map((word) => `'${word}'`).join(" ");
  const terminal = start(["script", "-qec", line, "/dev/null"], { keepInput: true });
  await until("something is asked", () => terminal.stdout().includes("[y/N]"));
  terminal.child.stdin!.write(typed);
  const { code, stdout } = await terminal.ended;
  return { code, text: stdout };
}

test("destructive commands ask on a terminal, and only yes confirms", { skip: noTerminal }, async () => {
  await withFolder(async ({ driver }) => {
    await ctl(["topic", "create", "--name", "t", ...driver]);
    const remove = [...PROGRAM, "topic", "delete", "t", ...driver];
    const no = await onTerminal(remove, "\n");
    assertEquals(no.code, 1);
    assertStringIncludes(no.text, 'Delete topic "t" with all its events: 0 events (0 B) in 1 partition');
    assertEquals((await ctl(["topic", "list", ...driver])).stdout, "t\n");
    assertEquals((await onTerminal(remove, "y\n")).code, 0);
    assertEquals((await ctl(["topic", "list", ...driver])).stdout, "");
  });
});

test("long work shows progress on a terminal, unless disabled", { skip: noTerminal }, async () => {
  await withFolder(async ({ folder, driver }) => {
    await ctl(["topic", "create", "--name", "t", ...driver]);
    const seen = join(folder, "typescript");
    const produce = (input: string, ...more: string[]) => {
      const words = [...PROGRAM, "produce", "t", ...driver, ...more].map((word) => `'${word}'`).join(" ");
      return run(["script", "-qefc", `(${input}) | ${words}`, seen]);
    };
    // The second line is typed when the first is on the screen. The file begins with this command line, in which
    // the pattern must not find itself.
    const waiting =
      `echo 1; for _ in $(seq 400); do grep -qs 'produced: [1] event  ' '${seen}' && break; sleep 0.05; done; echo 2`;
    assertStringIncludes((await produce(waiting)).stdout, "produced: 1 event  ");
    assertEquals(
      (await produce("echo 1; sleep 0.3; echo 2", "--no-progress")).stdout.includes("produced:"),
      false,
    );
  });
});
