// What members of a group learn of their machine.
import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import process from "node:process";
import { lookAtSelf, machine } from "../../../src/drivers/files/machine.ts";
import { spawn } from "../../child_processes.ts";
import { test } from "../../harness.ts";
import { until } from "../../waiting.ts";

/** When a process was started: the 22nd field; the second one, in parentheses, is the program's name. */
function startedOf(pid: number | "self"): string | undefined {
  return readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /s, "pid name ").split(" ")[21];
}

/** No process has such a number. */
const NO_PID = 2 ** 30;

test("a member is known by its machine, its process and when that started", () => {
  const { self } = machine;
  assertEquals(self.pid, process.pid);
  assertStrictEquals(machine.self, self);
  assertEquals(lookAtSelf(), self);
  assertEquals(self.host.startsWith(hostname()), true);
  if (process.platform !== "linux") return;
  assertMatch(self.host, /^.+\/[0-9a-f-]{36}\/\d+$/);
  assertEquals(self.host.split("/").at(-1), readlinkSync("/proc/self/ns/pid").match(/\d+/)?.[0]);
  assertEquals(self.started, startedOf("self"));
});

test("Deno is not asked about other processes on Windows, where older versions ended them", () => {
  // It is looked at once, here while the platform is still the real one.
  const { host } = machine.self;
  const changed = [[process, "platform", "win32"], [process, "kill", () => asked++]] as const;
  const former = changed.map(([owner, name]) => Object.getOwnPropertyDescriptor(owner, name)!);
  let asked = 0;
  try {
    for (const [owner, name, value] of changed) {
      Object.defineProperty(owner, name, { value, configurable: true, writable: true });
    }
    assertEquals(machine.isGone({ host, pid: process.ppid, started: "1" }, false), false);
    assertEquals(asked, "Deno" in globalThis ? 0 : 1);
  } finally {
    for (const [index, [owner, name]] of changed.entries()) {
      Object.defineProperty(owner, name, former[index]!);
    }
  }
});

test("a process is gone when no one has its number, or one that started at another time", () => {
  if (process.platform === "win32" && "Deno" in globalThis) return;
  const { self } = machine;
  assertEquals(machine.isGone(self, true), false);
  assertEquals(machine.isGone({ ...self, started: "another" }, false), true);
  for (const thorough of [true, false]) {
    assertEquals(machine.isGone({ host: self.host, pid: NO_PID, started: "1" }, thorough), true);
  }
  // The parent of this process is there, whatever is known of its start.
  const parent = { host: self.host, pid: process.ppid };
  assertEquals(machine.isGone({ ...parent, started: undefined }, true), false);
  if (process.platform !== "linux") return;
  assertEquals(machine.isGone({ ...parent, started: "another" }, false), false);
  assertEquals(machine.isGone({ ...parent, started: "another" }, true), true);
  assertEquals(machine.isGone({ ...parent, started: startedOf(process.ppid) }, true), false);
});

test("a process that has ended is gone also while its parent does not ask for its end", async () => {
  if (process.platform !== "linux") return;
  // What replaces the shell does not ask for the end of what the shell started.
  const program = spawn("sh", ["-c", "exec 3<&0; cat <&3 >/dev/null & echo $!; exec sleep 300"], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  try {
    let text = "";
    for await (const part of program.stdout) if ((text += part).includes("\n")) break;
    const ended = { host: machine.self.host, pid: Number(text), started: startedOf(Number(text)) };
    assertEquals(machine.isGone(ended, true), false);
    const shell = `/proc/${program.pid}/comm`;
    await until("the shell is replaced", () => readFileSync(shell, "utf8") === "sleep\n");
    program.stdin.end();
    await until("the process has ended", () => machine.isGone(ended, true));
    assertEquals(machine.isGone(ended, false), false);
  } finally {
    const exited = new Promise((resolve) => program.once("close", resolve));
    program.kill("SIGKILL");
    await exited;
  }
});

test("time passes, and what is put off is called or stopped", async () => {
  const before = machine.elapsedMs();
  let calls = 0;
  const stop = machine.soon(() => calls += 100);
  stop();
  await new Promise<void>((resolve) =>
    void machine.soon(() => {
      calls++;
      resolve();
    })
  );
  const sleeping = machine.sleep(1);
  assertEquals(sleeping instanceof Promise, true);
  await sleeping;
  assertEquals([calls, machine.elapsedMs() > before], [1, true]);
  await new Promise<void>((resolve) => {
    const end = machine.every(2, () => {
      if (++calls < 3) return;
      end();
      resolve();
    });
  });
});
