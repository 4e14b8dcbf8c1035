/**
 * What group members need from their machine: their process id, whether another process is alive, and a monotonic
 * clock. Without the required permissions, a dead process is detected only by its missing heartbeats.
 *
 * @module
 */
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import process from "node:process";
import { clearImmediate, setImmediate } from "node:timers";
import { setTimeout as sleep } from "node:timers/promises";
import type { GroupEnvironment, MemberProcess } from "../../groups/mod.ts";
import { everyTick } from "../../storage/ticks.ts";

/** Indexes of the state and the start time among the fields after the program's name in `/proc/<pid>/stat`. */
const STATE_FIELD = 0;
const STARTED_FIELD = 19;

let self: MemberProcess | undefined;

/** This machine. */
export const machine: GroupEnvironment = {
  get self(): MemberProcess {
    return self ??= lookAtSelf();
  },

  isGone({ pid, started }, thorough): boolean {
    if (pid === process.pid) return started !== machine.self.started;
    if (hasExited(pid)) return true;
    if (!thorough || started === undefined) return false;
    const status = statusOf(String(pid));
    // A zombie has ended.
    return status !== undefined && (status.started !== started || /[ZX]/.test(status.state));
  },

  elapsedMs: () => performance.now(),

  every(ms, call) {
    return everyTick(ms, call, { keepsRunning: false });
  },

  soon(call) {
    const immediate = setImmediate(call);
    return () => clearImmediate(immediate);
  },

  sleep: (ms) => sleep(ms),
};

/** What identifies this process. */
export function lookAtSelf(): MemberProcess {
  return { host: hostOf(), pid: process.pid, started: statusOf("self")?.started };
}

/** Whether no process of this machine has a pid; false where we may not ask. */
function hasExited(pid: number): boolean {
  // Older versions of Deno (2.1 is one) end the process they are asked about on Windows, whatever the signal.
  if (process.platform === "win32" && "Deno" in globalThis) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as { code?: string }).code === "ESRCH";
  }
}

/**
 * Identifies the scope in which a pid is unique: the machine, its boot, and the pid namespace, since containers
 * have their own. Empty if it cannot be determined.
 */
function hostOf(): string {
  const name = attempt(() => hostname());
  if (name === undefined) return "";
  if (process.platform !== "linux") return name;
  const boot = attempt(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim());
  const space = attempt(() => readlinkSync("/proc/self/ns/pid"));
  return boot === undefined || space === undefined ? "" : `${name}/${boot}/${space.replace(/\D/g, "")}`;
}

function statusOf(pid: string): { state: string; started: string } | undefined {
  const text = attempt(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  // The preceding program name may contain anything, including parentheses and spaces.
  const fields = text?.slice(text.lastIndexOf(")") + 2).split(" ");
  const state = fields?.[STATE_FIELD];
  const started = fields?.[STARTED_FIELD];
  return state === undefined || started === undefined ? undefined : { state, started };
}

function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
