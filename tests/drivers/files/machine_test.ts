// What members of a group learn of their machine.
import { assertEquals, assertMatch } from "@std/assert";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import process from "node:process";
import { machine } from "../../../src/drivers/files/machine.ts";
import { test } from "../../harness.ts";

/** No process has such a number. */
const NO_PID = 2 ** 30;

test("a member is known by its machine, its process and when that started", () => {
  const { self } = machine;
  assertEquals(self.pid, process.pid);
  assertEquals(machine.self, self);
  assertEquals(self.host.startsWith(hostname()), true);
  if (process.platform !== "linux") return;
  assertMatch(self.host, /^.+\/[0-9a-f-]{36}\/\d+$/);
  assertEquals(self.host.split("/").at(-1), readlinkSync("/proc/self/ns/pid").match(/\d+/)?.[0]);
  // The 22nd field; the second one, in parentheses, is the program's name.
  const fields = readFileSync("/proc/self/stat", "utf8").replace(/^.*\) /s, "pid name ").split(" ");
  assertEquals(self.started, fields[21]);
});

test("a process is gone when no one has its number, or one that started at another time", () => {
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
  await machine.sleep(1);
  assertEquals([calls, machine.elapsedMs() > before], [1, true]);
});
